"""Capacity between two windows of a migration: restored, and raised again for the next one."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields

from airflow_ddb_migrate.aws.capacity.prewarm import note_shown, prewarm
from airflow_ddb_migrate.aws.capacity.restore import RestoreWait, restore
from airflow_ddb_migrate.aws.capacity.wait import CapacityWait
from airflow_ddb_migrate.aws.ledger.notes import note_capacity
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits
from airflow_ddb_migrate.core.ledger.notes import PREWARM

_RESTORE_SECONDS = 60.0  # per call; the waiting task calls again
_FOREVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCapacity:
    """The arguments of prewarm; see PrewarmTableOperator."""

    read_units: int
    write_units: int
    warm: bool
    switch_to_on_demand: bool
    written: tuple[str, ...] | None


def note_wanted(  # a person can give each
    site: Site,
    wanted: CapacityUnits,
    *,
    warm: bool,
    switch_to_on_demand: bool,
    written: Collection[str] | None,
) -> None:
    """Note what is raised, so that it can be raised again in another window."""
    known = WantedCapacity(
        read_units=wanted.read,
        write_units=wanted.write,
        warm=warm,
        switch_to_on_demand=switch_to_on_demand,
        written=None if written is None else tuple(written),
    )
    site.ledger.note(site.migration_id, PREWARM, json.dumps(asdict(known)))


def note_none_wanted(site: Site) -> None:
    """Note that prewarm is off now, if it was on in an earlier run of this migration."""
    if site.ledger.read_note(site.migration_id, PREWARM):
        site.ledger.note(site.migration_id, PREWARM, "null")


def wanted_capacity(site: Site) -> WantedCapacity | None:
    """Return the arguments of prewarm; None if it is off."""
    kept = json.loads(site.ledger.read_note(site.migration_id, PREWARM) or "null")
    if kept is None:
        return None
    written, names = kept["written"], {field.name for field in fields(WantedCapacity)}
    known = {name: value for name, value in kept.items() if name in names}
    return WantedCapacity(**{**known, "written": None if written is None else tuple(written)})


def owes(site: Site) -> bool:
    """Return whether this migration has raised capacity that is not restored yet."""
    lease = site.leases.get(site.table.key)
    return lease is not None and lease.migration_id == site.migration_id and lease.owes_capacity


def raise_again(site: Site) -> tuple[str, ...]:
    """Raise the capacity as prewarm did; return what is not raised yet, in words.

    Also renews the lease. Call it again until nothing is missing.

    :raises CapacityError: AWS refused.
    """
    wanted = wanted_capacity(site)
    if wanted is None:
        return ()
    asked = prewarm(
        site,
        CapacityUnits(wanted.read_units, wanted.write_units),
        warm=wanted.warm,
        switch_to_on_demand=wanted.switch_to_on_demand,
        written=wanted.written,
    )
    wait = CapacityWait(changes=asked.changes, deadline=_FOREVER, poke_interval=0)
    missing = wait.look(site)
    if not missing:
        note_shown(site)
        note_capacity(site.ledger, site.migration_id, "during", site.fresh_table().snapshot)
    return missing


def give_back(site: Site, *, keeps_table: bool) -> None:
    """Restore what is raised, for at most a minute; the waiting task calls again for the rest.

    :param keeps_table: keep the lease, since the migration continues later.
    :raises RestoreError: it is not restored yet, or is being restored by another task.
    """
    if owes(site):
        wait = RestoreWait(seconds=_RESTORE_SECONDS, refused_seconds=0)
        by = f"{site.migration_id}, outside its hours"
        restore(site, by=by, wait=wait, keeps_table=keeps_table)
