"""What a start may ask for besides table, segments and transform: budget, policy, undo."""

from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.services.tables import describe_table
from airflow_ddb_migrate.core.errors import InvalidInputError, LedgerError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.records import ControlRecord
from airflow_ddb_migrate.core.limits import DEFAULT_CONCURRENCY, LEASE_SECONDS
from airflow_ddb_migrate.core.mode import Mode
from tests.support.factories import MIGRATION, TABLE, data_table
from tests.support.worlds.site_world import OTHER, SiteWorld, arn_of

UNDO = {"mode": Mode.UNDO, "of": MIGRATION}


def control(world: SiteWorld) -> ControlRecord:
    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    return control


# The budget


def budget(world: SiteWorld) -> tuple[float, float, int]:
    seen = control(world)
    return seen.read_units_per_second, seen.write_units_per_second, seen.sharers


def test_workers_find_the_budget_in_the_control_record(world: SiteWorld) -> None:
    """Until they are counted it is divided by as many as there may be at a time."""
    world.start(read_units_per_second=50.5, write_units_per_second=1_000, max_concurrency=3)

    assert (50.5, 1_000, 3) == budget(world)


@pytest.mark.parametrize(
    ("segments", "expected"), [(4, 4), (1_000, DEFAULT_CONCURRENCY)], ids=["few", "many"]
)
def test_no_more_sharers_than_lanes(world: SiteWorld, segments: int, expected: int) -> None:
    """Nor than children at a time, which by default are 100."""
    world.start(total_segments=segments)

    assert (0, 0, expected) == budget(world)


def test_a_new_attempt_has_the_budget_that_it_was_started_with(world: SiteWorld) -> None:
    """Unlike the plan it is no part of what the migration is."""
    world.start(write_units_per_second=1_000)
    world.lane(0)
    world.end()
    world.start(write_units_per_second=200)

    assert (0, 200, 3) == budget(world)


# The policy


def test_the_policy_and_the_rest_are_in_the_record(world: SiteWorld) -> None:
    """Written once, as the plan."""
    asked = {
        "mode": Mode.DRY_RUN,
        "max_quarantined": 7,
        "max_quarantined_percentage": 0.5,
        "slice_seconds": 2.5,
        "show_values": True,
    }
    world.start(**asked)

    record = world.site.ledger.required_migration(MIGRATION)
    assert asked == {name: getattr(record, name) for name in asked}


@pytest.mark.parametrize(
    "name",
    [
        "read_units_per_second",
        "write_units_per_second",
        "max_quarantined",
        "max_quarantined_percentage",
        "slice_seconds",
    ],
)
@pytest.mark.parametrize("value", [-1, -0.5, True, "5", float("nan"), float("inf")])
def test_a_bad_number_touches_nothing(world: SiteWorld, name: str, value: Any) -> None:
    """A text from a template that was not rendered as a number is told from the number."""
    with pytest.raises(InvalidInputError) as refused:
        world.start(**{name: value})
    kind = "whole number" if name == "max_quarantined" else "number"
    assert f"{name} is {value!r}; it must be a {kind} of at least 0." == str(refused.value)
    assert [] == world.dynamodb.calls


# Undo


@pytest.fixture
def migrated(world: SiteWorld) -> SiteWorld:
    """A table whose migration is over, and free again."""
    world.start(total_segments=7, transform="add_updated_at")
    for lane in range(7):
        world.lane(lane)
    world.end(1, ExecutionStatus.SUCCEEDED)
    world.clock.advance(LEASE_SECONDS + 1)
    return world


def test_an_undo_takes_the_lanes_of_what_it_undoes(migrated: SiteWorld) -> None:
    """The log is kept by lane; how many segments were asked for does not matter."""
    started = migrated.start(migrated.site_for(OTHER), **UNDO, total_segments=3)

    record = migrated.site.ledger.required_migration(OTHER)
    assert (1, 7) == (started.attempt, started.lanes)
    assert (Mode.UNDO, MIGRATION) == (record.mode, record.of)
    assert (7, 7, "add_updated_at") == (record.total_segments, record.lanes, record.transform)
    assert list(range(7)) == sorted(migrated.stepfunctions.payload(arn_of(1, OTHER))["segments"])


def test_an_undo_needs_no_transform(migrated: SiteWorld) -> None:
    """It may be broken by now, or gone. The Lambda is asked for the table alone."""
    migrated.lambda_.answer = {"ok": True, "error": "", "hash": ""}
    migrated.start(migrated.site_for(OTHER, transforms=()), **UNDO)

    latest = migrated.site.ledger.latest_attempt(OTHER)
    assert latest is not None
    assert ("", "") == (latest.transform_hash, migrated.lambda_.invoked[-1]["transform"])


def test_an_undo_goes_on_with_what_is_unfinished(migrated: SiteWorld) -> None:
    """As any other migration."""
    migrated.start(migrated.site_for(OTHER), **UNDO)
    migrated.stepfunctions.end(arn_of(1, OTHER), ExecutionStatus.ABORTED)

    again = migrated.start(migrated.site_for(OTHER), **UNDO)

    assert (2, 7) == (again.attempt, again.lanes)


_OF_NONE = "of must be empty, since only an undo or a replay is about another migration"


@pytest.mark.parametrize(
    ("mode", "of", "words"),
    [
        (Mode.UNDO, "", "of is empty; of must be the id of the migration to undo or replay"),
        (Mode.REPLAY, "", "of is empty; of must be the id of the migration to undo or replay"),
        (
            Mode.MIGRATE,
            MIGRATION,
            f"of is '{MIGRATION}'; {_OF_NONE}",
        ),
    ],
)
def test_what_a_mode_is_about_is_named(world: SiteWorld, mode: Mode, of: str, words: str) -> None:
    """Refused before the first call."""
    with pytest.raises(InvalidInputError) as refused:
        world.start(mode=mode, of=of)
    assert f"mode is {mode} and {words}." == str(refused.value)
    assert [] == world.dynamodb.calls


def test_what_the_ledger_does_not_know_is_not_undone(world: SiteWorld) -> None:
    """A misspelt migration."""
    with pytest.raises(LedgerError, match="knows no migration unknown"):
        world.start(mode=Mode.UNDO, of="unknown")
    assert {} == world.stepfunctions.executions


@pytest.mark.parametrize("mode", [Mode.DRY_RUN, Mode.VERIFY])
def test_what_wrote_nothing_is_not_undone(world: SiteWorld, mode: Mode) -> None:
    """The message says what it was."""
    world.start(mode=mode)
    world.end()

    with pytest.raises(InvalidInputError, match=f"^of is {MIGRATION}, a {mode} of table"):
        world.start(world.site_for(OTHER), **UNDO)


def test_a_migration_of_another_table_is_not_undone_here(migrated: SiteWorld) -> None:
    """Its log has the keys of that one."""
    data_table(migrated.service, "customers")
    customers = describe_table(migrated.service, "customers")
    elsewhere = replace(migrated.site_for(OTHER), table=customers)

    with pytest.raises(InvalidInputError, match=f"of table {TABLE}.*; a UNDO of table customers"):
        migrated.start(elsewhere, **UNDO)


def test_a_table_made_again_is_not_brought_back_to_what_the_old_one_was(
    migrated: SiteWorld,
) -> None:
    """Items that were deleted from the old one would be put into the new one."""
    site = migrated.site_for(OTHER)
    again = replace(site, table=replace(site.table, key=replace(site.table.key, table_id="again")))

    with pytest.raises(
        InvalidInputError, match=r"^of is .* \(id again\) needs the id of a MIGRATE"
    ):
        migrated.start(again, **UNDO)


# What a migration is


@pytest.mark.parametrize("is_running", [True, False])
@pytest.mark.parametrize(
    ("fields", "words"),
    [(UNDO, f"UNDO of {MIGRATION}"), ({"mode": Mode.VERIFY}, "VERIFY")],
    ids=["undo", "verify"],
)
def test_a_migration_stays_what_it_was_started_as(
    world: SiteWorld, is_running: bool, fields: dict[str, Any], words: str
) -> None:
    """Continued as its own undo it would go on migrating, and say that it undoes."""
    world.start()
    if not is_running:
        world.end()

    with pytest.raises(InvalidInputError) as refused:
        world.start(**fields)
    assert (
        f"Migration {MIGRATION} was started as MIGRATE, not as {words}. Leave migration_id out to "
        "start a new migration."
    ) == str(refused.value)
    assert [arn_of(1)] == list(world.stepfunctions.executions)


@pytest.mark.parametrize("transform", [None, ""])
def test_a_migration_needs_a_transform(world: SiteWorld, transform: Any) -> None:
    """None is for prewarm around another job; nothing is touched."""
    with pytest.raises(InvalidInputError, match="transform is"):
        world.start(transform=transform)

    assert world.site.ledger.control(MIGRATION) is None
