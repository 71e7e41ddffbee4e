"""Checks of the ledger: whether fast writes are proven, and which tables are held."""

from collections.abc import Iterator

from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.scans import all_leases
from airflow_ddb_migrate.aws.preflight.engine_proof import known_proof
from airflow_ddb_migrate.aws.services.executions import Executions
from airflow_ddb_migrate.aws.services.stack import Stack
from airflow_ddb_migrate.core.doctor.check_results import CheckResult, broken, ok, warning
from airflow_ddb_migrate.core.ledger.records import LeaseRecord
from airflow_ddb_migrate.core.text.times import iso
from airflow_ddb_migrate.doctor.patient import Patient


def check_proof(patient: Patient, stack: Stack) -> Iterator[CheckResult]:
    """Check the last self-check: which writer a migration would use."""
    proof = known_proof(Ledger(patient.clients.dynamodb, stack.ledger_table))
    if proof.fast and not proof.unproven:
        yield ok("self-check", proof.in_words())
    else:
        yield warning(
            "self-check",
            proof.in_words(),
            "Migrations are safe and slower. Run: ddb-migrate self-check",
        )


def check_leases(patient: Patient, stack: Stack) -> Iterator[CheckResult]:
    """Check every lease: which tables are held, and whose capacity is not restored."""
    dynamodb = patient.clients.dynamodb
    leases = list(all_leases(dynamodb, stack.ledger_table, consistent=True))
    ledger, executions = (
        Ledger(dynamodb, stack.ledger_table),
        Executions(patient.clients.stepfunctions, patient.clock),
    )
    found = False
    for lease in leases:
        if not lease.is_taken and not lease.owes_capacity:
            continue
        found = True
        attempt = ledger.latest_attempt(lease.migration_id)
        live = executions.live_of(lease, attempt)
        yield _judged(patient, lease, is_live=bool(live))
    if not found:
        yield ok("leases", "No table is held, and all capacity is restored.")


def _judged(patient: Patient, lease: LeaseRecord, *, is_live: bool) -> CheckResult:
    name, holder = lease.table_name, lease.migration_id
    now = patient.clock.now()
    if is_live:
        make = warning if name == patient.table_name else _calm
        return make(
            "leases", f"Migration {holder} of table {name} is running.", "It holds the table."
        )
    if lease.owes_capacity and lease.expires_at <= now:
        return broken(
            "leases",
            f"Table {name} still has the raised capacity of migration {holder}, which has ended: "
            f"it is {lease.capacity_state}, and the lease was valid until {iso(lease.expires_at)}.",
            "Clear the restore task of that DAG run; the safety net tries every 15 minutes.",
        )
    if lease.owes_capacity:
        return warning(
            "leases",
            f"Table {name} has raised capacity for migration {holder}, which is not running now.",
            "Let its DAG run continue, or clear its restore task.",
        )
    if lease.expires_at > now:
        return warning(
            "leases",
            f"Migration {holder} holds table {name} until {iso(lease.expires_at)}.",
            "Another migration of the table has to wait until then.",
        )
    return ok("leases", f"Table {name} was last held by migration {holder}; its lease has expired.")


def _calm(check: str, found: str, advice: str) -> CheckResult:
    return ok(check, f"{found} {advice}")
