"""What the doctor makes of IAM's simulation."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.core.doctor.check_results import CheckResult
from airflow_ddb_migrate.core.errors import AccessDeniedError
from airflow_ddb_migrate.doctor.patient import Patient
from airflow_ddb_migrate.doctor.permissions import check_permissions
from tests.support.engines.fakes import paginator_of
from tests.support.factories import client_error, stack
from tests.unit.doctor.test_caller import ARN, access

ROLE = "arn:aws:iam::123456789012:role/team/deployer"
USER = "arn:aws:iam::123456789012:user/ann"


@dataclass
class FakeIam:
    """Refuses the actions of ``denied``; two results a page."""

    denied: set[str] = field(default_factory=set)
    missing: dict[str, list[str]] = field(default_factory=dict)
    error: Exception | None = None
    role_error: Exception | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_role(self, **_: Any) -> Any:
        if self.role_error:
            raise self.role_error
        return {"Role": {"Arn": ROLE}}

    def get_paginator(self, operation: str) -> Any:
        return paginator_of(self, "iam", operation)

    def simulate_principal_policy(self, **arguments: Any) -> dict[str, Any]:
        if self.error:
            raise self.error
        self.asked.append(arguments)
        rows = [
            {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": "implicitDeny" if action in self.denied else "allowed",
                "MissingContextValues": self.missing.get(action, []),
            }
            for action in arguments["ActionNames"]
            for resource in arguments["ResourceArns"]
        ]
        at = int(arguments.get("Marker", 0))
        more = {"IsTruncated": True, "Marker": str(at + 2)} if at + 2 < len(rows) else {}
        return {"EvaluationResults": rows[at : at + 2], "IsTruncated": False, **more}


def judged(
    iam: FakeIam, arn: str = ARN, *, table: str = "orders", tables: tuple[str, ...] = ("*",)
) -> list[CheckResult]:
    sts = SimpleNamespace(get_caller_identity=lambda: {"Arn": arn})
    clients = Clients({"sts": sts, "iam": iam}.__getitem__)
    patient = Patient(
        access=access(),
        probing=clients,
        clients=clients,
        stack_name="ddb-migrate",
        table_name=table,
    )
    return list(check_permissions(patient, stack(tables=tables)))


def test_who_may_do_everything_is_well() -> None:
    """The role is asked by its own ARN: a session's has no path."""
    iam = FakeIam()

    (result,) = judged(iam)

    assert ("ok", f"{ROLE} has the permissions of Airflow's connection.") == (
        result.level,
        result.found,
    )
    assert {ROLE} == {asked["PolicySourceArn"] for asked in iam.asked}


def test_what_every_migration_needs_is_a_failure() -> None:
    """In one line, with the command that prints the policy."""
    (result,) = judged(FakeIam(denied={"states:StartExecution", "lambda:InvokeFunction"}))

    assert "failed" == result.level
    assert result.found.endswith("needs: states:StartExecution, lambda:InvokeFunction.")
    assert "ddb-migrate policy --for airflow --table orders" in result.advice


def test_what_a_feature_needs_is_a_warning_for_it() -> None:
    """Who does not use it can live without."""
    results = judged(FakeIam(denied={"states:UpdateMapRun", "dynamodb:CreateBackup"}))

    assert [
        ("warning", f"backup: {ROLE} may not dynamodb:CreateBackup."),
        ("warning", f"steering: {ROLE} may not states:UpdateMapRun."),
    ] == [(result.level, result.found) for result in results]


def test_conditions_are_simulated_as_the_request_has_them() -> None:
    """RegisterScalableTarget is allowed for DynamoDB's namespace alone."""
    iam = FakeIam()
    judged(iam)

    contexts = [
        entry
        for asked in iam.asked
        if "application-autoscaling:RegisterScalableTarget" in asked["ActionNames"]
        for entry in asked["ContextEntries"]
    ]
    assert {
        "ContextKeyName": "application-autoscaling:service-namespace",
        "ContextKeyValues": ["dynamodb"],
        "ContextKeyType": "string",
    } in contexts


def test_what_depends_on_the_network_is_unknown() -> None:
    """A policy may ask for a VPC, which a simulation does not have."""
    action = "states:StartExecution"

    results = judged(FakeIam(denied={action}, missing={action: ["aws:SourceVpc"]}))

    assert [("unknown", f"{action} depends on aws:SourceVpc, which IAM cannot simulate.")] == [
        (result.level, result.found) for result in results
    ]


def test_without_the_permission_to_simulate_nothing_is_said() -> None:
    """It is raised, and the caller of all checks makes it unknown."""
    with pytest.raises(AccessDeniedError, match="iam:SimulatePrincipalPolicy"):
        judged(FakeIam(error=client_error("AccessDenied")))


def test_a_role_that_may_not_be_looked_up_is_asked_without_a_path() -> None:
    iam = FakeIam(role_error=client_error("AccessDenied"))
    judged(iam)

    assert "arn:aws:iam::123456789012:role/deployer" == iam.asked[0]["PolicySourceArn"]


@pytest.mark.parametrize(
    ("arn", "level"),
    [
        ("arn:aws:iam::123456789012:root", "warning"),
        ("arn:aws:sts::123456789012:federated-user/ann", "unknown"),
        (USER, "ok"),
    ],
)
def test_who_is_no_role(arn: str, level: str) -> None:
    assert [level] == [result.level for result in judged(FakeIam(), arn)]


@pytest.mark.parametrize(
    ("given", "tables", "expected"),
    [
        ("orders", ("*",), {"orders"}),
        ("", ("orders", "customers"), {"orders", "customers"}),
        ("", ("*",), set()),
    ],
)
def test_permissions_are_asked_on_tables_that_are_known(
    given: str, tables: tuple[str, ...], expected: set[str]
) -> None:
    """Who may migrate one table may not touch all of them, and does not need to."""
    iam = FakeIam()
    (result,) = judged(iam, table=given, tables=tables)

    arns = {arn for asked in iam.asked for arn in asked["ResourceArns"]}
    names = {arn.split("table/")[1].split("/")[0] for arn in arns if ":table/" in arn}
    assert expected == names - {"ddb-migrate-ledger"}
    assert ("--table" in result.found) == (not expected)
