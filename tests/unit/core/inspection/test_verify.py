"""What the check after a migration found, and whether it is good enough."""

from typing import Any

import pytest
from airflow_ddb_migrate.core.inspection.findings import CHECK, Findings
from airflow_ddb_migrate.core.inspection.verify import VerifyReport
from airflow_ddb_migrate.core.ledger.counts import Counts


def report(found: Findings | None = None, **fields: Any) -> VerifyReport:
    """A check that found nothing wrong."""
    known = {
        "migration_id": "orders-check",
        "of": "orders-1",
        "table": "orders",
        "transform": "split_name",
        "lanes_done": 4,
        "lanes_wanted": 4,
        "lanes": 4,
        "counts": Counts(seen=1_000, unchanged=1_000),
        "findings": found or Findings(),
    }
    return VerifyReport(**{**known, **fields})


def wrong() -> Findings:
    found = Findings(examples={"changed": ["key-of-changed"]})
    found.add_error(CHECK, "key-of-check")
    found.add_error(CHECK, "second-of-check")
    found.add_error("KeyError", "key-of-error")
    return found


@pytest.mark.parametrize(
    ("counts", "found", "left"),
    [
        (Counts(seen=9, unchanged=9), None, 0),
        (Counts(seen=9, changed=2, deleted=1), None, 3),
        (Counts(seen=9, unchanged=9), wrong(), 3),
        (Counts(seen=9, changed=2, quarantined=1), wrong(), 5),
    ],
    ids=["nothing", "would change", "fails", "both"],
)
def test_what_is_left(counts: Counts, found: Findings | None, left: int) -> None:
    """Items that would change or be deleted, fail the check, or raise; so many are allowed."""
    checked = report(found, counts=counts)
    assert (left, True) == (checked.left, checked.is_within(left))
    assert not checked.is_within(left - 1)


def test_what_was_not_looked_at_is_not_good() -> None:
    """However much is allowed."""
    checked = report(lanes_done=3)
    assert not checked.is_within(1_000_000)
    assert checked.failure(5).startswith("1 of 4 segments are not checked. Of 1,000 items 0 would")


def test_a_failure_says_numbers_tolerance_and_keys() -> None:
    """And what to do about it."""
    said = report(wrong(), counts=Counts(seen=1_000, changed=7, unchanged=993)).failure(2)
    assert said.startswith(
        "Of 1,000 items 7 would still change, 2 fail the transform's check and 1 fail with an "
        "error (KeyError 1); 2 are allowed. Keys: changed: key-of-changed; "
        "check: key-of-check, second-of-check; KeyError: key-of-error."
    )
    assert "run the migration again" in said


def test_the_page_says_the_same() -> None:
    """As a person reads it."""
    page = report(wrong(), counts=Counts(seen=1_000, changed=7)).to_markdown()
    for line in (
        "# Check of `split_name` on table `orders`",
        "4 of 4 segments were checked.",
        "| would still change | 7 |",
        "| fail the transform's check | 2 |",
        "| `KeyError` | 1 |",
        "- `changed`: `key-of-changed`",
    ):
        assert line in page.splitlines()


def test_the_data_has_figures_and_keys() -> None:
    """For XCom and the ledger."""
    data = report(wrong()).to_dict()
    assert (0, 2, {"KeyError": 1}) == (data["would_change"], data["check_failed"], data["errors"])
    assert ["key-of-error"] == data["keys"]["KeyError"]
