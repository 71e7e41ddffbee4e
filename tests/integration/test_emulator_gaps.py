"""What ministack 1.5.33 does otherwise than AWS, and our code must not be fooled by.

Each test states what AWS does and is expected to fail, strictly: an emulator that learns it makes
the test fail, so that we hear of it. Our side of each gap is proven with stubs in tests/unit.
"""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.core.limits import MAP_INPUT_BYTES, STATEMENT_CHARS
from airflow_ddb_migrate.local.emulated_aws import emulator as emulators
from botocore.exceptions import ClientError
from ministack.core import iam_evaluator
from tests.support.waiting import HANG_SECONDS

ROLE_ARN = "arn:aws:iam::000000000000:role/states"
PASS = {"Type": "Pass", "End": True}
WAIT = {"Type": "Wait", "Seconds": 1, "End": True}


gap = pytest.mark.xfail(
    strict=True,
    reason="a gap of ministack 1.5.33",
    raises=(AssertionError, ClientError, pytest.fail.Exception),
)


@pytest.fixture(scope="module")
def bare_clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    """Clients of an emulator without the shim."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDB_MIGRATE_LOCAL_SHIM", "0")
        running = emulators.start_emulator(tmp_path_factory.mktemp("bare"))
    with running:
        yield running.clients()


def test_the_shim_resolves_the_paths_of_a_map(clients: Clients) -> None:
    """Concurrency and tolerance come from the map's input, as on AWS."""
    run = _map_run(clients, {"segments": [1, 2], "max_concurrency": 2, "tolerated": 50})

    assert (2, 50) == (run["maxConcurrency"], run["toleratedFailurePercentage"])


def test_the_shim_caps_the_concurrency(clients: Clients) -> None:
    """A laptop is not asked for a hundred Lambdas at once."""
    run = _map_run(clients, {"segments": [1, 2], "max_concurrency": 100, "tolerated": 0})

    assert 4 == run["maxConcurrency"]


@gap
def test_a_session_is_compared_by_the_arn_of_its_role() -> None:
    """``aws:PrincipalArn`` is the role's, whoever assumed it: the policy of our bucket names that.

    Only an emulator that authorizes asks for it; ``auth_launcher`` stands in.
    """
    session = iam_evaluator.EvalContext(
        principal_arn="arn:aws:sts::000000000000:assumed-role/worker/session",
        principal_type="AssumedRole",
        principal_account="000000000000",
        action="s3:GetObject",
        resource_arn="*",
        region="us-east-1",
    )

    found = iam_evaluator._resolve_condition_key("aws:PrincipalArn", session)
    assert "arn:aws:iam::000000000000:role/worker" == found


@gap
def test_a_map_takes_its_concurrency_from_the_input(bare_clients: Clients) -> None:
    """MaxConcurrencyPath is ignored, without an error: the shim stands in."""
    run = _map_run(bare_clients, {"segments": [1, 2], "max_concurrency": 2, "tolerated": 0})

    assert 2 == run["maxConcurrency"]


@gap
def test_a_map_takes_its_tolerance_from_the_input(bare_clients: Clients) -> None:
    """ToleratedFailurePercentagePath is ignored, without an error: the shim stands in."""
    run = _map_run(bare_clients, {"segments": [1, 2], "max_concurrency": 2, "tolerated": 50})

    assert 50 == run["toleratedFailurePercentage"]


@gap
def test_stopping_an_execution_stops_its_children(clients: Clients) -> None:
    """Children go on to their end here: workers must obey the ledger."""
    execution_arn = _start_map(
        clients, {"segments": [1], "max_concurrency": 1, "tolerated": 0}, WAIT
    )
    _until(lambda: _children(clients, execution_arn))

    clients.stepfunctions.stop_execution(executionArn=execution_arn)

    assert ["ABORTED"] == _until(lambda: _ended(_children(clients, execution_arn)))


@gap
def test_starting_the_same_execution_again_returns_it(clients: Clients) -> None:
    """Same name and same input while it runs: AWS answers with the execution that runs."""
    machine = _make_machine(clients, {"Wait": WAIT})
    once = {"stateMachineArn": machine, "name": "again", "input": "{}"}

    arns = [clients.stepfunctions.start_execution(**once)["executionArn"] for _ in range(2)]

    assert arns[0] == arns[1]


@gap
def test_an_input_over_the_limit_is_refused(clients: Clients) -> None:
    """The payload builder checks the size itself."""
    machine = _make_machine(clients, {"Pass": PASS})

    with pytest.raises(ClientError):
        clients.stepfunctions.start_execution(
            stateMachineArn=machine, input=json.dumps("x" * MAP_INPUT_BYTES)
        )


@gap
def test_a_broken_definition_is_refused(clients: Clients) -> None:
    """Anything is accepted here: tests/asl asks real linters."""
    with pytest.raises(ClientError):
        _make_machine(clients, {"Pass": {"Type": "Pass", "Next": "Nowhere"}})


@gap
def test_an_execution_that_failed_can_be_redriven(clients: Clients) -> None:
    """RedriveExecution is missing; starting again is a new attempt with us anyway."""
    machine = _make_machine(clients, {"Fail": {"Type": "Fail", "Error": "E", "Cause": "c"}})
    arn = clients.stepfunctions.start_execution(stateMachineArn=machine)["executionArn"]
    _until(lambda: _status(clients, arn) == "FAILED")

    clients.stepfunctions.redrive_execution(executionArn=arn)


@gap
def test_an_invocation_that_is_throttled_says_so(clients: Clients) -> None:
    """Our state machine retries it 30 times by this name; here ``States.ALL`` has to do."""
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": _throttled_function(clients), "Payload": {}},
        "End": True,
    }
    machine = _make_machine(clients, {"Work": state})
    arn = clients.stepfunctions.start_execution(stateMachineArn=machine)["executionArn"]
    _until(lambda: _status(clients, arn) == "FAILED")

    described = clients.stepfunctions.describe_execution(executionArn=arn)
    assert "Lambda.TooManyRequestsException" == described["error"]


@gap
def test_a_table_is_updating_after_an_update(
    clients: Clients, make_table: Callable[..., str]
) -> None:
    """Prewarm's waiting is tested with stubs and moto."""
    table = make_table(
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )

    answer = clients.dynamodb.update_table(
        TableName=table,
        ProvisionedThroughput={"ReadCapacityUnits": 50, "WriteCapacityUnits": 50},
    )

    assert "UPDATING" == answer["TableDescription"]["TableStatus"]


@gap
def test_warm_throughput_reads_back(clients: Clients, make_table: Callable[..., str]) -> None:
    """It is accepted and reads back as 0."""
    table = make_table()
    wanted = {"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 5_000}

    clients.dynamodb.update_table(TableName=table, WarmThroughput=wanted)

    warm = clients.dynamodb.describe_table(TableName=table)["Table"]["WarmThroughput"]
    assert wanted == {name: warm[name] for name in wanted}


@gap
def test_a_batch_with_a_key_twice_is_refused(
    clients: Clients, make_table: Callable[..., str]
) -> None:
    """Our batches have distinct keys; a page of a scan has, too."""
    table = make_table(items=1)
    statement = _set(table, "x", {"N": "1"})

    with pytest.raises(ClientError):
        clients.dynamodb.batch_execute_statement(Statements=[statement, statement])


@gap
def test_a_statement_over_the_limit_is_refused(
    clients: Clients, make_table: Callable[..., str]
) -> None:
    """Ours are measured, and go to the reference writer."""
    table = make_table(items=1)

    with pytest.raises(ClientError):
        clients.dynamodb.batch_execute_statement(
            Statements=[_set(table, "x" * STATEMENT_CHARS, {"N": "1"})]
        )


@gap
def test_an_empty_set_is_refused_in_a_statement(
    clients: Clients, make_table: Callable[..., str]
) -> None:
    """The codec refuses it per item."""
    table = make_table(items=1)

    answer = clients.dynamodb.batch_execute_statement(Statements=[_set(table, "x", {"SS": []})])

    assert "ValidationError" == _code(answer)


@gap
def test_a_key_is_not_changed_by_a_statement(
    clients: Clients, make_table: Callable[..., str]
) -> None:
    """The transform's contract refuses it per item."""
    table = make_table(items=1)

    answer = clients.dynamodb.batch_execute_statement(Statements=[_set(table, "id", {"S": "b"})])

    assert "ValidationError" == _code(answer)


@gap
def test_a_batch_reports_what_its_items_and_indexes_cost(
    clients: Clients, make_table: Callable[..., str]
) -> None:
    """It says 1.0 per statement; a worker charges what it estimates, when that is more."""
    table = _indexed_table(clients)
    item = {"id": {"S": "item-0"}, "of": {"S": "a"}, "pad": {"S": "x" * 3_000}}
    clients.dynamodb.put_item(TableName=table, Item=item)

    answer = clients.dynamodb.batch_execute_statement(
        Statements=[_set(table, "x", {"N": "1"})], ReturnConsumedCapacity="INDEXES"
    )

    assert [6.0] == [row["CapacityUnits"] for row in answer["ConsumedCapacity"]]


def _code(answer: dict[str, Any]) -> str:
    return str(answer["Responses"][0].get("Error", {}).get("Code", ""))


def _set(table: str, name: str, value: dict[str, Any]) -> dict[str, Any]:
    text = f'UPDATE "{table}" SET "{name}"=? WHERE "id"=?'
    return {"Statement": text, "Parameters": [value, {"S": "item-0"}]}


def _indexed_table(clients: Clients) -> str:
    name = f"indexed-{uuid.uuid4().hex[:8]}"
    clients.dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("id", "of")],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-of",
                "KeySchema": [{"AttributeName": "of", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def _throttled_function(clients: Clients) -> str:
    """A function that no invocation gets a turn of."""
    code, name = io.BytesIO(), f"gap-{uuid.uuid4().hex[:8]}"
    with zipfile.ZipFile(code, "w") as file:
        file.writestr("f.py", "def handle(event, context):\n    return event\n")
    clients.lambda_.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="f.handle",
        Role=ROLE_ARN,
        Code={"ZipFile": code.getvalue()},
    )
    clients.lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    return name


def _make_machine(clients: Clients, states: dict[str, Any]) -> str:
    answer = clients.stepfunctions.create_state_machine(
        name=f"gap-{uuid.uuid4().hex[:8]}",
        roleArn=ROLE_ARN,
        definition=json.dumps({"StartAt": next(iter(states)), "States": states}),
    )
    return str(answer["stateMachineArn"])


def _start_map(clients: Clients, payload: dict[str, Any], child: dict[str, Any]) -> str:
    state = {
        "Type": "Map",
        "Label": "Segments",
        "ItemsPath": "$.segments",
        "MaxConcurrencyPath": "$.max_concurrency",
        "ToleratedFailurePercentagePath": "$.tolerated",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Child",
            "States": {"Child": child},
        },
        "End": True,
    }
    answer = clients.stepfunctions.start_execution(
        stateMachineArn=_make_machine(clients, {"Map": state}), input=json.dumps(payload)
    )
    return str(answer["executionArn"])


def _map_run(clients: Clients, payload: dict[str, Any]) -> dict[str, Any]:
    execution_arn = _start_map(clients, payload, PASS)
    _until(lambda: _status(clients, execution_arn) == "SUCCEEDED")
    return clients.stepfunctions.describe_map_run(  # type: ignore[no-any-return]
        mapRunArn=_map_run_arn(clients, execution_arn)
    )


@gap
def test_an_item_with_an_attribute_named_m_is_updated(
    clients: Clients, make_table: Callable[..., str]
) -> None:
    """A name is a name, also one that is a type's."""
    table, key = make_table(), {"id": {"S": "a"}}
    clients.dynamodb.put_item(TableName=table, Item={**key, "M": {"S": "x"}})

    clients.dynamodb.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET x = :x",
        ExpressionAttributeValues={":x": {"S": "y"}},
    )


def _map_run_arn(clients: Clients, execution_arn: str) -> str:
    runs = clients.stepfunctions.list_map_runs(executionArn=execution_arn)["mapRuns"]
    return runs[0]["mapRunArn"] if runs else ""


def _children(clients: Clients, execution_arn: str) -> list[str]:
    map_run_arn = _map_run_arn(clients, execution_arn)
    if not map_run_arn:
        return []
    rows = clients.stepfunctions.list_executions(mapRunArn=map_run_arn)["executions"]
    return [row["status"] for row in rows]


def _ended(statuses: list[str]) -> list[str]:
    return [] if "RUNNING" in statuses else statuses


def _status(clients: Clients, execution_arn: str) -> str:
    answer = clients.stepfunctions.describe_execution(executionArn=execution_arn)
    return str(answer["status"])


def _until(look: Callable[[], Any]) -> Any:
    """Return what ``look`` returns as soon as it is something."""
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.05)
    raise TimeoutError
