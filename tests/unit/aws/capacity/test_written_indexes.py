"""Prewarm raises the indexes that the plan knows to be written, and all where it does not know."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate import PrewarmTableOperator
from airflow_ddb_migrate.aws.ledger.notes import keep_plan
from airflow_ddb_migrate.core.capacity import raise_rules
from tests.support.factories import MIGRATION, TABLE, units
from tests.support.plans import facts, plan
from tests.support.worlds.airflow_world import AirflowWorld, make_context, table_world
from tests.support.worlds.capacity_world import Place

DEPLOYED = "hash-1"
RAISED = {"": (100, 50), "by_pk": (5, 50)}
LEFT_ALONE = {"": (100, 50), "by_pk": (5, 5)}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[AirflowWorld]:
    with table_world(monkeypatch) as world:
        yield world


def prewarm(**options: Any) -> PrewarmTableOperator:
    return PrewarmTableOperator(
        task_id="prewarm",
        table_name=TABLE,
        migration_id=MIGRATION,
        of_dags=["*"],  # no DAG has started it
        read_units=100,
        write_units=50,
        deferrable=False,
        poke_interval=0,
        **options,
    )


@pytest.mark.parametrize(
    ("writes", "expected"),
    [
        ({"": 1, "by_pk": 0}, LEFT_ALONE),
        ({"": 1, "by_pk": 2}, RAISED),
        ({"": 1}, LEFT_ALONE),
        (None, RAISED),  # an older version's plan
    ],
)
def test_what_the_plan_knows_is_raised(
    world: AirflowWorld, writes: dict[str, int] | None, expected: dict[str, tuple[int, int]]
) -> None:
    """An index that no change writes stays as it is; its reads stay in each case."""
    ledger = prewarm().open_site(make_context()).ledger
    keep_plan(ledger, replace(plan(facts()), transform_hash=DEPLOYED, writes=writes))

    prewarm().execute(make_context())

    assert expected == world.units()


def test_without_a_plan_all_indexes_are_raised(world: AirflowWorld) -> None:
    """A job of one's own may write any of them."""
    prewarm(transform=None).execute(make_context())

    assert RAISED == world.units()


@pytest.mark.parametrize("scaling", ["no", "read and write"])
@pytest.mark.parametrize("again", [False, True], ids=["restored", "prewarmed again, restored"])
def test_what_the_version_before_raised_is_restored(
    make_place: Callable[..., Place], scaling: str, again: bool
) -> None:
    """It raised reads of indexes, too; its lease says so, whoever reads that."""
    place = make_place("PROVISIONED", 3, scaling)
    before = place.all()
    with pytest.MonkeyPatch.context() as former:
        former.setattr(raise_rules._Aim, "of", lambda aim, _: aim.table)
        place.prewarm(units(1_000, 500))
    reads = ("by_size", "ProvisionedThroughput", "ReadCapacityUnits")
    assert 1_000 == place.tables.figures()[reads]

    if again:
        place.prewarm(units(2_000, 600), written=["", "by_day"])
    result = place.restore()

    assert (before, ()) == (place.all(), result.kept)
