"""The order of the checks: caller, endpoints, stack, then all others at once."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from airflow_ddb_migrate.aws.services.stack import Stack
from airflow_ddb_migrate.core.doctor.check_results import CheckResult, broken, is_healthy, unknown
from airflow_ddb_migrate.core.doctor.judging import judge_clock
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.doctor import caller, drift, ledger, permissions, quotas, stack, table
from airflow_ddb_migrate.doctor.endpoints import Reach
from airflow_ddb_migrate.doctor.patient import SERVICES, Patient
from airflow_ddb_migrate.doctor.running import Check, Run, run_checks

CALLER_SECONDS: Final = 12.0  # to assume a role, and to ask STS
ENDPOINT_SECONDS: Final = 12.0
STACK_SECONDS: Final = 15.0
REST_SECONDS: Final = 30.0

_NO_KEYS: Final = (
    "The source of boto3's credentials has not answered: a credential_process, a role to assume, "
    "or this machine's metadata. Try: aws sts get-caller-identity"
)


def examine(patient: Patient, run: Run = run_checks) -> list[CheckResult]:
    """Make every check and return the results in a fixed order; AWS's errors are not raised.

    Checks that cannot be made because an earlier one failed are one unknown result. All checks take
    at most 69 seconds, even if nothing answers.
    """
    found = list(caller.check_region(patient.access))
    if not is_healthy(found):
        return [*found, _skipped("a region")]
    asked = caller.CredentialsCheck(patient)
    found += run({"credentials": asked.check}, seconds=CALLER_SECONDS)
    if not asked.has_keys:  # making a client would look for credentials again, for as long
        late = [broken("credentials", _NO_KEYS)] if is_healthy(found) else []
        return [*found, *late, _skipped("credentials")]
    if not is_healthy(found):
        return [*found, *_clock_alone(patient, run), _skipped("credentials that AWS accepts")]
    reach = Reach()
    found += run(reach.checks(_ready(patient)), seconds=ENDPOINT_SECONDS)
    found.append(judge_clock(reach.ahead_seconds))
    patient = _ready(patient.without(reach.silent))
    lookup = stack.StackLookup(patient)
    found += run({"stack": lookup.check}, seconds=STACK_SECONDS)
    return found + run(dict(_rest(patient, lookup)), seconds=REST_SECONDS)


def _clock_alone(patient: Patient, run: Run) -> Iterator[CheckResult]:
    """Check only the clock: it may be why credentials are refused, and a refusal has a Date."""
    reach = Reach()
    run({"sts": reach.checks(patient)["endpoint-sts"]}, seconds=ENDPOINT_SECONDS)
    if reach.ahead_seconds:
        yield judge_clock(reach.ahead_seconds)


def _rest(patient: Patient, lookup: stack.StackLookup) -> Iterator[tuple[str, Check]]:
    deployed = lookup.found
    if deployed:
        yield from _of_stack(patient, deployed)
        assert lookup.description is not None  # the clock was checked by this
        yield "permissions", partial(permissions.check_permissions, patient, deployed)
        yield "drift", partial(drift.check_drift, patient, lookup.description)
    yield "quota-lambda", partial(quotas.check_lambda_quota, patient, deployed)
    yield "quota-map-runs", partial(quotas.check_map_quota, patient)
    yield "quota-dynamodb", partial(quotas.check_units_quota, patient)
    if patient.table_name:
        yield "table", partial(table.check_table, patient, deployed)


def _of_stack(patient: Patient, deployed: Stack) -> Iterator[tuple[str, Check]]:
    yield "code", partial(stack.check_stack_code, patient, deployed)
    yield "bindings", partial(stack.check_bindings, patient, deployed)
    yield "ledger", partial(stack.check_ledger_table, patient, deployed)
    yield "bucket", partial(stack.check_bucket, patient, deployed)
    yield "safety-net", partial(stack.check_safety_net, patient, deployed)
    yield "self-check", partial(ledger.check_proof, patient, deployed)
    yield "leases", partial(ledger.check_leases, patient, deployed)


def _ready(patient: Patient) -> Patient:
    """Make every client here, since a session must not make two at a time."""
    for clients in (patient.probing, patient.clients):
        for service in SERVICES:
            try:
                clients.of(service)
            except MigrationError:
                continue  # the check that needs it reports the error
    return patient


def _skipped(what: str) -> CheckResult:
    return unknown("the-rest", f"Nothing else can be checked without {what}.")
