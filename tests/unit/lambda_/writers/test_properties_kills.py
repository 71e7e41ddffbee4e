"""A kill at every single moment of a migration and of its undo, for both writers, on moto."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.mode import Mode
from ddb_transform.objects.undo_log import reverse
from ddb_transform.writers.proof import UNPROVEN, Proof
from tests.support import properties
from tests.support.edits import Row
from tests.support.kills import Killed
from tests.support.properties import MakeWorld
from tests.support.worlds.migration_world import PROVEN, MigrationWorld
from transforms import DELETE

# Two pages: one with a write of each kind, one whose every item is deleted or stays.
ROWS = (
    Row({"a": {"S": "1"}, "b": {"NS": ["1"]}}, {"a": "SET", "b": "GROW"}, {"a": {"B": b""}}),
    Row({"a": {"S": "1"}}, delete=True),
    Row({"a": {"N": "1E+40"}, 'b"': {"NULL": True}}, {"a": "KEEP", 'b"': "REMOVE"}),
    Row({"a": {"L": []}}, delete=True),
    Row({}, delete=True),
)

both_writers = pytest.mark.parametrize("proof", [UNPROVEN, PROVEN], ids=["reference", "fast"])


@pytest.fixture(scope="module")
def make(dynamodb: Any) -> Callable[[Proof], MakeWorld]:
    """Worlds of a writer."""
    return lambda proof: lambda **options: MigrationWorld(dynamodb, proof=proof, **options)


@both_writers
@pytest.mark.parametrize(
    ("save_seconds", "again_after"), [pytest.param(0, 9, marks=pytest.mark.story), (3, 0)]
)
def test_a_kill_at_any_moment(
    make: Callable[[Proof], MakeWorld], proof: Proof, save_seconds: float, again_after: int
) -> None:
    """And a second one soon after: the same table, every item counted once."""
    for moment in moments(1):
        kill_at = {moment, moment + again_after}
        if not properties.check_kills(make(proof), ROWS, kill_at, save_seconds).kills:
            break
    assert moment > 20


@both_writers
def test_an_undo_after_a_kill_at_any_moment(
    make: Callable[[Proof], MakeWorld], proof: Proof
) -> None:
    """The log holds intents twice, or ones that never landed: the original table comes back."""
    for moment in range(5, 36, 3):
        properties.check_undo(make(proof), ROWS, kill_at={moment})


@both_writers
def test_an_undo_that_is_killed_at_any_moment(
    make: Callable[[Proof], MakeWorld], proof: Proof
) -> None:
    """It goes on to the original table."""
    for moment in moments(3):
        if not properties.check_undo(make(proof), ROWS, kill_undo_at={moment}).kills:
            break
    assert moment > 15


def test_what_was_deleted_before_a_kill_is_counted_once(
    make: Callable[[Proof], MakeWorld],
) -> None:
    """Also when the next invocation counts it, writes nothing, saves, and is killed, too."""
    rows = (Row({"a": {"S": "1"}}, delete=True), *[Row({})] * 6)
    kills = [
        properties.check_kills(make(PROVEN), rows, {moment, moment + again_after}, 0).kills
        for moment in (15, 17)
        for again_after in range(14, 22)
    ]
    assert 2 in kills


def test_an_undo_does_not_bring_back_what_was_only_meant_to_be_deleted(dynamodb: Any) -> None:
    """A worker is killed before it deletes; the item is kept, and live traffic deletes it later."""
    world = MigrationWorld(dynamodb, transform=lambda item, _: DELETE if item["n"] == 13 else item)
    world.put({"id": {"S": "a"}, "n": {"N": "13"}})
    world.dynamodb.before = _killed_at_deletion
    with pytest.raises(Killed):
        world.work()
    world.dynamodb.before = lambda name, arguments: None
    world.put({"id": {"S": "a"}, "n": {"N": "1"}})
    assert Counts(seen=1, unchanged=1) == world.work().counts

    world.service.delete_item(TableName=world.table_name, Key={"id": {"S": "a"}})
    world.follow_with(Mode.UNDO)
    world.work()

    assert {} == world.items()


def _killed_at_deletion(name: str, arguments: dict[str, Any]) -> None:
    if name == "delete_item":
        raise Killed


def test_an_undo_knows_what_it_weighs() -> None:
    """So that twenty-five large items are never one request, and a budget holds for an undo."""
    key, large = {"id": {"S": "a"}}, {"S": "x" * 100_000}
    changed = reverse({"k": key, "o": {"a": large, "b": None}, "n": {"a": large, "b": large}})
    deleted = reverse({"k": key, "d": {**key, "a": large}})
    assert (300_000, 100_000) < (changed.weight_bytes, deleted.weight_bytes)
    assert (196, 98) == (changed.units, deleted.units)


def moments(step: int) -> range:
    return range(1, 1_000, step)
