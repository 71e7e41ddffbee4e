"""What the doctor says of a stack's status and version, and of parts that are gone."""

from types import SimpleNamespace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.core.doctor.check_results import CheckResult
from airflow_ddb_migrate.core.version import __version__
from airflow_ddb_migrate.doctor.patient import Patient
from airflow_ddb_migrate.doctor.stack import StackLookup, check_bindings
from tests.support.engines.fakes import FakeLambda
from tests.support.factories import REGION, stack
from tests.unit.doctor.test_caller import access

OUTPUTS = (
    *("Bucket", "CodeHash", "FunctionArn", "FunctionName", "LedgerTable", "LogGroup"),
    *("PackageVersion", "StateMachineArn", "Tables", "Transforms"),
)


def looked(status: str = "CREATE_COMPLETE", **outputs: str) -> dict[str, CheckResult]:
    """Look at a stack that has all outputs."""
    values = {**dict.fromkeys(OUTPUTS, "x"), "PackageVersion": __version__, **outputs}
    description = {
        "StackName": "ddb-migrate",
        "StackStatus": status,
        "Tags": [{"Key": "airflow-ddb-migrate", "Value": "ddb-migrate"}],
        "Outputs": [{"OutputKey": n, "OutputValue": v} for n, v in values.items()],
    }
    cloudformation: Any = SimpleNamespace(
        meta=SimpleNamespace(region_name=REGION),
        describe_stacks=lambda **_: {"Stacks": [description]},
        get_template=lambda **_: {"TemplateBody": {"Metadata": {"AirflowDdbMigrate": {}}}},
    )
    clients = Clients({"cloudformation": cloudformation}.__getitem__)
    patient = Patient(access=access(), probing=clients, clients=clients, stack_name="ddb-migrate")
    return {result.check: result for result in StackLookup(patient).check()}


@pytest.mark.parametrize(
    ("status", "level", "words"),
    [
        ("CREATE_COMPLETE", "ok", "CREATE_COMPLETE."),
        ("UPDATE_ROLLBACK_COMPLETE", "warning", "the state before it is in use"),
        ("UPDATE_IN_PROGRESS", "warning", "it is being updated"),
        ("UPDATE_ROLLBACK_FAILED", "failed", "could not be rolled back completely"),
        ("SOME_NEW_STATUS", "failed", "does not know that status"),
    ],
)
def test_a_status_says_what_it_means(status: str, level: str, words: str) -> None:
    result = looked(status)["stack-status"]

    assert (level, True) == (result.level, words in result.found)
    assert ("" == result.advice) == (level == "ok")


@pytest.mark.parametrize(
    ("version", "level"),
    [(__version__, "ok"), ("0.0.1", "failed"), ("99.0", "warning"), ("?", "unknown")],
)
def test_a_version_is_compared_with_this_package(version: str, level: str) -> None:
    """An older stack is refused by the plan; a newer one works."""
    assert level == looked(PackageVersion=version)["stack-version"].level


def test_a_stack_that_is_being_deleted_cannot_be_used() -> None:
    results = looked("DELETE_IN_PROGRESS")

    assert {"stack": "failed"} == {check: result.level for check, result in results.items()}


@pytest.mark.parametrize(
    ("answer", "table", "level", "words"),
    [
        ({"ok": True, "bindings": '{"orders": ["a"]}'}, "", "ok", "orders: a."),
        ({"ok": True, "bindings": '{"orders": ["a"], "b-1": ["*"]}'}, "orders", "ok", "orders: a."),
        ({"ok": True, "bindings": '{"orders": ["a"]}'}, "payroll", "ok", "payroll: nothing."),
        ({"errorMessage": "KeyError"}, "", "warning", "was deployed before tables were bound"),
    ],
)
def test_what_is_bound_is_shown(answer: dict[str, Any], table: str, level: str, words: str) -> None:
    """As the Lambda has it, of the table that is asked about, or of all."""
    lambda_: Any = FakeLambda(answer=answer)
    clients = Clients({"lambda": lambda_}.__getitem__)
    patient = Patient(
        access=access(), probing=clients, clients=clients, stack_name="s", table_name=table
    )

    (result,) = check_bindings(patient, stack())

    assert (level, True) == (result.level, words in result.found)
