"""What a transform reads of a copy is guarded as what it reads of the item, by both writers."""

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from ddb_transform.writers.proof import UNPROVEN, Proof
from tests.support.worlds.migration_world import PROVEN, MigrationWorld

WRITES = {"update_item", "batch_execute_statement"}
COPIES: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "method": lambda item: item.copy(),
    "dict": dict,
    "dict.copy": dict.copy,
    "unpacked": lambda item: {**item},
    "or": lambda item: item | {},
    "json": lambda item: json.loads(json.dumps(item, default=str)),
    "pickle": lambda item: pickle.loads(pickle.dumps(item)),
    "items": lambda item: dict(item.items()),
}


@pytest.mark.parametrize("proof", [UNPROVEN, PROVEN], ids=["reference", "fast"])
@pytest.mark.parametrize("made", COPIES.values(), ids=COPIES)
def test_a_live_write_between_read_and_write_wins(
    dynamodb: Any, proof: Proof, made: Callable[[Any], Any]
) -> None:
    """The transform gets the item again, as it is then."""

    def transform(item: Any, context: object) -> object:
        old = made(item)
        item["full"] = f"{old['first']} {old['last']}"
        return item

    world = MigrationWorld(dynamodb, transform=transform, proof=proof)
    world.put({"id": {"S": "1"}, "first": {"S": "a"}, "last": {"S": "b"}})
    live = {"S": "live"}

    def before(name: str, arguments: dict[str, Any]) -> None:
        if name in WRITES and world.items()["1"]["last"] != live:
            world.put({"id": {"S": "1"}, "first": {"S": "a"}, "last": live})

    world.dynamodb.before = before
    world.work_all()

    assert {"S": "a live"} == world.items()["1"]["full"]
    assert live == world.items()["1"]["last"]
