"""The whole chain in its modes: quarantine, dry run, verify, undo, and a budget."""

import json
import time

import pytest
from airflow_ddb_migrate.core.ledger.records import LaneState
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.mode import Mode
from tests.support.worlds.chain_world import (
    ITEMS,
    ChainWorld,
    begin,
    finish,
    found,
    migrated,
    request,
    source,
    until,
)

_BAD = ["item-00007", "item-00021"]


def test_an_item_that_cannot_be_migrated(world):
    """It is set aside with key and error class, no value is told; all others are migrated."""
    table = world.table(60)
    before = world.items(table)
    site, seen = migrated(
        world, table, segments=2, transform="picky", params={"bad": _BAD}, max_quarantined=2
    )
    items = world.items(table)
    rows = world.objects(site, "quarantine/")
    assert (Outcome.SUCCEEDED, 60, 58, 2) == (
        seen.verdict.outcome,
        seen.progress.counts.seen,
        seen.progress.counts.changed,
        seen.progress.counts.quarantined,
    )
    assert _BAD == sorted(row["key"]["id"]["S"] for row in rows)
    assert {"ValueError"} == {row["error_class"] for row in rows}
    assert "hunter2" not in json.dumps(rows) + seen.verdict.reason
    assert {name: before[name] for name in _BAD} == {name: items[name] for name in _BAD}
    assert set(_BAD) == {name for name, item in items.items() if "done" not in item}


def test_too_many_that_cannot_be_migrated(world):
    """The migration fails with a cause that names error classes, and neither a key nor a value."""
    table = world.table(60)
    site, seen = migrated(
        world, table, segments=2, transform="picky", params={"bad": _BAD}, max_quarantined=1
    )
    assert Outcome.FAILED is seen.verdict.outcome
    assert "TooManyQuarantined" in seen.verdict.reason
    assert "ValueError" in seen.verdict.reason
    assert not any(name in seen.verdict.reason for name in _BAD)
    assert "hunter2" not in seen.verdict.reason
    assert seen.progress.counts.quarantined == len(world.objects(site, "quarantine/"))
    assert 60 == len(world.items(table))


def test_a_new_attempt_works_only_on_what_is_unfinished(world):
    """The run is stopped at the first page with too many; a new attempt does what is left."""
    table = world.table(60, pad_bytes=100_000)
    bad = _first_of_a_segment(world, table)
    wanted = request(segments=2, transform="picky", params={"bad": [bad]}, max_quarantined=0)
    site = world.site(table)
    begin(site, wanted)
    first = finish(site)
    done = {r.lane for r in site.lanes.all(site.migration_id) if r.state is LaneState.DONE}
    again = begin(site, wanted)
    finish(site)
    rows = {row.lane: row.attempt for row in site.lanes.all(site.migration_id)}
    assert Outcome.FAILED is first.verdict.outcome
    assert "TooManyQuarantined: 1 items could not be migrated" in first.verdict.reason
    assert "ValueError: The transform raised ValueError" in first.verdict.reason
    assert "(1 of this page)" in first.verdict.reason
    assert first.progress.counts.seen < 60
    assert 0 in first.progress.unfinished
    assert (2, len(first.progress.unfinished)) == (again.attempt, again.lanes)
    assert {lane: 1 if lane in done else 2 for lane in range(2)} == rows
    assert {bad} == {name for name, item in world.items(table).items() if "done" not in item}


def _first_of_a_segment(world: ChainWorld, table: str) -> str:
    answer = world.clients.dynamodb.scan(TableName=table, Segment=0, TotalSegments=2, Limit=1)
    return answer["Items"][0]["id"]["S"]


@pytest.mark.parametrize("show_values", [False, True])
def test_a_dry_run_changes_nothing(world, show_values):
    """It finds what would be written and keeps samples; values only where they are asked for."""
    table = world.table(60)
    before = world.items(table)
    site, seen = migrated(
        world, table, transform="mark", mode=Mode.DRY_RUN, show_values=show_values
    )
    samples, findings = world.objects(site, "diff/"), found(site)
    shown = [site.bucket.values.get(path) for path in site.bucket.values.paths("diff/")]
    assert (Outcome.SUCCEEDED, 30, 30) == (
        seen.verdict.outcome,
        seen.progress.counts.changed,
        seen.progress.counts.unchanged,
    )
    assert before == world.items(table)
    assert {"done": 30, "tags": 30, "secret": 30} == findings.attributes
    assert (30, {}) == (findings.units, findings.errors)
    assert 30 == len(samples)
    assert (False, show_values) == (
        "hunter2" in json.dumps(samples),
        "hunter2" in json.dumps(shown),
    )
    assert [] == world.objects(site, "undo/")


def test_verify_after_a_migration_finds_nothing(world):
    """Before it, it counts what is to do and names what fails the transform's own check."""
    table = world.table(60)
    site, _ = migrated(world, table, "before", transform="mark", mode=Mode.VERIFY)
    assert {"check": 30} == found(site).errors
    migrated(world, table, "migrate", transform="mark")
    after, seen = migrated(world, table, "after", transform="mark", mode=Mode.VERIFY)
    assert (Outcome.SUCCEEDED, 0, 60, {}) == (
        seen.verdict.outcome,
        seen.progress.counts.changed,
        seen.progress.counts.unchanged,
        found(after).errors,
    )


@pytest.mark.parametrize("transform", [pytest.param("mark", marks=pytest.mark.story), "prune"])
def test_an_undo_brings_the_original_table(world, transform):
    """Through the same state machine, after workers were killed in either run; deletes, too."""
    table = world.table(ITEMS)
    before = {source(number)["id"]["S"]: source(number) for number in range(ITEMS)}
    site = world.site(table)
    begin(site, request(segments=4, transform=transform))
    until(site, lambda seen: seen.progress.running or seen.progress.done)
    world.kill_workers()
    migrated_seen = finish(site)
    changed = world.items(table)
    undo = world.site(table, run="undo")
    begin(undo, request(transform="", mode=Mode.UNDO, of=site.migration_id))
    until(undo, lambda seen: seen.progress.running or seen.progress.done)
    world.kill_workers()
    seen = finish(undo)
    assert (Outcome.SUCCEEDED, ITEMS) == (
        migrated_seen.verdict.outcome,
        migrated_seen.progress.counts.seen,
    )
    assert before != changed
    assert Outcome.SUCCEEDED is seen.verdict.outcome
    assert (0, before) == (seen.progress.counts.skipped, world.items(table))


def test_an_undo_keeps_what_was_written_since(world):
    """Of that item nothing is reverted, and its key is listed."""
    table = world.table(20)
    site, _ = migrated(world, table, transform="mark")
    live = {**source(7), "done": {"S": "by live traffic"}}
    world.clients.dynamodb.put_item(TableName=table, Item=live)
    undo, seen = migrated(world, table, "undo", transform="", mode=Mode.UNDO, of=site.migration_id)
    wanted = {source(number)["id"]["S"]: source(number) for number in range(20)}
    assert {**wanted, "item-00007": live} == world.items(table)
    assert (9, 1) == (seen.progress.counts.changed, seen.progress.counts.skipped)
    assert ["item-00007"] == [row["key"]["id"]["S"] for row in world.objects(undo, "kept/")]


def test_a_budget_is_kept(world):
    """However many workers there are, they write no more a second together."""
    table, budget = world.table(200), 25
    site = world.site(table)
    begun_at = time.monotonic()
    begin(site, request(segments=4, transform="mark", write_units_per_second=budget))
    seen = finish(site)
    seconds = time.monotonic() - begun_at
    assert (Outcome.SUCCEEDED, 100) == (seen.verdict.outcome, seen.progress.counts.changed)
    assert seconds > 100 / budget - 1, seconds
