"""The self-check that every deployment ends with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.services.stack import Stack
from airflow_ddb_migrate.core.errors import TransformError
from airflow_ddb_migrate.deployment import deploy as deployment
from airflow_ddb_migrate.deployment.deploy import Deployment
from airflow_ddb_migrate.deployment.keeping.kept_data import KeptData
from airflow_ddb_migrate.deployment.packaging.transform_check import TransformCheck
from airflow_ddb_migrate.deployment.settings.settings import StackSettings
from botocore.exceptions import ReadTimeoutError
from tests.support.engines.fakes import FakeLambda
from tests.support.factories import client_error, stack

NOTHING = "Stack ddb-migrate: nothing to change."
UNCHECKED = TransformCheck("Not imported here.")


@dataclass
class Changing:
    """A stack that needs a change, or none."""

    changes: bool

    def apply(self, *_: Any) -> bool:
        return self.changes


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Stack, list[str]]]:
    """Deploy to a stack that is up to date, but for the Lambda; returns it and what was said."""
    monkeypatch.setattr(deployment, "check_transforms", lambda _: TransformCheck())
    monkeypatch.setattr(deployment, "our_stack", lambda *_: None)
    monkeypatch.setattr(deployment, "find_stack", lambda *_: stack())
    monkeypatch.setattr(Deployment, "_stack", lambda _: {})
    monkeypatch.setattr(Deployment, "_upload", lambda *_, **__: None)
    monkeypatch.setattr(Deployment, "_bucket", lambda *_: "bucket")
    monkeypatch.setattr(Deployment, "_kept", lambda *_: KeptData())
    monkeypatch.setattr(Deployment, "_place", None)
    monkeypatch.setattr(deployment, "require_key_of", lambda *_: None)
    monkeypatch.setattr(Deployment, "_settings", lambda *_: StackSettings())
    monkeypatch.setattr(deployment, "require_fitting", lambda *_: None)
    monkeypatch.setattr(Deployment, "_parameters", lambda *_, **__: {"Republished": ""})
    monkeypatch.setattr(deployment, "check_code", lambda *_: "")

    def run(lambda_: Any, *, changes: bool = False) -> tuple[Stack, list[str]]:
        said: list[str] = []
        times = [0.0]
        monkeypatch.setattr(Deployment, "_change", lambda *_: Changing(changes))
        clients = Clients({"lambda": lambda_, "cloudformation": None}.__getitem__)
        asked = Deployment(
            clients=clients,
            stack_name="ddb-migrate",
            tables=["orders"],
            say=said.append,
            clock=lambda: times[0],
            sleep=lambda seconds: times.__setitem__(0, times[0] + seconds),
        )
        return asked.deploy(), said

    return run


def test_a_deployment_says_which_writer_will_be_used(
    deploy: Callable[..., tuple[Stack, list[str]]],
) -> None:
    """Also one that changed nothing: the engine may have changed."""
    lambda_ = FakeLambda({"fast": True, "unproven": [], "differences": []})

    deployed, said = deploy(lambda_)

    assert stack() == deployed
    assert [
        NOTHING,
        "Writer: conditional batches; the self-check found no difference to single requests.",
    ] == said
    assert [{"action": "self-check"}] == lambda_.invoked


def test_an_error_in_the_lambda_fails_no_deployment(
    deploy: Callable[..., tuple[Stack, list[str]]],
) -> None:
    """It is told; the reference writer needs no proof."""
    deployed, said = deploy(FakeLambda({"errorMessage": "x"}, function_error="Unhandled"))

    assert stack() == deployed
    assert "could not run the self-check: {'errorMessage': 'x'}. Migrations use single" in said[-1]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (client_error("AccessDeniedException", "Invoke"), "Access denied: lambda:InvokeFunction"),
        (ReadTimeoutError(endpoint_url="https://lambda"), "lambda:InvokeFunction on arn:aws:lamb"),
    ],
    ids=["denied", "slow"],
)
def test_a_lambda_that_does_not_answer_fails_no_deployment(
    deploy: Callable[..., tuple[Stack, list[str]]], error: Exception, words: str
) -> None:
    """Who deploys need not be allowed to invoke."""

    class Silent:
        def invoke(self, **_: Any) -> None:
            raise error

    deployed, said = deploy(Silent())

    assert stack() == deployed
    assert said[-1].startswith(words)


def test_what_could_not_be_imported_here_is_imported_by_lambda(
    deploy: Callable[..., tuple[Stack, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each transform, once the stack is there."""
    monkeypatch.setattr(deployment, "check_transforms", lambda _: UNCHECKED)
    lambda_ = FakeLambda({"ok": True, "error": "", "hash": "hash-1"})

    _, said = deploy(lambda_)

    assert "Not imported here." == said[0]
    asked = [event["transform"] for event in lambda_.invoked if event["action"] == "describe"]
    assert list(stack().transforms) == asked


def test_what_lambda_cannot_import_fails_the_deployment(
    deploy: Callable[..., tuple[Stack, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Lambda's own words."""
    monkeypatch.setattr(deployment, "check_transforms", lambda _: UNCHECKED)

    with pytest.raises(TransformError, match="Transform 'mine' cannot be imported"):
        deploy(FakeLambda({"ok": False, "error": "Transform 'mine' cannot be imported: x"}))


_DENIED = {"errorMessage": "An error occurred (AccessDeniedException) when calling PutItem"}
_NOT_YET = {"fast": False, "unproven": [], "differences": ["set: AccessDenied: PartiQLUpdate"]}
_FAST = {"fast": True, "unproven": [], "differences": []}
_WAITS = (
    "AWS still denies what the Lambda's role allows; a new role takes some seconds. "
    "Retrying the self-check for up to 60 s."
)


class NewRole(FakeLambda):
    """A Lambda whose role is not seen everywhere yet: it gives one answer after the other."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers: Iterator[dict[str, Any]] = iter(answers)
        super().__init__()

    def invoke(self, **arguments: Any) -> dict[str, Any]:
        self.answer = next(self.answers, self.answer)
        self.function_error = "Unhandled" if "errorMessage" in self.answer else ""
        return super().invoke(**arguments)


def test_a_new_role_is_waited_for(deploy: Callable[..., tuple[Stack, list[str]]]) -> None:
    """Denied as a whole, then by statements; said once, and the last word is the check's."""
    lambda_ = NewRole(_DENIED, _NOT_YET, _NOT_YET, _FAST)

    _, said = deploy(lambda_, changes=True)

    assert [_WAITS, "Writer: conditional batches; the self-check found no difference"] == [
        said[0],
        said[1].partition(" to single")[0],
    ]
    assert 4 == len(lambda_.invoked)


def test_a_role_that_stays_denied_is_told_after_a_minute(
    deploy: Callable[..., tuple[Stack, list[str]]],
) -> None:
    """Every five seconds, and no deployment fails by it."""
    lambda_ = NewRole(_DENIED)

    deployed, said = deploy(lambda_, changes=True)

    assert stack() == deployed
    assert 13 == len(lambda_.invoked)
    assert "could not run the self-check" in said[-1]


def test_a_stack_that_did_not_change_has_no_new_role(
    deploy: Callable[..., tuple[Stack, list[str]]],
) -> None:
    """What is denied there is denied in earnest."""
    lambda_ = NewRole(_DENIED)

    deploy(lambda_)

    assert 1 == len(lambda_.invoked)
