"""Checks whether the caller has the permissions of Airflow's part, as IAM simulates them.

IAM uses the policies that it can see. A resource's own policy, such as a VPC endpoint's, is not
among them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.aws.services.stack import ALL_TABLES, Stack
from airflow_ddb_migrate.core.doctor.check_results import (
    CheckResult,
    broken,
    ok,
    unknown,
    warning,
)
from airflow_ddb_migrate.doctor.caller import caller_arn
from airflow_ddb_migrate.doctor.patient import Patient
from airflow_ddb_migrate.permissions.airflow import AIRFLOW
from airflow_ddb_migrate.permissions.rows import ALL_FEATURES, Row
from airflow_ddb_migrate.permissions.scope import Scope

_CHECK: Final = "permissions"
_ALLOWED: Final = "allowed"


@dataclass(frozen=True, slots=True)
class Denial:
    """An action that the simulation denies. ``features`` need it; empty: everything does.

    ``missing`` are the condition keys on which the answer depends.
    """

    action: str
    features: tuple[str, ...]
    missing: tuple[str, ...]


def check_permissions(patient: Patient, stack: Stack) -> Iterator[CheckResult]:
    """Check the caller's permissions: those that every migration needs, and those of features.

    :raises AccessDeniedError: the caller may not simulate; nothing else is known then.
    """
    arn = caller_arn(patient)
    principal = _principal(patient.clients.iam, arn)
    if principal is None:
        yield _not_simulated(arn)
        return
    where = _scope(patient, stack, arn)
    rows = [row for row in AIRFLOW if row.where(where)]  # a row can have no resources here
    denials = [
        each for row in rows for each in _denials(patient.clients.iam, principal, row, where)
    ]
    yield from _judged(principal, denials, where)


def _not_simulated(arn: str) -> CheckResult:
    if arn.endswith(":root"):
        return warning(
            _CHECK,
            "These are the account's root credentials, which are allowed everything.",
            "Use a role: ddb-migrate policy prints what it needs.",
        )
    return unknown(_CHECK, f"IAM simulates users and roles; {arn} is neither.")


def _principal(iam: Any, arn: str) -> str | None:
    """Return the user or role whose policies to simulate; a session's ARN lacks the role's path.

    If the caller may not look the role up, return the ARN of a role without a path.
    """
    _, partition, _, _, account, resource = arn.split(":", 5)
    kind, _, name = resource.partition("/")
    if kind == "user":
        return arn
    if kind != "assumed-role":
        return None
    role = name.partition("/")[0]
    with aws_call("iam:GetRole", f"role {role}"):
        try:
            return str(iam.get_role(RoleName=role)["Role"]["Arn"])
        except ClientError as exc:
            if error_code(exc) not in {"AccessDenied", "AccessDeniedException"}:
                raise
    return f"arn:{partition}:iam::{account}:role/{role}"


def _scope(patient: Patient, stack: Stack, arn: str) -> Scope:
    _, partition, _, _, account, _ = arn.split(":", 5)
    named = () if ALL_TABLES in stack.tables else stack.tables
    return Scope(
        partition=partition,
        region=patient.access.region,
        account=account,
        stack=stack.name,
        tables=(patient.table_name,) if patient.table_name else named,
        bucket=stack.bucket,
    )


def _denials(iam: Any, principal: str, row: Row, where: Scope) -> Iterator[Denial]:
    """Yield the actions of a row that are denied on at least one of its resources."""
    resources = row.where(where)
    refused: dict[str, set[str]] = {}
    with aws_call("iam:SimulatePrincipalPolicy", principal):
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=principal,
            ActionNames=row.needed(ALL_FEATURES),
            ResourceArns=list(resources),
            ContextEntries=list(_context(row.condition)),
        )
        for answer in (each for page in pages for each in page["EvaluationResults"]):
            if answer["EvalDecision"] != _ALLOWED:
                missing = refused.setdefault(answer["EvalActionName"], set())
                missing.update(answer.get("MissingContextValues") or ())
    for action, missing in refused.items():
        by = tuple(sorted(str(feature) for feature in row.actions[action]))
        yield Denial(action, by, tuple(sorted(missing)))


def _context(condition: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the context of the request that makes a policy's condition true."""
    for operator in condition.values():
        for key, value in operator.items():
            values = [value] if isinstance(value, str) else list(value)
            yield {
                "ContextKeyName": key,
                "ContextKeyValues": values[:1],
                "ContextKeyType": "string",
            }


def _judged(principal: str, denials: Sequence[Denial], where: Scope) -> Iterator[CheckResult]:
    table = f" --table {where.tables[0]}" if where.tables else ""
    advice = f"ddb-migrate policy --for airflow{table} prints the policy that allows it."
    certain = [denial for denial in denials if not denial.missing]
    always = [denial for denial in certain if not denial.features]
    sometimes = [denial for denial in certain if denial.features]
    if always:
        yield broken(
            _CHECK, f"{principal} may not do what every migration needs: {_names(always)}.", advice
        )
    for feature in sorted({feature for denial in sometimes for feature in denial.features}):
        needs = [denial for denial in sometimes if feature in denial.features]
        yield warning(_CHECK, f"{feature}: {principal} may not {_names(needs)}.", advice)
    for denial in denials:
        if denial.missing:
            keys = ", ".join(denial.missing)
            yield unknown(_CHECK, f"{denial.action} depends on {keys}, which IAM cannot simulate.")
    if not denials:
        of_tables = "" if where.tables else " Give --table to check permissions on a table, too."
        yield ok(_CHECK, f"{principal} has the permissions of Airflow's connection.{of_tables}")


def _names(denials: Iterable[Denial]) -> str:
    return ", ".join(dict.fromkeys(denial.action for denial in denials))
