"""The deployed stack, as its CloudFormation outputs describe it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.core.errors import StackNotFoundError
from airflow_ddb_migrate.core.limits import UNDO_LOG_DAYS
from airflow_ddb_migrate.core.metrics.catalog import Detail

ALL_TABLES = "*"

_OUTPUTS = {
    "state_machine_arn": "StateMachineArn",
    "ledger_table": "LedgerTable",
    "bucket": "Bucket",
    "function_arn": "FunctionArn",
    "function_name": "FunctionName",
    "log_group": "LogGroup",
    "code_hash": "CodeHash",
    "version": "PackageVersion",
}
# Older stacks lack these outputs and can still be used.
_LATER = {
    "code_sha256": "CodeSha256",
    "table_kms_keys": "TableKmsKeys",
    "undo_retention_days": "UndoRetentionDays",
    "metrics": "Metrics",
}
_LISTS = {"tables": "Tables", "transforms": "Transforms"}
OUTPUTS = frozenset({*_OUTPUTS.values(), *_LISTS.values()})  # every usable stack has these


@dataclass(frozen=True, slots=True)
class Stack:
    """The deployed stack. ``function_arn`` is the ARN of the version that executions use.

    ``tables`` are the names of the tables that the Lambda may migrate, or just ``*``.
    ``code_sha256`` is the SHA-256 of the deployed zip in base64; empty if the stack does not have
    it. ``table_kms_keys`` are the ARNs of the KMS keys that the roles may use for migrated tables,
    comma separated.
    """

    name: str
    region: str
    state_machine_arn: str
    ledger_table: str
    bucket: str
    function_arn: str
    function_name: str
    log_group: str
    tables: tuple[str, ...]
    transforms: tuple[str, ...]
    code_hash: str
    version: str
    code_sha256: str = ""
    table_kms_keys: str = ""
    undo_retention_days: str = ""
    metrics: str = ""

    @property
    def undo_log_days(self) -> int:
        """Return for how many days the bucket keeps what migrations write there."""
        return int(self.undo_retention_days or UNDO_LOG_DAYS)

    @property
    def metric_sets(self) -> int:
        """Return the number of dimension sets of the workers' metrics; 0 for older stacks."""
        return len(Detail(self.metrics or Detail.OFF).sets)

    def allows(self, table_name: str) -> bool:
        """Return whether the stack's Lambda has the permission to change this table."""
        return ALL_TABLES in self.tables or table_name in self.tables

    def may_use(self, key_arn: str) -> bool:
        """Return whether the roles may use this KMS key; True without a key."""
        return not key_arn or key_arn in self.table_kms_keys.split(",")


def stack_of_ledger(ledger_table: str) -> Stack:
    """Return a stack of which only the ledger is known, for code that runs inside the stack."""
    unknown = {**dict.fromkeys(("name", "region", *_OUTPUTS), ""), **dict.fromkeys(_LISTS, ())}
    return Stack(**{**unknown, "ledger_table": ledger_table})  # type: ignore[arg-type]


def find_stack(cloudformation: Any, stack_name: str) -> Stack:
    """Look the stack up in the client's region.

    :raises StackNotFoundError: the stack is not deployed there, or not completely.
    """
    region = cloudformation.meta.region_name
    description = describe_stack(cloudformation, stack_name)
    if description is None:
        raise StackNotFoundError(
            f"Stack {stack_name!r} is not deployed in {region}. Check stack name and region, or "
            f"run: ddb-migrate deploy --stack-name {stack_name} --region {region} --table TABLE"
        )
    outputs = stack_outputs(description)
    missing = sorted(OUTPUTS - outputs.keys())
    if missing or description["StackStatus"].startswith("DELETE"):
        raise StackNotFoundError(
            f"Stack {stack_name!r} in {region} is not usable: its status is "
            f"{description['StackStatus']} and it lacks {', '.join(missing) or 'nothing yet'}. "
            f"Wait for a running deploy, or run: ddb-migrate deploy --stack-name {stack_name}"
        )
    return _from_outputs(stack_name, region, outputs)


def describe_stack(cloudformation: Any, stack_name: str) -> dict[str, Any] | None:
    """Return CloudFormation's description; None if there is no such stack."""
    with aws_call("cloudformation:DescribeStacks", f"stack {stack_name}"):
        try:
            stacks = cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
        except ClientError as exc:
            if is_missing_stack(exc):
                return None
            raise
    alive = (stack for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE")
    return next(alive, None)


def is_missing_stack(exc: ClientError) -> bool:
    """Return whether the stack does not exist, for which CloudFormation has no code of its own."""
    return error_code(exc) == "ValidationError" and "does not exist" in str(exc)


def stack_outputs(description: Mapping[str, Any]) -> dict[str, str]:
    return {o["OutputKey"]: o["OutputValue"] for o in description.get("Outputs") or ()}


def stack_parameters(description: Mapping[str, Any]) -> dict[str, str]:
    """Return the stack's parameters, including defaults."""
    rows = description.get("Parameters") or ()
    return {row["ParameterKey"]: row.get("ParameterValue", "") for row in rows}


def _from_outputs(stack_name: str, region: str, outputs: dict[str, str]) -> Stack:
    texts = {field: outputs[name] for field, name in _OUTPUTS.items()}
    lists = {
        field: tuple(part for part in outputs[name].split(",") if part)
        for field, name in _LISTS.items()
    }
    texts |= {field: outputs.get(name, "") for field, name in _LATER.items()}
    return Stack(name=stack_name, region=region, **texts, **lists)  # type: ignore[arg-type]
