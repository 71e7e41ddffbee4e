"""Properties of migrations of generated items, for both writers, on moto."""

from collections.abc import Callable
from typing import Any

import pytest
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context
from ddb_transform.writers.proof import UNPROVEN, Proof
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support import properties
from tests.support.edits import Row, tables
from tests.support.properties import LIVE_WRITES, MakeWorld
from tests.support.worlds.migration_world import PROVEN, MigrationWorld

MOMENTS = st.sets(st.integers(1, 80), max_size=4)

both_writers = pytest.mark.parametrize("proof", [UNPROVEN, PROVEN], ids=["reference", "fast"])


def some(examples: int) -> Callable[..., Any]:
    return settings(
        max_examples=examples,
        suppress_health_check=[*HealthCheck],
        phases=[Phase.explicit, Phase.generate],
    )


@pytest.fixture(scope="module")
def make(dynamodb: Any) -> Callable[[Proof], MakeWorld]:
    """Worlds of a writer."""
    return lambda proof: lambda **options: MigrationWorld(dynamodb, proof=proof, **options)


def leave(item: Item, context: Context) -> object:
    """Look at nothing."""
    return item


def assign_again(item: Item, context: Context) -> object:
    """Write back every value as Python has it."""
    for name in list(item):
        item[name] = item[name]
    return item


def copy(item: Item, context: Context) -> object:
    """A new dict of the same values."""
    return {**item}


def assign_a_copy(item: Item, context: Context) -> object:
    """Values that are equal and others."""
    for name, value in list(item.items()):
        item[name] = value.copy() if isinstance(value, dict | list | set) else value
    return item


def remove_what_is_not_there(item: Item, context: Context) -> object:
    item.pop("not there", None)
    return dict(item)


IDENTITIES = (leave, assign_again, copy, assign_a_copy, remove_what_is_not_there)


@both_writers
@some(12)
@given(rows=tables(), transform=st.sampled_from(IDENTITIES))
def test_a_transform_that_changes_nothing_writes_nothing(
    make: Callable[[Proof], MakeWorld],
    proof: Proof,
    transform: Callable[[Item, Context], object],
    rows: list[Row],
) -> None:
    """However it leaves an item as it is: not one write, and every byte as before."""
    properties.check_identity(make(proof), rows, transform)


@both_writers
@some(12)
@given(rows=tables())
def test_exactly_what_is_edited_changes(
    make: Callable[[Proof], MakeWorld], proof: Proof, rows: list[Row]
) -> None:
    """One write an item, all other attributes byte for byte; a second run writes nothing."""
    properties.check_edits(make(proof), rows)


@both_writers
@some(8)
@given(rows=tables(), kill_at=MOMENTS, save_seconds=st.sampled_from([0, 3]))
def test_kills_change_nothing(
    make: Callable[[Proof], MakeWorld],
    proof: Proof,
    rows: list[Row],
    kill_at: set[int],
    save_seconds: float,
) -> None:
    """The table is as if nobody had been killed, and every item is counted once."""
    properties.check_kills(make(proof), rows, kill_at, save_seconds)


@both_writers
@some(7)
@given(rows=tables(), kill_at=MOMENTS, kill_undo_at=MOMENTS)
def test_undo_brings_the_original_table(
    make: Callable[[Proof], MakeWorld],
    proof: Proof,
    rows: list[Row],
    kill_at: set[int],
    kill_undo_at: set[int],
) -> None:
    """Deleted items, too, and whatever was killed meanwhile."""
    properties.check_undo(make(proof), rows, kill_at, kill_undo_at)


@both_writers
@some(7)
@given(
    rows=tables(),
    live=st.lists(st.sampled_from(LIVE_WRITES), min_size=7, max_size=7),
    kill_at=MOMENTS,
)
def test_undo_keeps_what_live_traffic_wrote(
    make: Callable[[Proof], MakeWorld],
    proof: Proof,
    rows: list[Row],
    live: list[str],
    kill_at: set[int],
) -> None:
    """All else is as it was."""
    properties.check_undo_keeps_live_writes(make(proof), rows, live, kill_at)
