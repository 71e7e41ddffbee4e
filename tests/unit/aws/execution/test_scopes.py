"""Migrations of some lanes only, and those that are about another one: sample, canary, replay."""

from typing import Any

import pytest
from airflow_ddb_migrate.aws.execution.observe import observe
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.services.bucket import QUARANTINE
from airflow_ddb_migrate.core.capacity.owed import note_raised
from airflow_ddb_migrate.core.errors import InvalidInputError, LeaseHeldError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.execution.segments import sample_lanes
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import LaneState, MigrationRecord
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.limits import LEASE_SECONDS
from airflow_ddb_migrate.core.mode import Mode
from tests.support.factories import MIGRATION, NOW, STARTED_AT, at, snapshot
from tests.support.worlds.site_world import OTHER, SiteWorld, arn_of

LANES = 20
CHOSEN = set(sample_lanes(LANES, 3, MIGRATION))
REST = set(range(LANES)) - CHOSEN


def segments(world: SiteWorld, attempt: int = 1, migration_id: str = MIGRATION) -> set[int]:
    """Return the lanes that an execution was started over."""
    return set(world.stepfunctions.payload(arn_of(attempt, migration_id))["segments"])


def begin(world: SiteWorld, migration_id: str = MIGRATION, **fields: Any) -> Any:
    site = world.site_for(migration_id)
    return world.start(site, **{"total_segments": LANES, **fields})


def finish(
    world: SiteWorld, lanes: Any, migration_id: str = MIGRATION, attempt: int = 1
) -> Outcome:
    """Let workers finish lanes, and the execution end; return what is made of it."""
    for lane in lanes:
        counts = Counts(seen=1, changed=1)
        world.lane(lane, attempt=attempt, migration_id=migration_id, counts=counts)
    arn = arn_of(attempt, migration_id)
    world.stepfunctions.end(arn, ExecutionStatus.SUCCEEDED)
    return tend(world.site_for(migration_id)).verdict.outcome


def record_of(world: SiteWorld, migration_id: str) -> MigrationRecord:
    return world.site.ledger.required_migration(migration_id)


def set_aside(world: SiteWorld, *lanes: int, migration_id: str = MIGRATION) -> None:
    for lane in lanes:
        path = f"{QUARANTINE}/{lane:06d}/001-00001-000001.jsonl.gz"
        world.site_for(migration_id).bucket.put(path, [{"key": {"id": {"S": "a"}}}])


# A sample


@pytest.mark.parametrize("mode", [Mode.DRY_RUN, Mode.VERIFY])
def test_a_sample_is_some_lanes(world: SiteWorld, mode: Mode) -> None:
    """Only these are started, and when they are done, so is all."""
    started = begin(world, mode=mode, sample_lanes=3)

    assert (3, CHOSEN) == (started.lanes, segments(world))
    assert tuple(sorted(CHOSEN)) == record_of(world, MIGRATION).scope
    assert Outcome.RUNNING is tend(at(world.site, NOW)).verdict.outcome
    assert Outcome.SUCCEEDED is finish(world, CHOSEN)
    seen = observe(at(world.site, NOW))
    assert (3, 3, 0, 3) == (
        seen.progress.lanes,
        seen.progress.done,
        seen.left,
        seen.progress.counts.seen,
    )


def test_a_sample_that_failed_goes_on_with_what_is_left_of_it(world: SiteWorld) -> None:
    """However many are asked for then: the record keeps the lanes."""
    begin(world, mode=Mode.DRY_RUN, sample_lanes=3)
    one = min(CHOSEN)
    world.lane(one)
    world.end()

    again = begin(world, mode=Mode.DRY_RUN)

    assert (2, CHOSEN - {one}) == (again.attempt, segments(world, 2))


@pytest.mark.parametrize("number", [0, LANES, LANES + 1])
def test_no_sample_is_every_lane(world: SiteWorld, number: int) -> None:
    """Nor is one that has all of them."""
    begin(world, mode=Mode.DRY_RUN, sample_lanes=number)

    assert (set(range(LANES)), ()) == (segments(world), record_of(world, MIGRATION).scope)


@pytest.mark.parametrize("number", [-1, 1.5, "3", True])
def test_a_bad_number_of_lanes_touches_nothing(world: SiteWorld, number: Any) -> None:
    """A whole number, as a form gives it."""
    with pytest.raises(InvalidInputError, match=r"^sample_lanes is .*; it must be a whole number"):
        begin(world, mode=Mode.DRY_RUN, sample_lanes=number)
    assert [] == world.dynamodb.calls


# A canary


def test_a_canary_has_the_lanes_of_its_dry_run(world: SiteWorld) -> None:
    """What was looked at is what is written first."""
    begin(world, OTHER, mode=Mode.DRY_RUN, of=MIGRATION, sample_lanes=3)
    started = begin(world, sample_lanes=3)

    assert CHOSEN == segments(world, 1, OTHER) == segments(world, 1, MIGRATION)
    assert started.explanation.startswith("Started canary attempt 1 of")
    assert (MIGRATION, "") == (
        record_of(world, OTHER).context_id,
        record_of(world, OTHER).params[2:],
    )


def test_a_canary_succeeds_with_its_lanes(world: SiteWorld) -> None:
    """And says how many are left; the migration's record has them all."""
    begin(world, sample_lanes=3)
    assert () == record_of(world, MIGRATION).scope

    assert Outcome.SUCCEEDED is finish(world, CHOSEN)
    seen = observe(at(world.site, NOW))
    assert (3, LANES - 3) == (seen.progress.lanes, seen.left)


def test_after_a_canary_the_rest(world: SiteWorld) -> None:
    """A start without a sample is attempt 2 over exactly what the canary left."""
    begin(world, sample_lanes=3)
    finish(world, CHOSEN)

    rest = begin(world)

    assert (2, LANES - 3, REST) == (rest.attempt, len(REST), segments(world, 2))
    assert Outcome.RUNNING is tend(at(world.site, NOW)).verdict.outcome
    assert Outcome.SUCCEEDED is finish(world, REST, attempt=2)
    seen = observe(at(world.site, NOW))
    assert (LANES, 0, LANES) == (seen.progress.lanes, seen.left, seen.progress.counts.seen)


def test_a_canary_tried_again_while_it_runs_is_the_same(world: SiteWorld) -> None:
    """It attaches."""
    begin(world, sample_lanes=3)

    again = begin(world, sample_lanes=3)

    assert (1, f"Attached to the running attempt 1 of {MIGRATION}.") == (
        again.attempt,
        again.explanation,
    )


def test_a_canary_tried_again_finds_itself_done(world: SiteWorld) -> None:
    """It does not begin with the rest."""
    begin(world, sample_lanes=3)
    finish(world, CHOSEN)

    again = begin(world, sample_lanes=3)

    assert (1, 3) == (again.attempt, again.lanes)
    assert again.explanation.startswith("Every segment is done, so nothing")
    assert [arn_of(1)] == list(world.stepfunctions.executions)


def test_a_canary_that_failed_goes_on_within_its_lanes(world: SiteWorld) -> None:
    """Attempt 2 is a canary, too."""
    begin(world, sample_lanes=3)
    one = min(CHOSEN)
    world.lane(one)
    world.lane(max(CHOSEN), LaneState.FAILED, error="KeyError")
    world.end()
    assert Outcome.FAILED is tend(at(world.site, NOW)).verdict.outcome

    again = begin(world, sample_lanes=3)

    assert (2, CHOSEN - {one}) == (again.attempt, segments(world, 2))
    assert Outcome.SUCCEEDED is finish(world, CHOSEN - {one}, attempt=2)
    assert LANES - 3 == observe(at(world.site, NOW)).left


def test_a_canary_keeps_its_table_while_capacity_is_owed(world: SiteWorld) -> None:
    """Between it and the rest nobody else gets in; without raised capacity the table is free."""
    begin(world, sample_lanes=3)
    world.site.leases.change(
        world.site.table.key, lambda lease: note_raised(lease, MIGRATION, snapshot(), ())
    )
    finish(world, CHOSEN)

    with pytest.raises(LeaseHeldError):
        begin(world, OTHER)


# Checks


@pytest.fixture
def migrated(world: SiteWorld) -> SiteWorld:
    """A migration that is over, an hour ago."""
    begin(world, params={"attribute": "at"})
    finish(world, range(LANES))
    world.clock.advance(2 * LEASE_SECONDS)
    return world


def test_a_check_looks_with_the_migration_s_eyes(migrated: SiteWorld) -> None:
    """Its segments, transform and parameters; its id and start, for what it stamps items with."""
    begin(migrated, OTHER, mode=Mode.VERIFY, of=MIGRATION, total_segments=None, transform="")

    record = record_of(migrated, OTHER)
    assert (LANES, "add_updated_at", '{"attribute": "at"}') == (
        record.total_segments,
        record.transform,
        record.params,
    )
    assert (STARTED_AT, MIGRATION) == (record.started_at_iso, record.context_id)
    assert (NOW + 2 * LEASE_SECONDS, OTHER) == (record.started_at, record.migration_id)


def test_a_check_may_have_another_transform(migrated: SiteWorld) -> None:
    """With the parameters that are given with it."""
    site = migrated.site_for(OTHER, transforms=("fixed",))
    asked = {"mode": Mode.VERIFY, "of": MIGRATION, "transform": "fixed", "params": {"x": 1}}
    migrated.start(site, **asked)

    record = record_of(migrated, OTHER)
    assert ("fixed", '{"x": 1}', LANES) == (record.transform, record.params, record.total_segments)


@pytest.mark.parametrize("mode", [Mode.VERIFY, Mode.DRY_RUN])
def test_a_check_needs_no_table_of_its_own(world: SiteWorld, mode: Mode) -> None:
    """The migration still holds it, and keeps it; who writes is refused."""
    begin(world)
    held = world.lease

    begin(world, OTHER, mode=mode, of=MIGRATION)
    assert Outcome.SUCCEEDED is finish(world, range(LANES), OTHER)

    assert held == world.lease
    with pytest.raises(LeaseHeldError):
        begin(world, "another")


def test_a_check_of_a_canary_has_its_lanes(world: SiteWorld) -> None:
    """The same number of the same migration is the same sample."""
    begin(world, sample_lanes=3)
    finish(world, CHOSEN)

    begin(world, OTHER, mode=Mode.VERIFY, of=MIGRATION, sample_lanes=3)

    assert CHOSEN == segments(world, 1, OTHER)


# A replay


def test_a_replay_works_where_something_was_set_aside(migrated: SiteWorld) -> None:
    """With a transform that is fixed, and what the first one saw; it takes the table."""
    set_aside(migrated, 7, 2)
    started = begin(migrated, OTHER, mode=Mode.REPLAY, of=MIGRATION, params={"attribute": "b"})

    record = record_of(migrated, OTHER)
    assert (2, {2, 7}, (2, 7)) == (started.lanes, segments(migrated, 1, OTHER), record.scope)
    assert (LANES, '{"attribute": "b"}') == (record.total_segments, record.params)
    assert (STARTED_AT, MIGRATION) == (record.started_at_iso, record.context_id)
    assert OTHER == migrated.lease.migration_id
    assert Outcome.SUCCEEDED is finish(migrated, (2, 7), OTHER)
    assert 2 == observe(migrated.site_for(OTHER)).progress.lanes


def test_a_replay_of_nothing_is_refused(migrated: SiteWorld) -> None:
    """Before anything is touched."""
    lease = migrated.lease
    with pytest.raises(InvalidInputError) as refused:
        begin(migrated, OTHER, mode=Mode.REPLAY, of=MIGRATION)

    assert str(refused.value).startswith(f"Migration {MIGRATION} has no quarantined items")
    assert (None, lease) == (migrated.site.ledger.migration(OTHER), migrated.lease)


def test_a_replay_goes_on_within_its_lanes(migrated: SiteWorld) -> None:
    """Whatever else is set aside by then: the record keeps the lanes."""
    set_aside(migrated, 2, 7)
    begin(migrated, OTHER, mode=Mode.REPLAY, of=MIGRATION)
    migrated.lane(2, migration_id=OTHER)
    migrated.stepfunctions.end(arn_of(1, OTHER), ExecutionStatus.ABORTED)
    set_aside(migrated, 9)

    again = begin(migrated, OTHER, mode=Mode.REPLAY, of=MIGRATION)

    assert (2, {7}) == (again.attempt, segments(migrated, 2, OTHER))


def test_a_replay_is_replayed_and_undone(migrated: SiteWorld) -> None:
    """It has a quarantine and a log of its own; the transform sees the first one's id."""
    set_aside(migrated, 2, 7)
    begin(migrated, OTHER, mode=Mode.REPLAY, of=MIGRATION)
    finish(migrated, (2, 7), OTHER)
    set_aside(migrated, 7, migration_id=OTHER)

    begin(migrated, "again", mode=Mode.REPLAY, of=OTHER)
    assert ({7}, MIGRATION) == (
        segments(migrated, 1, "again"),
        record_of(migrated, "again").context_id,
    )
    finish(migrated, (7,), "again")
    undo = begin(migrated, "undo", mode=Mode.UNDO, of=OTHER)
    assert LANES == undo.lanes
