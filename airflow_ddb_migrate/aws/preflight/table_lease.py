"""Takes the lease on the table. A refusal says who holds it."""

from airflow_ddb_migrate.aws.ledger.notes import plan_fields
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import (
    InvalidInputError,
    LeaseHeldError,
)
from airflow_ddb_migrate.core.ledger.lease import acquire
from airflow_ddb_migrate.core.ledger.records import LeaseRecord, MigrationRecord


def take_lease(site: Site) -> LeaseRecord:
    """Take the table's lease for this migration. It may be another's that has expired.

    :raises InvalidInputError: the migration belongs to another table.
    :raises LeaseHeldError: another migration holds it.
    """
    record = site.ledger.migration(site.migration_id)
    if record:
        require_its_table(site, record)
    before = site.leases.get(site.table.key)
    live = holder_is_live(site, before)
    taken = site.leases.change(
        site.table.key,
        lambda current: acquired_lease(site, current, is_live=live or _is_other(before, current)),
    )
    assert taken is not None  # acquire returns a lease or raises
    return taken


def require_its_table(site: Site, record: MigrationRecord) -> None:
    """Raise InvalidInputError unless the migration belongs to the site's table.

    A table that was deleted and created again under the same name is another one.
    """
    table = site.table.key
    if (record.table_arn, record.table_id) != (table.arn, table.table_id):
        raise InvalidInputError(
            f"Migration {record.migration_id} belongs to table {record.table_arn} (id "
            f"{record.table_id}), not to {table.arn} (id {table.table_id}). To start a new "
            "migration, leave migration_id out and trigger the DAG again."
        )


def holder_is_live(site: Site, lease: LeaseRecord | None) -> bool:
    """Return whether another migration holds the table, and its execution is running."""
    if lease is None or lease.migration_id == site.migration_id:
        return False
    attempt = site.ledger.latest_attempt(lease.migration_id)
    return bool(site.executions.live_of(lease, attempt))


def acquired_lease(site: Site, lease: LeaseRecord | None, *, is_live: bool) -> LeaseRecord:
    """Take or renew a lease; a refusal says who holds it, and since when."""
    now = site.clock.now()
    try:
        return acquire(
            lease,
            site.table.key,
            migration_id=site.migration_id,
            now=now,
            holder_is_live=is_live,
        )
    except LeaseHeldError as exc:
        assert lease is not None  # no other could hold it
        raise LeaseHeldError(f"{exc}{_who(site, lease.migration_id)}") from exc


def _who(site: Site, migration_id: str) -> str:
    """Return who started a migration, or planned one that has only prewarmed."""
    record = site.ledger.migration(migration_id)
    if record:
        return f" It was started by {record.started_by} at {record.started_at_iso}."
    plan = plan_fields(site.ledger, migration_id)
    if plan.get("planned_by"):
        return f" It was planned by {plan['planned_by']} at {plan['planned_at_iso']}."
    return ""


def _is_other(before: LeaseRecord | None, current: LeaseRecord | None) -> bool:
    """Return whether the holder changed after we checked it: assume that the new one is alive."""
    return (before and before.migration_id) != (current and current.migration_id)
