"""What holds of every migration, whatever its items are: for any world of any writer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.mode import Mode
from ddb_transform import worker as workers
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context
from tests.support.edits import Row, Table
from tests.support.kills import Killer, run
from tests.support.worlds.migration_world import MigrationWorld

MakeWorld = Callable[..., MigrationWorld]
Typed = Mapping[str, Any]

PAGE_ITEMS = 3
LIVE = {"by live traffic": {"S": "new"}}
LIVE_WRITES = ("NONE", "OURS", "OTHER", "DELETE")


@dataclass(frozen=True, slots=True)
class Migrated:
    """A migration that ran to its end."""

    world: MigrationWorld
    table: Table
    before: Mapping[str, Typed]
    killer: Killer


def migrate(
    make: MakeWorld, rows: Sequence[Row], kill_at: Iterable[int] = (), save_seconds: float = 0
) -> Migrated:
    """Migrate a table of these rows, in pages of three items."""
    table = Table(rows)
    world = make(transform=table.transform)
    world.put(*table.items())
    before = world.items()
    killer = run_in_small_pages(world, kill_at, save_seconds)
    return Migrated(world, table, before, killer)


def run_in_small_pages(
    world: MigrationWorld, kill_at: Iterable[int] = (), save_seconds: float = 0
) -> Killer:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "SCAN_PAGE_ITEMS", PAGE_ITEMS)
        patch.setattr(workers, "save_seconds", lambda _: save_seconds)
        return run(world, kill_at)


def check_identity(
    make: MakeWorld, rows: Sequence[Row], transform: Callable[[Item, Context], object]
) -> None:
    """A transform that leaves every value as it is writes nothing."""
    table = Table(rows)
    world = make(transform=transform)
    world.put(*table.items())
    before = world.items()
    run_in_small_pages(world)
    assert (before, 0) == (world.items(), world.table_writes)
    assert counts(world) == Counts(seen=len(rows), unchanged=len(rows))


def check_edits(make: MakeWorld, rows: Sequence[Row]) -> None:
    """Exactly what was edited changes, with one write an item; a second run writes nothing."""
    done = migrate(make, rows)
    world, after = done.world, done.world.items()
    assert [] == done.table.problems(done.before, after)
    assert done.table.writes(done.before) == world.table_writes

    world.dynamodb.calls.clear()
    world.follow_with(Mode.MIGRATE)
    run_in_small_pages(world)
    assert (after, 0) == (world.items(), world.table_writes)


def check_kills(
    make: MakeWorld, rows: Sequence[Row], kill_at: Iterable[int], save_seconds: float
) -> Killer:
    """Killed or not, a migration ends with the same table, every item counted once."""
    done = migrate(make, rows, kill_at, save_seconds)
    assert [] == done.table.problems(done.before, done.world.items())
    seen = counts(done.world)
    others = sum(number for name, number in seen.to_dict().items() if name != "seen")
    assert (len(rows), len(rows)) == (seen.seen, others), seen
    return done.killer


def check_undo(
    make: MakeWorld,
    rows: Sequence[Row],
    kill_at: Iterable[int] = (),
    kill_undo_at: Iterable[int] = (),
) -> Killer:
    """However often migration and undo are killed, an undo brings the original table."""
    done = migrate(make, rows, kill_at, save_seconds=3)
    done.world.follow_with(Mode.UNDO)
    killer = run_in_small_pages(done.world, kill_undo_at)
    assert done.before == done.world.items()
    return killer


def check_undo_keeps_live_writes(
    make: MakeWorld, rows: Sequence[Row], live: Sequence[str], kill_at: Iterable[int] = ()
) -> None:
    """What live traffic wrote since is kept; all else is as it was."""
    done = migrate(make, rows, kill_at)
    wanted: dict[str, Typed | None] = dict(done.before)
    for key, what in zip(done.before, live, strict=False):
        wanted[key] = _write_live(done, key, what)
    done.world.follow_with(Mode.UNDO)
    run_in_small_pages(done.world)
    assert {key: item for key, item in wanted.items() if item} == done.world.items()


def _write_live(done: Migrated, key: str, what: str) -> Typed | None:
    """Write as live traffic does; return what the item must be after the undo (None: gone)."""
    old, now = done.before[key], done.world.items().get(key)
    written = done.table.written(done.before, key)
    if now is None:
        return _put(done.world, {"id": {"S": key}, **LIVE}) if what == "OTHER" else old
    if what == "DELETE":
        done.world.service.delete_item(TableName=done.world.table_name, Key={"id": {"S": key}})
        return None
    if what == "OTHER":
        _put(done.world, {**now, **LIVE})
        return {**old, **LIVE}
    if what == "OURS" and written:
        return _put(done.world, {**now, min(written): {"S": "by live traffic"}})
    return old


def _put(world: MigrationWorld, item: Typed) -> Typed:
    """Put an item and return it as the service tells it: in its own notation of numbers."""
    world.put(item)
    return world.items()[item["id"]["S"]]


def counts(world: MigrationWorld) -> Counts:
    rows = [world.row_or_none(lane) for lane in range(world.lanes)]
    return sum((row.counts for row in rows if row), Counts())
