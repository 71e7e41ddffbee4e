"""The counts of a run in which everything happens: each item is in one, by either writer."""

import contextlib
import copy
from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.core.execution.messages import WorkStatus
from airflow_ddb_migrate.core.ledger.counts import Counts
from botocore.exceptions import ReadTimeoutError
from ddb_transform import worker as workers
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context
from ddb_transform.writers.proof import UNPROVEN, Proof
from tests.support.worlds.migration_world import PROVEN, MigrationWorld
from transforms import DELETE, SKIP

_EACH = 3
_KINDS = ("change", "delete", "same", "skip", "raise", "vanish", "overtaken", "done-by-another")


class Killed(BaseException):
    """The process is gone."""


def transform(item: Item, context: Context) -> object:
    kind = item["kind"]
    if kind == "raise":
        raise ValueError
    if kind == "skip":
        return SKIP
    if kind == "delete":
        return DELETE
    if kind != "same":
        item["done"] = True
    return item


@pytest.fixture(params=[(UNPROVEN, True), (PROVEN, True), (PROVEN, False)], ids=str)
def world(
    dynamodb: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., MigrationWorld]:
    """Both writers, and both things AWS may do about a failed condition."""
    proof: Proof
    proof, returns_items = request.param
    monkeypatch.setattr(workers, "SCAN_PAGE_ITEMS", 7)
    monkeypatch.setattr(workers, "save_seconds", lambda _: 0)

    def make(kinds: tuple[str, ...] = _KINDS) -> MigrationWorld:
        w = MigrationWorld(dynamodb, transform=transform, proof=proof)
        w.dynamodb.returns_items = returns_items
        for kind in kinds:
            for i in range(_EACH):
                w.put({"id": {"S": f"{kind}#{i}"}, "kind": {"S": kind}})
        return w

    return make


def live_traffic(w: MigrationWorld) -> Callable[[str, dict[str, Any]], None]:
    """Does to each item what its kind says, once, right before it is written."""
    seen: set[str] = set()

    def before(name: str, arguments: dict[str, Any]) -> None:
        is_write = name in {"update_item", "delete_item"}
        if not is_write or arguments["TableName"] != w.table_name:
            return
        key = arguments["Key"]
        kind = key["id"]["S"].partition("#")[0]
        if key["id"]["S"] in seen:
            return
        seen.add(key["id"]["S"])
        item = {**key, "kind": {"S": kind}}
        if kind == "vanish":
            w.service.delete_item(TableName=w.table_name, Key=key)
        elif kind == "overtaken":  # what the transform looks at; the first try loses
            w.put({**item, "kind": {"S": "change"}, "live": {"S": "x"}})
        elif kind == "done-by-another":
            w.put({**item, "done": {"BOOL": True}})

    return before


@pytest.mark.parametrize("made", [copy.copy, copy.deepcopy, dict])
def test_what_is_read_through_a_copy_is_protected(
    world: Callable[..., MigrationWorld], made: Callable[[Item], dict[str, Any]]
) -> None:
    """A live write of it between our read and our write wins, and the item is transformed again."""

    def with_full_name(item: Item, context: Context) -> Item:
        old = made(item)
        item["full"] = old["first"] + " " + old["last"]
        return item

    def live_write(name: str, arguments: dict[str, Any]) -> None:
        is_ours = name == "update_item" and arguments["TableName"] == w.table_name
        if is_ours and w.items()["a"] == item:
            w.put({**item, "last": new})

    item, new = {"id": {"S": "a"}, "first": {"S": "Ann"}, "last": {"S": "Lee"}}, {"S": "Ray"}
    w = world(())
    w.transform = with_full_name
    w.put(item)
    w.dynamodb.before = live_write

    assert WorkStatus.DONE is w.work().status

    assert {**item, "last": new, "full": {"S": "Ann Ray"}} == w.items()["a"]


def total(counts: Counts) -> int:
    return sum(number for name, number in counts.to_dict().items() if name != "seen")


def test_counts_reconcile(world: Callable[..., MigrationWorld]) -> None:
    """seen = changed + deleted + unchanged + already + skipped + gone + quarantined."""
    w = world()
    w.dynamodb.before = live_traffic(w)

    assert WorkStatus.DONE is w.work().status

    counts = w.row().counts
    assert (
        Counts(
            seen=8 * _EACH,
            changed=2 * _EACH,
            deleted=_EACH,
            unchanged=_EACH,
            already=_EACH,
            skipped=_EACH,
            gone=_EACH,
            quarantined=_EACH,
        )
        == counts
    )
    assert counts.seen == total(counts)
    assert 6 * _EACH == len(w.items())
    assert all(item.get("live") for key, item in w.items().items() if key.startswith("overtaken"))


@pytest.mark.parametrize("landed", [True, False])
def test_counts_reconcile_when_answers_are_lost(
    world: Callable[..., MigrationWorld], landed: bool
) -> None:
    """The first write of each item has no answer, whether it landed or not."""
    w = world()
    traffic, lost = live_traffic(w), set[str]()

    def lose(name: str, arguments: dict[str, Any]) -> None:
        is_write = name in {"update_item", "delete_item"}
        if is_write and arguments["TableName"] == w.table_name:
            key = arguments["Key"]["id"]["S"]
            if key not in lost:
                lost.add(key)
                raise ReadTimeoutError(endpoint_url="x")

    def before(name: str, arguments: dict[str, Any]) -> None:
        traffic(name, arguments)
        if not landed:
            lose(name, arguments)

    w.dynamodb.before = before
    w.dynamodb.after = lose if landed else lambda name, arguments: None

    assert WorkStatus.DONE is w.work().status

    counts = w.row().counts
    assert (8 * _EACH, 8 * _EACH) == (counts.seen, total(counts))
    assert _EACH == counts.quarantined
    assert [] == [key for key in w.items() if key.startswith(("delete", "vanish"))]
    assert all(
        "done" in item
        for key, item in w.items().items()
        if key.startswith(("change", "overtaken", "done"))
    )


@pytest.mark.parametrize("killed_at", [1, 4, 9, 14])
def test_counts_reconcile_after_a_kill(
    world: Callable[..., MigrationWorld], killed_at: int
) -> None:
    """What landed before it is ``already``; every item is counted once."""
    w = world(("change", "delete", "same", "skip", "raise"))
    calls = iter(range(killed_at - 1))

    def kill(name: str, arguments: dict[str, Any]) -> None:
        is_write = name in {"update_item", "delete_item"}
        if is_write and arguments["TableName"] == w.table_name and next(calls, None) is None:
            w.dynamodb.before = kill  # and nothing after it
            raise Killed

    w.dynamodb.after = kill
    with contextlib.suppress(Killed):
        w.work()
    w.dynamodb.before = w.dynamodb.after = lambda name, arguments: None

    assert WorkStatus.DONE is w.work().status

    counts = w.row().counts
    assert (5 * _EACH, 5 * _EACH) == (counts.seen, total(counts))
    assert 2 * _EACH == counts.changed + counts.deleted + counts.already
    assert 4 * _EACH == len(w.items())
