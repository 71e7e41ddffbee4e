"""Notes in a table's history how a migration ended."""

from airflow_ddb_migrate.aws.ledger.keys import history_key
from airflow_ddb_migrate.aws.plan.measured_cost import spent
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.execution.progress import Progress, summarize
from airflow_ddb_migrate.core.ledger.records import MigrationRecord
from airflow_ddb_migrate.core.ledger.results import STOPPED, Outcome


def note_end(site: Site, record: MigrationRecord, progress: Progress, *, result: str) -> None:
    """Note how the latest attempt ended. The first note stays, unless a success comes later.

    Counts and cost are updated each time, since workers may end after their execution.
    """
    now = site.clock.now()
    dollars = sum(spent(site, progress).values())
    site.ledger.update(
        history_key(record),
        {"counts": progress.counts.to_dict(), "dollars": dollars},
        condition="attribute_exists(pk)",
    )
    site.ledger.update(
        history_key(record),
        {"result": result, "ended_at": now},
        condition="#ended_at = :never OR (#result = :stopped AND :result = :succeeded)",
        extra={":never": 0, ":stopped": STOPPED, ":succeeded": Outcome.SUCCEEDED},
    )


def note_stop(site: Site) -> None:
    """Note that the site's migration was stopped, and what it had done by then."""
    now = site.clock.now()
    record = site.ledger.required_migration(site.migration_id)
    progress = summarize(
        site.lanes.all(site.migration_id, record.lanes), record.lanes_in_scope, now
    )
    note_end(site, record, progress, result=STOPPED)
