"""Raise a table's capacity. The change is noted first, so that it can be restored after a crash.

AWS accepts one kind of change at a time, and none while a table is UPDATING. So ``prewarm`` makes
the first change, and the waiting code makes the others by ``ask_again``.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from airflow_ddb_migrate.aws.preflight.table_lease import take_lease
from airflow_ddb_migrate.aws.services.autoscaling import change_scaling, with_scaling
from airflow_ddb_migrate.aws.services.table_updates import update_capacity
from airflow_ddb_migrate.aws.services.tables import Table, require_active
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.changes import (
    CapacityChange,
    Change,
    ScalingChange,
    Step,
    changes_from_json,
    first_step,
    latest,
)
from airflow_ddb_migrate.core.capacity.owed import note_asked, note_raised
from airflow_ddb_migrate.core.capacity.raise_rules import plan_raise, unmet
from airflow_ddb_migrate.core.capacity.refusals import IN_USE, is_momentary, refusal
from airflow_ddb_migrate.core.capacity.snapshot import CapacitySnapshot, CapacityUnits
from airflow_ddb_migrate.core.errors import (
    AwsRequestError,
    CapacityError,
    CredentialsError,
    MigrationError,
    TableNotReadyError,
)
from airflow_ddb_migrate.core.ledger.lease import is_held_by
from airflow_ddb_migrate.core.ledger.records import CapacityState, LeaseRecord


@dataclass(frozen=True, slots=True)
class Prewarm:
    """The changes that were asked for; none if there is nothing to raise."""

    before: CapacitySnapshot
    changes: tuple[Change, ...]


def prewarm(
    site: Site,
    wanted: CapacityUnits,
    *,
    warm: bool,
    switch_to_on_demand: bool = False,
    written: Collection[str] | None = None,
) -> Prewarm:
    """Ask AWS to raise the table, and its indexes' writes, to at least ``wanted``; does not wait.

    Nothing is ever lowered. A second call while capacity is raised keeps the first snapshot.

    :param written: the indexes that the migration writes; None: unknown, so all are raised.
    :raises TableNotReadyError: another change is in progress; try again.
    :raises CapacityError: AWS refused. The ledger has what may have been raised, for restore.
    """
    table = site.fresh_table()
    known = _raised_by_us(site)
    if known and (table.not_active or table.still_warming):
        # An earlier try's raise is in progress: wait for it.
        take_lease(site)
        return Prewarm(
            CapacitySnapshot.from_json(known.snapshot), latest(changes_from_json(known.raised))
        )
    if not known:
        _require_quiet(table, warm=warm)
    seen = with_scaling(site.clients.autoscaling, table.name, table.snapshot)
    changes = plan_raise(
        seen, wanted, warm=warm, switch_to_on_demand=switch_to_on_demand, written=written
    )
    before = CapacitySnapshot.from_json(known.snapshot) if known else seen
    if changes:
        _write_down(site, seen, changes)
        _raise(site, changes)
    return Prewarm(before, changes)


def still_waiting(table: Table, changes: Sequence[Change]) -> tuple[str, ...]:
    """Return what is not ready yet, in words: not ACTIVE, or without the raised values.

    AWS raises warm throughput while the table is ACTIVE; only the throughput's status shows it.
    """
    is_warming = any(change.step is Step.WARM_THROUGHPUT for change in changes)
    return (*table.not_active, *(table.still_warming if is_warming else ())) or tuple(
        f"{_name(table, change)} has {_has(table.snapshot, change)}, wanted {_wants(change)}"
        for change in unmet(table.snapshot, changes)
    )


def ask_again(site: Site, table: Table, changes: Sequence[Change]) -> None:
    """Make the next change that a table does not show yet, while the raise is still ours.

    :raises CapacityError: AWS refused, and not because the table is being changed.
    """
    left = unmet(table.snapshot, changes)
    is_under_way = table.not_active or (
        table.still_warming and left and left[0].step is Step.WARM_THROUGHPUT
    )
    if left and not is_under_way and _raised_by_us(site):
        _note_asked(site, at=site.clock.now())
        _ask(site, left, is_contended=True)


def _require_quiet(table: Table, *, warm: bool) -> None:
    """Raise TableNotReadyError during a change, whose new values are not visible yet."""
    require_active(table)
    if warm and table.still_warming:
        raise TableNotReadyError(
            f"{'; '.join(table.still_warming)}, which this migration did not ask for. Wait until "
            "that has ended and try again, so that it is not raised, and paid for, twice."
        )


def note_shown(site: Site) -> None:
    """Note that the table shows every change: no change can become visible later."""
    _note_asked(site, at=0.0)


def _raised_by_us(site: Site) -> LeaseRecord | None:
    lease = site.leases.get(site.table.key)
    if not is_held_by(lease, site.migration_id):
        return None
    return lease if lease.capacity_state is CapacityState.RAISED else None


def _write_down(site: Site, seen: CapacitySnapshot, changes: tuple[Change, ...]) -> None:
    take_lease(site)
    name, now = site.migration_id, site.clock.now()
    site.leases.change(
        site.table.key,
        lambda current: note_asked(note_raised(current, name, seen, changes), name, at=now),
    )


def _raise(site: Site, changes: tuple[Change, ...]) -> None:
    scaling = [change for change in changes if isinstance(change, ScalingChange)]
    for change in scaling:
        _tell_auto_scaling(site, change)
    # With a raised minimum, auto scaling raises the table itself, now or in a moment.
    now = site.fresh_table() if scaling else None
    left = unmet(now.snapshot, changes) if now else changes
    if left and not (now and now.not_active):
        _ask(site, left, is_contended=bool(scaling))


def _tell_auto_scaling(site: Site, change: ScalingChange) -> None:
    try:
        change_scaling(site.clients.autoscaling, site.table.name, change)
    except CredentialsError:
        raise
    except AwsRequestError as exc:
        if is_momentary(exc.aws_code, str(exc)):
            raise  # retryable, as it is
        raise CapacityError(
            f"Table {site.table.name}: auto scaling refused {change} ({exc.aws_code}). Nothing "
            f"more was raised after that; restore reverts what was. AWS says: {exc}",
            exc.aws_code,
        ) from exc


def _ask(site: Site, left: Sequence[Change], *, is_contended: bool) -> None:
    """Ask for the first kind of change; if AWS only cannot make it now, it is asked for again.

    If a response is lost, boto3 repeats the request, and AWS refuses it as already done.
    """
    step = first_step(left)
    try:
        update_capacity(site.clients.dynamodb, site.table.name, step)
    except CredentialsError:
        raise  # an outage: the next try asks again
    except AwsRequestError as exc:
        if is_momentary(exc.aws_code, str(exc)) or (is_contended and exc.aws_code == IN_USE):
            return
        if not _still_unmet(site, step):
            return
        _note_asked(site, at=0.0)
        # A change in progress ends, so another try can help; it cannot with a quota.
        error = TableNotReadyError if exc.aws_code == IN_USE else CapacityError
        raise error(refusal(site.table.name, step, exc.aws_code, str(exc)), exc.aws_code) from exc


def _note_asked(site: Site, *, at: float) -> None:
    site.leases.change(site.table.key, lambda lease: note_asked(lease, site.migration_id, at=at))


def _still_unmet(site: Site, changes: Sequence[Change]) -> bool:
    try:
        return bool(unmet(site.fresh_table().snapshot, changes))
    except MigrationError:
        return True


def _name(table: Table, change: Change) -> str:
    resource = getattr(change, "resource", "")
    return resource or f"table {table.name}"


def _has(snapshot: CapacitySnapshot, change: Change) -> str:
    if isinstance(change, CapacityChange):
        return str(snapshot.of(change.setting).get(change.resource, CapacityUnits()))
    return f"billing mode {snapshot.billing_mode}"


def _wants(change: Change) -> str:
    return str(change.after)
