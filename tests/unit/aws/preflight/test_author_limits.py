"""The rules of the DAG's author where a migration starts, and in its record."""

from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.execution.steering.retune import retune
from airflow_ddb_migrate.aws.preflight.author_limits import limits_of
from airflow_ddb_migrate.core.approval.author_rules import NO_RULES, AuthorRules
from airflow_ddb_migrate.core.errors import InvalidInputError, TransformError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.notes import PLAN
from airflow_ddb_migrate.core.mode import Mode
from tests.support.factories import MIGRATION, TABLE
from tests.support.worlds.site_world import OTHER, SiteWorld

MINE, THEIRS, OTHERS = "DAG mine, run r", "DAG theirs, run r", "DAG others, run r"
CHANGED = {"allow_changed_transform": True}
RULES = AuthorRules.of({"tables": [TABLE], "transforms": ["add_updated_at"], "max_prewarm": 500})


def limits(world: SiteWorld, migration_id: str = MIGRATION) -> AuthorRules:
    return AuthorRules.from_json(world.site.ledger.required_migration(migration_id).limits)


def plan_of(world: SiteWorld, dollars: float) -> None:
    world.site.ledger.note(MIGRATION, PLAN, f'{{"total_cost_usd": {dollars}}}')


def test_the_rules_are_in_the_record(world: SiteWorld) -> None:
    world.start(limits=RULES)

    assert RULES == limits(world)


def test_without_rules_there_are_none(world: SiteWorld) -> None:
    world.start()

    assert NO_RULES == limits(world)


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"tables": ["payroll"]}, "allows tables payroll"),
        ({"transforms": ["full_name"]}, "allows transforms full_name"),
        ({"max_cost_usd": 20}, "has no plan, so its cost is unknown"),
    ],
)
def test_what_breaks_a_rule_is_not_started(world: SiteWorld, rules: dict, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        world.start(limits=AuthorRules.of(rules))

    assert world.site.ledger.migration(MIGRATION) is None
    assert {} == world.stepfunctions.executions


def test_a_plan_that_costs_too_much_is_not_started(world: SiteWorld) -> None:
    plan_of(world, 20.5)
    with pytest.raises(InvalidInputError, match=r"\$20\.50; the DAG's author set .* of \$20\.00"):
        world.start(limits=AuthorRules.of({"max_cost_usd": 20}))
    plan_of(world, 20)
    world.start(limits=AuthorRules.of({"max_cost_usd": 20}))


def again(world: SiteWorld, started_by: str, rules: AuthorRules) -> None:
    """Go on with what has ended."""
    world.lane(0)
    world.end(1, ExecutionStatus.FAILED)
    world.start(started_by=started_by, limits=rules)


def test_another_dag_cannot_go_on_without_them(world: SiteWorld) -> None:
    """Its own rules hold besides."""
    world.start(started_by=MINE, limits=RULES)
    again(world, THEIRS, AuthorRules.of({"max_prewarm": 100}))

    assert replace(RULES, max_prewarm=100) == limits(world)


def test_the_author_may_change_the_rules_of_the_same_dag(world: SiteWorld) -> None:
    world.start(started_by=MINE, limits=RULES)
    again(world, MINE, NO_RULES)

    assert NO_RULES == limits(world)


def test_the_transform_that_is_judged_is_the_one_that_runs(world: SiteWorld) -> None:
    """A migration keeps its transform, whatever is asked for when it goes on."""
    world.start(started_by=THEIRS, transform="add_updated_at")

    with pytest.raises(InvalidInputError, match="transform is 'add_updated_at'"):
        again(world, MINE, AuthorRules.of({"transforms": ["full_name"]}))


def test_an_undo_is_held_to_the_rules_of_what_it_undoes(world: SiteWorld) -> None:
    world.start(started_by=MINE, limits=AuthorRules.of({"max_prewarm": 500}))
    for lane in range(4):
        world.lane(lane)
    world.end(1, ExecutionStatus.SUCCEEDED)
    world.clock.advance(10_000)

    world.start(world.site_for(OTHER), mode=Mode.UNDO, of=MIGRATION, started_by=THEIRS)

    assert AuthorRules.of({"max_prewarm": 500}) == limits(world, OTHER)


def about(world: SiteWorld, name: str, of: str, started_by: str = THEIRS, **rules: Any) -> None:
    """Put the record of a replay into the ledger."""
    record = replace(
        world.site.ledger.required_migration(MIGRATION),
        migration_id=name,
        mode=Mode.REPLAY,
        of=of,
        started_by=started_by,
        limits=AuthorRules.of(rules).to_json(),
    )
    world.site.ledger.create_migration(record)


def test_a_replay_of_a_replay_is_held_to_the_first_migration_s_rules(world: SiteWorld) -> None:
    """However many of the same DAG are in between, and to those of each DAG on the way."""
    world.start(started_by=MINE, limits=AuthorRules.of({"max_units_per_second": 20}))
    about(world, "replay-1", MIGRATION, max_prewarm=7)
    about(world, "replay-2", "replay-1", OTHERS, max_prewarm=500)
    about(world, "replay-3", "replay-2", max_prewarm=8)

    found = limits_of(world.site_for(OTHER), dag_id="theirs", of="replay-3")

    assert AuthorRules.of({"max_units_per_second": 20, "max_prewarm": 500}) == found


def test_a_ledger_that_goes_round_in_circles_has_rules_too(world: SiteWorld) -> None:
    world.start(started_by=MINE)
    about(world, "replay-1", "replay-2", MINE, max_prewarm=7)
    about(world, "replay-2", "replay-1", MINE, max_prewarm=9)

    found = limits_of(world.site_for(OTHER), dag_id="theirs", of="replay-1")

    assert AuthorRules.of({"max_prewarm": 7}) == found


@pytest.mark.parametrize("first", ["", "hash-0"])
def test_only_what_both_authors_allow_starts_with_changed_code(
    world: SiteWorld, first: str
) -> None:
    """The DAG that goes on allows it, and the one that began does not."""
    mine, theirs = AuthorRules.of({"max_prewarm": 1}), AuthorRules.of(CHANGED)
    world.start(started_by=MINE, limits=mine, sample_lanes=1)
    world.end(1, ExecutionStatus.SUCCEEDED)
    world.site.ledger.note(MIGRATION, PLAN, f'{{"transform_hash": "{first}"}}')

    if not first:
        assert 2 == world.start(started_by=THEIRS, limits=theirs).attempt
        return
    with pytest.raises(TransformError, match="was planned and approved with hash-0"):
        world.start(started_by=THEIRS, limits=theirs)


@pytest.mark.parametrize(("given", "in_force"), [(None, 500), (0, 500), (900, 500), (20, 20)])
def test_a_budget_that_the_plan_gives_is_lowered(
    world: SiteWorld, given: float | None, in_force: float
) -> None:
    """What a person gives above it is refused before."""
    rules = AuthorRules.of({"max_units_per_second": 500})
    world.start(limits=rules, write_units_per_second=given)

    control = world.site.ledger.control(MIGRATION)
    assert control
    assert (500, in_force) == (control.read_units_per_second, control.write_units_per_second)


@pytest.mark.parametrize("units", [501, 0])
def test_a_retune_keeps_within_the_rules(world: SiteWorld, units: float) -> None:
    world.start(limits=AuthorRules.of({"max_units_per_second": 500}))
    with pytest.raises(InvalidInputError, match=r"max_units_per_second of 500"):
        retune(world.site, by="eve", write_units_per_second=units)
    retune(world.site, by="ann", write_units_per_second=200)

    control = world.site.ledger.control(MIGRATION)
    assert control
    assert 200 == control.write_units_per_second
