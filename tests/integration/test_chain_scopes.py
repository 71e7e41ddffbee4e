"""The whole chain over some lanes, and about another migration: sample, canary, replay, check."""

import pytest
from airflow_ddb_migrate.core.capacity.owed import note_raised
from airflow_ddb_migrate.core.execution.segments import sample_lanes
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import LeaseState
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.mode import Mode
from tests.support.factories import snapshot
from tests.support.worlds.chain_world import begin, finish, found, migrated, request, source, until

_BAD = ["item-00007", "item-00021", "item-00042"]
_ANY = {"max_quarantined": 1_000, "max_quarantined_percentage": 100}


def not_done(world, table: str) -> set[str]:
    return {name for name, item in world.items(table).items() if "done" not in item}


def test_what_was_set_aside_is_replayed(world):
    """With fixed parameters, and an undo that brings back what it did alone."""
    table = world.table(60)
    site, _ = migrated(world, table, segments=4, transform="picky", params={"bad": _BAD}, **_ANY)
    before = world.items(table)
    assert set(_BAD) == not_done(world, table)
    of = {"of": site.migration_id}

    replay, seen = migrated(world, table, "replay", mode=Mode.REPLAY, transform="picky", **of)

    assert Outcome.SUCCEEDED is seen.verdict.outcome
    assert Counts(seen=3, changed=3) == seen.progress.counts
    assert seen.progress.lanes <= 3
    assert (set(), []) == (not_done(world, table), world.objects(replay, "quarantine/"))
    of = {"of": replay.migration_id}
    _, seen = migrated(world, table, "undo", mode=Mode.UNDO, transform="", **of)
    assert (Outcome.SUCCEEDED, 3) == (seen.verdict.outcome, seen.progress.counts.changed)
    assert before == world.items(table)


@pytest.mark.story
def test_a_replay_whose_workers_are_killed_ends_right(world):
    """Every item once, whatever was in work."""
    table, number = world.table(400), 400
    bad = [source(i)["id"]["S"] for i in range(number)]
    site, _ = migrated(world, table, segments=4, transform="picky", params={"bad": bad}, **_ANY)
    assert number == len(not_done(world, table))
    replay = world.site(table, run="replay")
    begin(replay, request(mode=Mode.REPLAY, transform="slow", of=site.migration_id))
    until(replay, lambda seen: seen.progress.running)

    assert world.kill_workers()
    seen = finish(replay)

    assert (Outcome.SUCCEEDED, number) == (seen.verdict.outcome, seen.progress.counts.seen)
    assert set() == not_done(world, table)
    counts = seen.progress.counts
    assert number == counts.changed + counts.already + counts.unchanged
    assert seen.progress.total_laps > 4
    assert seen.progress.worked_seconds > 0


def test_a_sampled_dry_run_looks_at_its_lanes_only(world):
    """And succeeds when these are done."""
    table = world.table(200)
    dry, seen = migrated(
        world, table, segments=8, transform="mark", mode=Mode.DRY_RUN, sample_lanes=2
    )
    assert (Outcome.SUCCEEDED, 2) == (seen.verdict.outcome, seen.progress.lanes)
    rows = {row.lane for row in dry.lanes.all(dry.migration_id)}
    assert set(sample_lanes(8, 2, dry.migration_id)) == rows
    assert 0 < seen.progress.counts.seen < 200
    assert seen.progress.counts.changed == found(dry).attributes["done"]
    assert 200 == len(not_done(world, table))


def test_a_canary_and_then_the_rest(world):
    """The same lanes as its dry run looked at; then exactly what is left, and every item once."""
    table = world.table(200)
    site = world.site(table)
    wanted = {"segments": 8, "transform": "mark"}
    _, looked = migrated(
        world, table, "dry", mode=Mode.DRY_RUN, of=site.migration_id, sample_lanes=2, **wanted
    )
    begin(site, request(sample_lanes=2, **wanted))
    canary = finish(site)
    few = canary.progress.counts
    assert (Outcome.SUCCEEDED, 2, 6) == (
        canary.verdict.outcome,
        canary.progress.lanes,
        canary.left,
    )
    assert looked.progress.counts == few
    assert few.changed == len(world.items(table)) - len(not_done(world, table))

    again = begin(site, request(sample_lanes=2, **wanted))
    rest = begin(site, request(**wanted))
    whole = finish(site)

    assert (1, 2, 6) == (again.attempt, rest.attempt, rest.lanes)
    assert (Outcome.SUCCEEDED, 0) == (whole.verdict.outcome, whole.left)
    assert Counts(seen=200, changed=100, unchanged=100) == whole.progress.counts
    assert 100 == len(not_done(world, table))


def test_a_check_finds_nothing_to_change_while_its_migration_holds_the_table(world):
    """Though the transform writes the start: it is the migration's own that the check sees."""
    table = world.table(60)
    site = world.site(table)
    begin(site, request(segments=4))
    site.leases.change(
        site.table.key, lambda lease: note_raised(lease, site.migration_id, snapshot(), ())
    )
    assert 60 == finish(site).progress.counts.changed
    held = site.leases.get(site.table.key)
    assert held is not None
    assert (LeaseState.HELD, site.migration_id) == (held.state, held.migration_id)

    check, seen = migrated(
        world, table, "check", segments=None, transform="", mode=Mode.VERIFY, of=site.migration_id
    )

    assert (Outcome.SUCCEEDED, 4) == (seen.verdict.outcome, seen.progress.lanes)
    assert Counts(seen=60, unchanged=60) == seen.progress.counts
    assert {} == found(check).examples
    assert held == site.leases.get(site.table.key)
