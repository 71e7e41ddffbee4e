"""What was made is removed, whatever happens; what is somebody's stays."""

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.prove.answers import Engine
from airflow_ddb_migrate.core.prove.questions import QUESTIONS
from airflow_ddb_migrate.core.prove.scratch_names import TAG, scratch_names
from airflow_ddb_migrate.prove.compute import Compute, function_zip
from airflow_ddb_migrate.prove.run import Proving
from airflow_ddb_migrate.prove.scratch import Scratch
from moto import mock_aws
from tests.support.factories import NOW, REGION, client_error

PREFIX = "jane-x"


@pytest.fixture
def clients() -> Iterator[Clients]:
    """An empty account of moto's, whose Lambda and Step Functions keep things and run nothing."""
    with mock_aws(config={"lambda": {"use_docker": False}}):
        made: dict[str, Any] = {}
        yield Clients(lambda name: made.setdefault(name, boto3.client(name, region_name=REGION)))


class Steady:
    """A clock that goes on only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = NOW

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def proving(clients: Clients) -> Proving:
    steady = Steady()
    clock = Clock(now=lambda: steady.now, sleep=steady.sleep)
    scratch = Scratch(clients, clients, scratch_names(PREFIX), clock)
    return Proving(scratch=scratch, engine=Engine("moto", is_aws=False), say=lambda _: None)


def there(clients: Clients) -> set[str]:
    """Everything of the account that the questions may make, by kind and name."""
    found = {
        "table": clients.dynamodb.list_tables()["TableNames"],
        "role": [row["RoleName"] for row in clients.iam.list_roles()["Roles"]],
        "function": [row["FunctionName"] for row in clients.lambda_.list_functions()["Functions"]],
        "machine": [
            row["name"] for row in clients.stepfunctions.list_state_machines()["stateMachines"]
        ],
        "bucket": [row["Name"] for row in clients.s3.list_buckets()["Buckets"]],
    }
    return {f"{kind} {name}" for kind, names in found.items() for name in names}


def make_everything(proving: Proving) -> Compute:
    proving.scratch.make_tables()
    compute = Compute(proving.scratch)
    assert compute.function
    assert compute.state_machine_arn
    assert compute.bucket
    compute.allow({"Action": "s3:GetObject", "Resource": "*"})
    proving.scratch.clients.s3.put_object(Bucket=compute.bucket, Key="a", Body=b"")
    return compute


def asked(proving: Proving, monkeypatch: pytest.MonkeyPatch, **asks: Callable[[], Any]) -> None:
    """Let every question be answered at once, but for those that are given."""
    known = {question.name: dict for question in QUESTIONS}
    monkeypatch.setattr(Proving, "_asks", lambda self: {**known, **asks})


def test_every_question_is_asked_and_everything_is_removed(
    proving: Proving, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of the list; a question that fails is one without an answer."""

    def fail() -> Any:
        raise client_error("AccessDeniedException", message="no")

    def lack() -> Any:
        return {}["Item"]

    asked(proving, monkeypatch, scan=fail, **{"role-delay": lack})

    sheet, left = proving.run()

    assert [question.name for question in QUESTIONS] == [each.name for each in sheet.answers]
    why = {each.name: each.why_not for each in sheet.answers if each.why_not}
    assert {"scan", "role-delay"} == why.keys()
    assert "AccessDeniedException" in why["scan"]
    assert ((), set()) == (left, there(clients))


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, RuntimeError])
def test_whatever_ends_it_everything_is_removed(
    proving: Proving,
    clients: Clients,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
) -> None:
    """Ctrl-C in the middle, with everything made."""

    def end() -> Any:
        compute = Compute(proving.scratch)
        assert compute.function
        assert compute.bucket
        raise error

    asked(proving, monkeypatch, scan=end)

    with pytest.raises(error):
        proving.run()
    assert set() == there(clients)


def test_what_a_killed_run_left_is_removed_by_the_next(
    proving: Proving, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It knows its own by the tag alone: another process made it."""
    make_everything(proving)
    assert 7 == len(there(clients))
    fresh = Proving(
        scratch=Scratch(clients, clients, proving.scratch.names, proving.scratch.clock),
        engine=proving.engine,
        say=lambda _: None,
    )
    asked(fresh, monkeypatch)

    _, left = fresh.run()

    assert ((), set()) == (left, there(clients))


@pytest.mark.parametrize("tags", [[], [{"Key": TAG, "Value": "another"}]], ids=str)
def test_a_table_of_somebody_stays_and_nothing_is_made(
    proving: Proving, clients: Clients, tags: list[dict[str, str]]
) -> None:
    """A name is not an identity."""
    name = proving.scratch.names.scan_table
    clients.dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=tags,
    )

    with pytest.raises(InvalidInputError, match=f"Table {name} exists without the tag"):
        proving.run()
    assert () == proving.remove()
    assert {f"table {name}"} == there(clients)


def test_a_bucket_and_a_role_of_somebody_stay_too(proving: Proving, clients: Clients) -> None:
    bucket = proving.scratch.bucket
    clients.s3.create_bucket(Bucket=bucket)

    with pytest.raises(InvalidInputError, match=f"Bucket {bucket} exists without"):
        proving.run()
    assert {f"bucket {bucket}"} == there(clients)


def test_a_tag_that_is_not_seen_yet_does_not_save_what_this_run_made(
    proving: Proving, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tags are eventually consistent; an interrupt may come seconds after a table was made."""
    proving.scratch.make_tables()
    monkeypatch.setattr(clients.dynamodb, "list_tags_of_resource", lambda **_: {"Tags": []})

    assert () == proving.remove()
    assert set() == there(clients)


def test_what_cannot_be_removed_is_told_and_the_rest_is(
    proving: Proving, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_everything(proving)

    def refuse(**_: Any) -> None:
        raise client_error("AccessDenied", "DeleteRole", message="you may not")

    monkeypatch.setattr(clients.iam, "delete_role", refuse)

    (left,) = proving.remove()

    assert left.startswith(f"Role {PREFIX}-prove: ")
    assert {f"role {PREFIX}-prove"} == there(clients)


def test_a_role_that_cannot_be_assumed_yet_is_waited_for(
    proving: Proving, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And how long that took is an answer."""
    create, refusals = clients.lambda_.create_function, [1, 2, 3]

    def slow(**arguments: Any) -> Any:
        if refusals:
            refusals.pop()
            raise client_error(
                "InvalidParameterValueException",
                message="The role defined for the function cannot be assumed by Lambda.",
            )
        return create(**arguments)

    monkeypatch.setattr(clients.lambda_, "create_function", slow)
    compute = Compute(proving.scratch)

    assert compute.function
    assert 1.5 == compute.waits["function"]


def test_a_missing_permission_is_not_waited_for(
    proving: Proving, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> Any:
        raise client_error("AccessDeniedException", message="not authorized to perform it")

    monkeypatch.setattr(clients.lambda_, "create_function", refuse)
    compute = Compute(proving.scratch)

    with pytest.raises(Exception, match="Access denied: lambda:CreateFunction"):
        assert compute.function
    assert 0.0 == compute.waits["function"]


def test_the_function_s_zip_can_be_read_by_lambda_and_is_the_same_each_time() -> None:
    """A file without rights for everybody cannot be imported there."""
    archive = zipfile.ZipFile(io.BytesIO(function_zip("a")))

    (info,) = archive.infolist()
    assert (0o644, "scratch_function.py") == (info.external_attr >> 16, info.filename)
    assert function_zip("a") == function_zip("a") != function_zip("b")
