"""What the plan learns from the deployed transform: counts and sizes, nothing written or shown."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.core.bindings import bindings_of
from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.inspection.sample import SampleResult
from airflow_ddb_migrate.core.limits import SAMPLE_ITEMS, SAMPLE_SECONDS
from ddb_transform import handler
from ddb_transform.contract.item import Item
from ddb_transform.contract.scan_filter import ScanFilter
from ddb_transform.contract.transform import Context, Transform
from ddb_transform.modes.sample import Sampling
from tests.support.factories import MIGRATION, STARTED_AT, typed_item
from tests.support.worlds.migration_world import Clock, mark
from transforms import DELETE, SKIP


class Segments:
    """A table by segment; every page is what ``Limit`` allows."""

    def __init__(self, items: dict[int, list[dict[str, Any]]]) -> None:
        self.items = items
        self.scans: list[dict[str, Any]] = []

    def scan(self, **arguments: Any) -> dict[str, Any]:
        self.scans.append(arguments)
        items = self.items.get(arguments["Segment"], [])
        shown = items[: arguments["Limit"]]
        page: dict[str, Any] = {"ScannedCount": len(shown), "Items": shown}
        if "FilterExpression" in arguments:
            page["Items"] = [item for item in shown if "done" not in item]
        return {**page, "LastEvaluatedKey": {}} if len(items) > len(shown) else page


def many(number: int, name: str = "k", **attributes: Any) -> list[dict[str, Any]]:
    return [typed_item(f"{name}{i}", **attributes) for i in range(number)]


def sample(
    table: Segments,
    function: Callable[[Item, Context], object] = mark,
    *,
    segments: int = 4,
    clock: Callable[[], float] | None = None,
    **fields: Any,
) -> SampleResult:
    context = Context(migration_id=MIGRATION, started_at=STARTED_AT, key_names=("id",))
    transform = Transform(function, context, **fields)
    return Sampling(table, transform, "orders", segments, clock or Clock()).run()


def test_all_of_a_small_table_is_seen() -> None:
    """Counts, units, bytes and attributes; what is done already is unchanged."""
    items = {0: many(2, note={"S": "x" * 1_100}), 3: many(1, "z", done={"BOOL": True})}
    found = sample(Segments(items))

    assert (3, 2, 1, 4) == (found.seen, found.changed, found.unchanged, found.write_units)
    assert ({"done": 2}, {}) == (found.attributes, found.errors)
    assert found.is_whole
    assert 2 * (1_100 + 4 + 2 + 2) + (2 + 2 + 4 + 1) == found.bytes
    assert 2 * (2 + 2 + 4 + 1) == found.logged_bytes
    assert found.check_fixed_point


def test_of_a_large_table_some_pages_are_seen() -> None:
    """A thousand items from ten places, the same ones for the same migration."""
    table = Segments({segment: many(500) for segment in range(1_000)})
    found = sample(table, segments=1_000)

    assert (SAMPLE_ITEMS, 10, 10, 1_000) == (
        found.seen,
        found.pages,
        found.cut_pages,
        found.total_segments,
    )
    assert not found.is_whole
    assert 100_000 == found.at_least
    again = Segments(table.items)
    sample(again, segments=1_000)
    assert again.scans == table.scans


def test_empty_segments_are_passed_but_not_for_ever() -> None:
    """Twenty pages at most."""
    table = Segments({})

    assert 0 == sample(table, segments=10_000).seen
    assert 20 == len(table.scans)


def test_a_slow_transform_ends_it() -> None:
    """The answer comes before the plan gives up waiting."""
    clock = Clock()

    def slow(item: Item, context: Context) -> Item:
        clock.advance(SAMPLE_SECONDS / 30)
        return mark(item, context)

    found = sample(Segments({0: many(90)}), slow, segments=1, clock=clock)
    assert (20, False) == (found.seen, found.is_whole)


def test_deletes_and_skips_are_counted() -> None:
    """A delete costs the item's units, and the undo log keeps all of it."""

    def prune(item: Item, context: Context) -> object:
        return DELETE if item["id"] == "k0" else SKIP

    found = sample(Segments({0: many(2, note={"S": "x" * 2_000})}), prune)
    assert (1, 1, 2) == (found.deleted, found.skipped, found.write_units)
    assert found.bytes == 2 * found.logged_bytes


def test_errors_are_counted_by_class() -> None:
    """Never with a message, a key or a value."""

    def fail(item: Item, context: Context) -> Item:
        raise ItemError(f"hunter2 {item['id']}", "Odd")

    found = sample(Segments({0: many(2, secret={"S": "hunter2"})}), fail)
    text = json.dumps(found.to_dict())
    assert 2 == found.failed
    assert not any(word in text for word in ("hunter2", "k0"))


def test_a_frequent_partition_key_shows() -> None:
    """By the largest share of one value."""
    items = {0: [typed_item("hot") for _ in range(90)], 1: many(10)}

    assert 0.9 == sample(Segments(items)).largest_key_share


def test_what_a_filter_leaves_out_is_unchanged() -> None:
    """It is read and billed all the same."""
    items = {0: [*many(3, done={"BOOL": True}), *many(1, "z")]}
    found = sample(Segments(items), filter=ScanFilter("attribute_not_exists(done)"))

    assert (4, 1, 3) == (found.seen, found.changed, found.unchanged)
    assert 4 * (2 + 2) == found.bytes


def test_a_check_that_is_off_is_told() -> None:
    """The plan says what that means."""
    assert not sample(Segments({}), check_fixed_point=False).check_fixed_point


# The action


def event(table_name: str = "orders", **fields: Any) -> dict[str, Any]:
    known = {
        "action": "sample",
        "migration_id": MIGRATION,
        "transform": "add_updated_at",
        "params": {},
        "started_at": STARTED_AT,
        "table_name": table_name,
        "key_names": ["id"],
        "total_segments": 4,
    }
    return {**known, **fields}


def test_the_action_writes_nothing(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deployed transform, asked for by name."""
    made = world()
    made.put_many(3)
    before = made.items()
    monkeypatch.setattr(handler, "_ledger_client", lambda: made.service)
    monkeypatch.setattr(handler, "deployed_bindings", lambda: bindings_of(["*"]))
    answer = handler.handle(event(made.table_name), None)

    assert (True, 3, {"updatedAt": 3}) == (answer["ok"], answer["seen"], answer["attributes"])
    assert before == made.items()


def test_a_transform_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the other actions do, without an exception."""
    monkeypatch.setattr(handler, "deployed_bindings", lambda: bindings_of(["*"]))
    answer = handler.handle(event(transform="nothing"), None)

    assert not answer["ok"]
    assert "Transform 'nothing' is not deployed" in answer["error"]
