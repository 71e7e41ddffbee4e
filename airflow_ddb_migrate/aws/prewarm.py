"""Raise a table's capacity: written down first, so that it can be brought back whatever happens."""

from dataclasses import dataclass

from airflow_ddb_migrate.aws import preflight
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.aws.tables import Table, update_capacity
from airflow_ddb_migrate.core.capacity import (
    CapacityChange,
    CapacitySnapshot,
    CapacityUnits,
    changes_from_json,
    plan_raise,
)
from airflow_ddb_migrate.core.errors import AwsRequestError, CapacityError
from airflow_ddb_migrate.core.lease import raise_capacity


@dataclass(frozen=True, slots=True)
class Prewarm:
    """What was asked for. No changes: nothing to raise."""

    before: CapacitySnapshot
    changes: tuple[CapacityChange, ...]


def prewarm(site: Site, wanted: CapacityUnits, *, warm: bool, now: float) -> Prewarm:
    """Ask AWS to raise the table and every index to at least ``wanted``; does not wait.

    Nothing is ever lowered. A second call while capacity is raised keeps the first snapshot.

    :raises CapacityError: AWS refused; what may have been raised is in the ledger for restore.
    """
    table = site.fresh_table()
    changes = plan_raise(table.snapshot, wanted, warm=warm)
    if not changes:
        return Prewarm(table.snapshot, ())
    lease = preflight.take_lease(site, now)
    if table.not_active and lease.owes_capacity:  # an earlier try's raise is under way: wait for it
        return Prewarm(CapacitySnapshot.from_json(lease.snapshot), changes_from_json(lease.raised))
    site.leases.change(
        site.table.key,
        lambda current: raise_capacity(current, site.migration_id, table.snapshot, changes),
    )
    _ask(site, changes)
    return Prewarm(table.snapshot, changes)


def still_waiting(table: Table, changes: tuple[CapacityChange, ...]) -> tuple[str, ...]:
    """Return what is not ready yet, in words: not ACTIVE, or not at the raised figures."""
    low = (
        f"{change.resource or f'table {table.name}'} has {has}, wanted {change.after}"
        for change in changes
        if (has := table.snapshot.of(change.setting).get(change.resource, CapacityUnits()))
        != has.at_least(change.after)
    )
    return table.not_active or tuple(low)


def _ask(site: Site, changes: tuple[CapacityChange, ...]) -> None:
    try:
        update_capacity(site.clients.dynamodb, site.table.name, changes)
    except AwsRequestError as exc:
        raise CapacityError(
            f"Table {site.table.name}: AWS refused to raise capacity ({exc.aws_code}). Wanted: "
            f"{'; '.join(map(str, changes))}. {_advice(exc)} AWS says: {exc}",
            exc.aws_code,
        ) from exc


def _advice(exc: AwsRequestError) -> str:
    if exc.aws_code == "ResourceInUseException":
        return "The table is being changed: wait until it is ACTIVE and try again."
    if exc.aws_code == "LimitExceededException":
        return "Request a higher quota of table units, or lower prewarm_rcu and prewarm_wcu."
    return "Lower prewarm_rcu and prewarm_wcu, or leave prewarm off."
