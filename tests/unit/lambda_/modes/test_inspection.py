"""The modes that write nothing."""

from typing import Any

import pytest
from airflow_ddb_migrate.aws.services.bucket import Bucket
from airflow_ddb_migrate.core.execution.messages import WorkStatus
from airflow_ddb_migrate.core.inspection.findings import Findings
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.limits import ITEM_BYTES
from airflow_ddb_migrate.core.mode import Mode
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context, Transform
from ddb_transform.modes import inspection
from ddb_transform.modes.inspection import Looking
from ddb_transform.objects.object_names import Place
from ddb_transform.pages import Page, Position
from tests.support.engines.fakes import FakeS3
from tests.support.factories import STARTED_AT, lane_row, typed_item
from tests.support.worlds.migration_world import MigrationWorld
from tests.unit.lambda_.writers.writing import no_tick
from transforms import DELETE, SKIP

CONTEXT = Context("m", STARTED_AT, key_names=("id",))


def change(item: Item, context: Context) -> object:
    kind = item["kind"]
    if kind == "skip":
        return SKIP
    if kind == "delete":
        return DELETE
    if kind == "raise":
        raise ValueError
    item["n"] = str(item.get("n", 0))
    return item


def of_kind(kind: str, **attributes: Any) -> dict[str, Any]:
    return typed_item(f"{kind}-{len(attributes)}", kind={"S": kind}, **attributes)


ITEMS = [
    of_kind("change", n={"N": "7"}),
    of_kind("change"),
    of_kind("change", n={"S": "x"}, b={"B": b"\x00"}),
    of_kind("delete"),
    of_kind("skip"),
    of_kind("raise"),
]
COUNTS = Counts(seen=6, changed=2, deleted=1, unchanged=1, skipped=1, quarantined=1)


def looks(
    bucket: Bucket, *, verify: bool = False, show: bool = False, check: Any = None
) -> Looking:
    transform = Transform(change, CONTEXT, check=check)
    return Looking(transform, bucket, Place(0, 1, 1), verify, show)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket(FakeS3(), "b", "m")


def sampled(bucket: Bucket) -> list[dict[str, Any]]:
    return [row for path in bucket.paths("diff/") for row in bucket.get(path)]


@pytest.mark.parametrize("mode", [Mode.DRY_RUN, Mode.VERIFY])
def test_nothing_is_written_to_the_table(dynamodb: Any, mode: Mode) -> None:
    """Counted as a migration would count, and the items are as they were."""
    w = MigrationWorld(dynamodb, transform=change, options={"mode": mode})
    w.put(*ITEMS)
    before = w.items()

    assert WorkStatus.DONE is w.work().status

    assert (before, 0) == (w.items(), w.table_writes)
    assert COUNTS == w.row().counts
    assert 2 == Findings.from_json(w.row().findings).attributes["n"]
    assert [] == list(w.bucket.paths("undo/")) + list(w.bucket.paths("quarantine/"))


def test_findings_say_what_would_change(bucket: Bucket) -> None:
    """Attributes, changes of type, errors by class with keys, and what it would cost."""
    work = looks(bucket)

    settled = work.settle(Page(ITEMS, None, 3.0), Position(0), no_tick)

    found = Findings.from_json(work.note(lane_row()).findings)
    assert (COUNTS, 3.0) == (settled.counts, settled.units.read)
    assert ({"n": 2}, {"n: N -> S": 1}) == (found.attributes, found.type_changes)
    assert {"ValueError": 1} == found.errors
    assert {"ValueError": ['{"id": {"S": "raise-0"}}']} == found.examples
    assert (3, 2, 3) == (sum(found.before.values()), sum(found.after.values()), found.units)


def test_findings_go_on_where_the_last_slice_ended(bucket: Bucket) -> None:
    """They are in the lane's row."""
    first = looks(bucket)
    first.settle(Page(ITEMS, None), Position(0), no_tick)
    row = first.note(lane_row())
    second = looks(bucket)
    second.findings = Findings.from_json(row.findings)

    second.settle(Page(ITEMS, None), Position(0), no_tick)

    assert {"n": 4} == Findings.from_json(second.note(row).findings).attributes


@pytest.mark.parametrize(
    ("show", "n", "none"),
    [
        (False, {"before": "N", "after": "S"}, {"before": "-", "after": "S"}),
        (
            True,
            {"before": {"N": "7"}, "after": {"S": "7"}},
            {"before": None, "after": {"S": "0"}},
        ),
    ],
)
def test_samples_show_types_or_values(bucket: Bucket, show: bool, n: Any, none: Any) -> None:
    """Values only if the migration shows them; a delete shows every attribute."""
    looks(bucket, show=show).settle(Page(ITEMS, None), Position(0), no_tick)

    rows = sampled(bucket.values if show else bucket)
    assert {"S", "-"} >= {
        one["after"] for row in sampled(bucket) for one in row["attributes"].values()
    }
    assert ["changed", "changed", "deleted"] == [row["outcome"] for row in rows]
    assert [{"n": n}, {"n": none}] == [row["attributes"] for row in rows[:2]]
    gone = rows[2]["attributes"]
    assert {"id", "kind"} == set(gone)
    assert {None if show else "-"} == {value["after"] for value in gone.values()}
    assert 0 == rows[2]["after_bytes"]
    assert show is ("delete" in str(gone))


def test_samples_are_few_however_large_the_table(bucket: Bucket) -> None:
    """Of a slice, not of a page."""
    work = looks(bucket)

    for i in range(10):
        items = [typed_item(f"{i}-{j}", kind={"S": "change"}) for j in range(7)]
        work.settle(Page(items, None), Position(0), no_tick)

    assert inspection._SAMPLES == len(sampled(bucket))


def passes(item: Item) -> object:
    if item["kind"] == "raise":
        raise KeyError
    return "maybe" if item["kind"] == "skip" else "n" in item


def test_verify_runs_the_transforms_own_check(bucket: Bucket) -> None:
    """Of every item: what fails it, and what it cannot judge, is told by class and key."""
    work = looks(bucket, verify=True, check=passes)

    work.settle(Page(ITEMS, None), Position(0), no_tick)

    expected = {"ValueError": 1, "check": 2, "KeyError": 1, "CheckReturnedOther": 1}
    assert expected == work.findings.errors
    assert ['{"id": {"S": "change-0"}}', '{"id": {"S": "delete-0"}}'] == (
        work.findings.examples["check"]
    )


def test_verify_names_items_that_would_still_change(bucket: Bucket) -> None:
    """Or be deleted; a dry run, where that is what is wanted, names none."""
    verify, dry_run = looks(bucket, verify=True), looks(bucket)
    for work in (verify, dry_run):
        work.settle(Page(ITEMS, None), Position(0), no_tick)

    names = ["change-1", "change-0", "delete-0"]
    assert [f'{{"id": {{"S": "{name}"}}}}' for name in names] == verify.findings.examples["changed"]
    assert "changed" not in dry_run.findings.examples
    assert {"ValueError": 1} == verify.findings.errors


def cannot(item: Item, context: Context) -> object:
    kind = item["kind"]
    if kind == "large":
        item["x"] = "x" * ITEM_BYTES
    elif kind == "again":
        item["n"] = item["n"] + 1
    return item


def test_what_no_migration_could_write_is_found_before(bucket: Bucket) -> None:
    """A result over 400 KB, and one that is changed again, by class and key."""
    work = Looking(Transform(cannot, CONTEXT), bucket, Place(0, 1, 1), False, False)

    items = [of_kind("large"), of_kind("again", n={"N": "1"})]
    settled = work.settle(Page(items, None), Position(0), no_tick)

    assert {"ItemTooLarge": 1, "NotAFixedPoint": 1} == work.findings.errors
    assert {
        "ItemTooLarge": ['{"id": {"S": "large-0"}}'],
        "NotAFixedPoint": ['{"id": {"S": "again-1"}}'],
    } == work.findings.examples
    assert Counts(seen=2, quarantined=2) == settled.counts


def test_a_dry_run_checks_nothing(bucket: Bucket) -> None:
    """Before a migration the items are not yet as they should be."""
    work = looks(bucket, check=passes)

    work.settle(Page(ITEMS, None), Position(0), no_tick)

    assert {"ValueError": 1} == work.findings.errors


def test_nothing_is_left_of_a_slice_that_writes_nothing(bucket: Bucket) -> None:
    """There is nothing to recognise."""
    assert Counts() == looks(bucket).begin().counts
