"""The write path as a whole, under live traffic, kills and repeated invocations."""

import random
import threading
from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow_ddb_migrate.core.execution.messages import WorkStatus
from ddb_transform import worker as workers
from ddb_transform.contract.codec import same
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from tests.support.typed_values import ATTRIBUTES
from tests.support.worlds.migration_world import MigrationWorld
from transforms import DELETE, SKIP

_MIGRATED = 1_000
_DELETE_AT = 13
_SKIP_AT = 7
_INVOCATIONS = 60


class Killed(BaseException):
    """The process is gone."""


def transform(item: Item, context: Context) -> object:
    """Bring ``n`` over a thousand so that the result shows from which value it was made."""
    n = item["n"]
    if n == _DELETE_AT:
        return DELETE
    if n == _SKIP_AT:
        return SKIP
    if n < _MIGRATED:
        item["n"] = n + _MIGRATED
    return item


def wanted(n: int) -> int | None:
    """What the transform makes of ``n``; None: deleted."""
    if n == _DELETE_AT:
        return None
    return n if n >= _MIGRATED or n == _SKIP_AT else n + _MIGRATED


@dataclass(slots=True)
class LiveTraffic:
    """Writes into the table at random moments, and knows what every item must be in the end.

    ``items`` are the items as live traffic alone would have left them. ``written`` and ``judged``
    are the moments of an item's last live write, and of the migration's last look or try at it.
    """

    world: MigrationWorld
    items: dict[str, dict[str, Any]]
    choice: random.Random
    writes: int
    kill_at: set[int]
    moment: int = 0
    scanned: int = 0
    written: dict[str, int] = field(default_factory=dict)
    judged: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    lock: Any = field(default_factory=threading.RLock)  # a scan and a write come at once

    def before(self, name: str, arguments: dict[str, Any]) -> None:
        with self.lock:
            self._before(name, arguments)

    def _before(self, name: str, arguments: dict[str, Any]) -> None:
        self._maybe_kill()
        if arguments["TableName"] != self.world.table_name:
            return
        if name == "scan":  # what it finds may be as old as this
            self.moment += 1
            self.scanned = self.moment
        if name in {"update_item", "delete_item"}:
            self._maybe_write(arguments["Key"]["id"]["S"])
            self._judge([arguments["Key"]])

    def after(self, name: str, arguments: dict[str, Any]) -> None:
        with self.lock:
            self._maybe_kill()

    def answers(self, name: str, answer: Any) -> Any:
        if name == "scan":
            with self.lock:
                for item in answer["Items"]:
                    key = item["id"]["S"]
                    self.judged[key] = max(self.judged.get(key, 0), self.scanned)
                self._maybe_write(self.choice.choice(list(self.items) or ["none"]))
        return answer

    def _judge(self, keys: list[dict[str, Any]]) -> None:
        self.moment += 1
        self.judged |= {key["id"]["S"]: self.moment for key in keys}

    def _maybe_kill(self) -> None:
        self.calls += 1
        if self.calls in self.kill_at:
            raise Killed

    def _maybe_write(self, key: str) -> None:
        """Write this item, or any, or none; at most so many times that three tries suffice."""
        if self.writes <= 0 or self.choice.random() < 0.4:
            return
        self.writes -= 1
        if self.choice.random() < 0.3:
            key = self.choice.choice(list(self.items) or ["none"])
        if key in self.items:
            self._write(key)

    def _write(self, key: str) -> None:
        """Change what the transform looks at, or another attribute, or delete the item."""
        self.moment += 1
        kind = self.choice.choice(["n", "n", "note", "delete"])
        table, typed = self.world.table_name, {"id": {"S": key}}
        there = self.world.service.get_item(TableName=table, Key=typed).get("Item")
        if there is None:
            return  # the migration deleted it, or live traffic did
        self.written[key] = self.moment
        if kind == "delete":
            del self.items[key]
            self.world.service.delete_item(TableName=table, Key=typed)
            return
        value = {"N" if kind == "n" else "S": str(self.choice.choice([3, 7, 13, 500, 1_500]))}
        item = {**there, kind: value}
        self.items[key] = {**self.items[key], "n": there["n"], kind: value}
        self.world.service.put_item(TableName=table, Item=item)

    def problems(self) -> list[str]:
        """Say what is not as it must be."""
        found = self.world.items()
        extra = [f"{key}: came back" for key in found.keys() - self.items.keys()]
        return extra + [
            f"{key}: {found.get(key)} from {item}"
            for key, item in self.items.items()
            if not self._is_right(key, found.get(key), item)
        ]

    def _is_right(self, key: str, now: dict[str, Any] | None, live: dict[str, Any]) -> bool:
        n = int(live["n"]["N"])
        allowed = {wanted(n)}
        if self.written.get(key, 0) > self.judged.get(key, 0):
            allowed.add(n)  # live traffic came last
        if now is None:
            return None in allowed
        rest = {name: value for name, value in now.items() if name != "n"}
        return int(now["n"]["N"]) in allowed and rest == {
            name: value for name, value in live.items() if name != "n"
        }


def as_kept(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name not in {"id", "n", "note"}}


ITEMS = st.lists(
    st.tuples(st.sampled_from([1, 2, 7, 13, 999, 1_000, 2_000]), ATTRIBUTES.map(as_kept)),
    max_size=12,
)


@pytest.mark.parametrize("lanes", [1, 2])
@settings(
    max_examples=30,
    suppress_health_check=[*HealthCheck],
    phases=[Phase.explicit, Phase.generate],
)
@given(
    rows=ITEMS,
    seed=st.integers(0, 2**32),
    writes=st.integers(0, 10),
    kill_at=st.sets(st.integers(1, 60), max_size=4),
)
def test_nothing_is_lost_whatever_happens(
    dynamodb: Any,
    lanes: int,
    rows: list[tuple[int, dict[str, Any]]],
    seed: int,
    writes: int,
    kill_at: set[int],
) -> None:
    """Live writes win, deleted items stay deleted, untouched attributes stay byte for byte.

    And every item that live traffic did not change after the migration's last look is migrated.
    """
    world = MigrationWorld(dynamodb, transform=transform, total_segments=2 * lanes - 1, lanes=lanes)
    items = {
        f"i{i}": {"id": {"S": f"i{i}"}, "n": {"N": str(n)}, **attributes}
        for i, (n, attributes) in enumerate(rows)
    }
    world.put(*items.values())
    before = world.items()
    traffic = LiveTraffic(world, before, random.Random(seed), writes, kill_at)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "SCAN_PAGE_ITEMS", 4)
        patch.setattr("ddb_transform.modes.migrate.CONFLICT_TRIES", 20)
        run_to_the_end(world, traffic)

    note(f"calls {traffic.calls}, written {traffic.written}, judged {traffic.judged}")
    assert [] == traffic.problems()
    after = world.items()
    world.dynamodb.calls.clear()
    assert {WorkStatus.DONE} == {result.status for result in world.work_all()}
    assert (after, 0) == (world.items(), world.table_writes)


def run_to_the_end(world: MigrationWorld, traffic: LiveTraffic) -> None:
    """Invoke every lane, again after each kill, until the ledger says that it is done."""
    proxy = world.dynamodb
    proxy.before, proxy.after, proxy.answers = traffic.before, traffic.after, traffic.answers
    for lane in range(world.lanes):
        for _ in range(_INVOCATIONS):
            if invoke(world, lane) is WorkStatus.DONE:
                break
        else:
            pytest.fail("The lane does not end.")
    proxy.before = proxy.after = lambda name, arguments: None
    proxy.answers = lambda name, answer: answer


def invoke(world: MigrationWorld, lane: int) -> WorkStatus | None:
    try:
        return world.work(lane=lane).status
    except Killed:
        return None


@given(ATTRIBUTES)
def test_the_strategy_makes_items_that_compare_as_read(attributes: dict[str, Any]) -> None:
    """Each value is the same as itself: the comparison of this file means something."""
    assert all(same(value, value) for value in attributes.values())
