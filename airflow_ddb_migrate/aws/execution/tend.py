"""Keeps a running migration's lease, and ends a migration that is over."""

from airflow_ddb_migrate.aws.execution.ending import note_end
from airflow_ddb_migrate.aws.execution.observe import Observation, observe
from airflow_ddb_migrate.aws.execution.starting.next_window import go_on
from airflow_ddb_migrate.aws.execution.steering.stop import command_stop
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.ledger.events import What
from airflow_ddb_migrate.core.ledger.lease import release, renew
from airflow_ddb_migrate.core.ledger.results import Outcome


def tend(site: Site) -> Observation:
    """Observe the migration; renew its lease, stop leftover workers, and end it when it is over.

    If the execution has ended unfinished, workers that Step Functions no longer knows are told to
    stop. At the end, the attempt's result is noted, and the table is freed unless capacity has to
    be restored.
    """
    now = site.clock.now()
    seen = observe(site)
    if seen.verdict.outcome is Outcome.RUNNING:
        site.leases.change(site.table.key, lambda lease: renew(lease, site.migration_id, now))
        return seen
    if seen.verdict.outcome is Outcome.WAITING:
        return go_on(site, seen)
    # A hold or window that ends an attempt stops its workers, and has a better reason than a STOP.
    if not (seen.progress.is_finished or seen.orders.ends_attempt or seen.orders.closed):
        command_stop(site, seen.attempt, f"execution {seen.execution.status}")
    if seen.verdict.outcome is not Outcome.DRAINING:
        _end(site, seen)
    return seen


def _end(site: Site, seen: Observation) -> None:
    is_first = site.ledger.attempt_ended(
        site.migration_id,
        seen.attempt.number,
        result=seen.verdict.outcome,
        now=seen.ended_at(site.clock.now()),
    )
    if is_first:
        words = f"Attempt {seen.attempt.number} ended: {seen.result}. {seen.verdict.reason}"
        site.note_event(What.ENDED, "Airflow", words)
    note_end(site, seen.record, seen.progress, result=seen.result)
    site.leases.change(site.table.key, lambda lease: release(lease, site.migration_id))
