"""Prewarm raises the indexes that the plan knows to be written, and all where it does not know."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate import PrewarmTableOperator
from airflow_ddb_migrate.aws.ledger.notes import keep_plan
from tests.support.factories import MIGRATION, TABLE
from tests.support.plans import facts, plan
from tests.support.worlds.airflow_world import AirflowWorld, make_context, table_world

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
