"""Checks of the stack, and of each part of it that a migration needs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError
from packaging.version import InvalidVersion, Version

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.aws.services.function import asked_bindings, check_code
from airflow_ddb_migrate.aws.services.stack import Stack, describe_stack, find_stack
from airflow_ddb_migrate.aws.services.stack_identity import our_stack
from airflow_ddb_migrate.aws.services.tables import describe_table
from airflow_ddb_migrate.core.bindings import in_words
from airflow_ddb_migrate.core.doctor.check_results import (
    CheckResult,
    broken,
    ok,
    unknown,
    warning,
)
from airflow_ddb_migrate.core.errors import (
    AccessDeniedError,
    CodeMismatchError,
    DeployError,
    MigrationError,
    StackNotFoundError,
    TableNotFoundError,
)
from airflow_ddb_migrate.core.version import __version__
from airflow_ddb_migrate.deployment.stack_status import USABLE, meaning_and_advice
from airflow_ddb_migrate.doctor.patient import Patient

_TAKEN_BACK: Final = {"UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}


@dataclass(slots=True)
class StackLookup:
    """Looks the stack up once; ``found`` stays None if the stack cannot be used."""

    patient: Patient
    found: Stack | None = None
    description: Mapping[str, Any] | None = None

    def check(self) -> Iterator[CheckResult]:
        """Check the stack: whether it exists and is ours, its status and its version."""
        cloudformation, name = self.patient.clients.cloudformation, self.patient.stack_name
        self.description = describe_stack(cloudformation, name)
        try:
            stack = find_stack(cloudformation, name)
        except StackNotFoundError as exc:
            yield broken("stack", f"{exc}")
            return
        yield from self._identity()
        yield self._status()
        yield _version(stack.version)
        self.found = stack

    def _identity(self) -> Iterator[CheckResult]:
        name = self.patient.stack_name
        try:
            our_stack(self.patient.clients.cloudformation, name)
        except DeployError as exc:
            yield broken("stack", f"{exc}")
        except AccessDeniedError as exc:
            yield unknown(
                "stack", f"{name} exists; whether ddb-migrate created it is unknown. {exc}"
            )
        else:
            yield ok("stack", f"{name} exists, and ddb-migrate created it.")

    def _status(self) -> CheckResult:
        assert self.description is not None
        return _judged_status(self.patient.stack_name, str(self.description["StackStatus"]))


def _judged_status(name: str, status: str) -> CheckResult:
    if status in _TAKEN_BACK:
        return warning(
            "stack-status",
            f"{status}: the last change failed, and the state before it is in use.",
            "Read its events in CloudFormation, and run ddb-migrate deploy again.",
        )
    if status in USABLE:
        return ok("stack-status", f"{status}.")
    meaning, advice = meaning_and_advice(name, status)
    make = warning if status.endswith("_IN_PROGRESS") else broken
    return make("stack-status", f"{status}: {meaning}.", advice)


def _version(deployed: str) -> CheckResult:
    try:
        there, here = Version(deployed).release, Version(__version__).release
    except InvalidVersion:
        return unknown("stack-version", f"The stack says {deployed!r}; this is {__version__}.")
    found = f"The stack was deployed by {deployed}; this is {__version__}"
    if there < here:
        return broken(
            "stack-version",
            f"{found}: plans and migrations are refused.",
            "Run: ddb-migrate deploy",
        )
    if there > here:
        return warning(
            "stack-version",
            f"{found}.",
            "It works. Install the newer package on every Airflow component.",
        )
    return ok("stack-version", f"{found}.")


def check_stack_code(patient: Patient, stack: Stack) -> Iterator[CheckResult]:
    """Compare the Lambdas' code with what was deployed."""
    restore = f"{stack.name}-restore"
    for name, function in (("transform", stack.function_arn), ("restore", restore)):
        try:
            why = check_code(patient.clients.lambda_, function, stack.code_sha256)
        except CodeMismatchError as exc:
            yield broken(f"code-{name}", f"{exc}")
        except MigrationError as exc:
            make = broken if exc.aws_code == "ResourceNotFoundException" else unknown
            yield make(f"code-{name}", str(exc))
        else:
            if why:
                yield unknown(f"code-{name}", why.removeprefix("unknown: "))
            else:
                yield ok(f"code-{name}", "It is the code that was deployed.")


def check_bindings(patient: Patient, stack: Stack) -> Iterator[CheckResult]:
    """Report which transforms may work on the table, or on all tables, by the Lambda's bindings."""
    bindings = asked_bindings(patient.clients.lambda_, stack.function_arn)
    if bindings is None:
        yield warning(
            "bindings",
            "This stack was deployed before tables were bound to transforms: each transform may "
            "work on every table.",
            "Run: ddb-migrate deploy",
        )
        return
    table = patient.table_name
    lines = [f"{table}: {in_words(bindings.of(table))}"] if table else bindings.lines()
    yield ok("bindings", f"{'; '.join(lines)}.")


def check_ledger_table(patient: Patient, stack: Stack) -> Iterator[CheckResult]:
    """Check the ledger's table: whether it exists and is ACTIVE."""
    try:
        table = describe_table(patient.clients.dynamodb, stack.ledger_table)
    except TableNotFoundError as exc:
        yield broken(
            "ledger",
            f"{exc}",
            "The stack has lost its ledger. Run: ddb-migrate destroy, then deploy.",
        )
        return
    if table.not_active:
        yield broken("ledger", f"{'; '.join(table.not_active)}.", "Wait until it is ACTIVE.")
    else:
        yield ok("ledger", f"Table {table.name} is ACTIVE.")


def check_bucket(patient: Patient, stack: Stack) -> Iterator[CheckResult]:
    """Check whether the bucket exists. It has the undo logs, so nothing is written without it."""
    with aws_call("s3:ListBucket", f"bucket {stack.bucket}"):
        try:
            patient.clients.s3.head_bucket(Bucket=stack.bucket)
        except ClientError as exc:
            if error_code(exc) not in {"404", "NoSuchBucket"}:
                raise
            yield broken(
                "bucket",
                f"Bucket {stack.bucket} is gone: no worker can write its undo log.",
                "Run: ddb-migrate destroy, then deploy.",
            )
            return
    yield ok("bucket", f"{stack.bucket} exists.")


def check_safety_net(patient: Patient, stack: Stack) -> Iterator[CheckResult]:
    """Check the rule that restores capacity if Airflow cannot."""
    rule = f"{stack.name}-restore"
    with aws_call("events:DescribeRule", f"rule {rule}"):
        try:
            answer = patient.clients.events.describe_rule(Name=rule)
        except ClientError as exc:
            if error_code(exc) != "ResourceNotFoundException":
                raise
            answer = {}
    if not answer:
        yield broken("safety-net", f"Rule {rule} is gone.", "Run: ddb-migrate deploy")
    elif answer.get("State") == "DISABLED":
        yield warning(
            "safety-net",
            f"Rule {rule} is disabled: if Airflow cannot restore raised capacity, it stays raised.",
            "Enable it in EventBridge.",
        )
    else:
        yield ok("safety-net", f"Rule {rule} is enabled: {answer.get('ScheduleExpression')}.")
