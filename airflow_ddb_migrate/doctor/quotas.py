"""Checks of quotas: concurrent Lambdas, map runs, units of tables."""

from collections.abc import Iterator
from typing import Any, Final

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.aws.plan.lookups import table_quota
from airflow_ddb_migrate.aws.services.stack import Stack
from airflow_ddb_migrate.core.doctor.check_results import CheckResult, ok, unknown
from airflow_ddb_migrate.core.doctor.judging import judge_concurrency
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.limits import OPEN_EXECUTIONS, OPEN_MAP_RUNS
from airflow_ddb_migrate.doctor.patient import Patient

_QUOTAS: Final = ("open execution", "open map run")


def check_lambda_quota(patient: Patient, stack: Stack | None) -> Iterator[CheckResult]:
    """Check the account's concurrency, and how much of it the stack's Lambda has."""
    client = patient.clients.lambda_
    with aws_call("lambda:GetAccountSettings", "*"):
        limits = client.get_account_settings()["AccountLimit"]
    yield judge_concurrency(
        account=int(limits["ConcurrentExecutions"]),
        unreserved=int(limits["UnreservedConcurrentExecutions"]),
        reserved=_reserved(client, stack.function_name) if stack else None,
    )


def check_map_quota(patient: Patient) -> Iterator[CheckResult]:
    """Report how many executions and map runs can be open."""
    defaults = f"{OPEN_MAP_RUNS:,} map runs and {OPEN_EXECUTIONS:,} executions can be open"
    try:
        with aws_call("servicequotas:ListServiceQuotas", "*"):
            pages = patient.clients.service_quotas.get_paginator("list_service_quotas").paginate(
                ServiceCode="states"
            )
            rows = [row for page in pages for row in page["Quotas"]]
    except MigrationError as exc:
        yield unknown("quota-map-runs", f"By default, {defaults} in a region. {exc}")
        return
    found = [
        f"{row['QuotaName']}: {row['Value']:,.0f}"
        for row in rows
        if any(text in row["QuotaName"].lower() for text in _QUOTAS)
    ]
    if found:
        yield ok("quota-map-runs", f"{'; '.join(found)}.")
    else:
        yield unknown("quota-map-runs", f"Service Quotas does not have it; by default, {defaults}.")


def check_units_quota(patient: Patient) -> Iterator[CheckResult]:
    """Report how many units a table can have; the table's check compares them."""
    quota = table_quota(patient.clients.dynamodb)
    yield ok("quota-dynamodb", f"A table, and the account, can have {quota} units per second.")


def _reserved(client: Any, function: str) -> int | None:
    with aws_call("lambda:GetFunctionConcurrency", function):
        try:
            answer = client.get_function_concurrency(FunctionName=function)
        except ClientError as exc:
            if error_code(exc) in {"AccessDenied", "AccessDeniedException"}:
                return None  # optional: the account's figures are the most important
            raise
    found = answer.get("ReservedConcurrentExecutions")
    return None if found is None else int(found)
