"""What a dry run found, as figures and as a page."""

import json
from typing import Any

import pytest
from airflow_ddb_migrate.core.inspection.dry_run import DryRunReport, Example, choose, example_from
from airflow_ddb_migrate.core.inspection.dry_run_page import dry_run_markdown
from airflow_ddb_migrate.core.inspection.findings import Findings
from airflow_ddb_migrate.core.ledger.counts import Counts

SECRET = "planted-value"
COUNTS = Counts(seen=1_234, changed=1_000, deleted=30, unchanged=200, skipped=3, quarantined=1)


def row(**fields: Any) -> dict[str, Any]:
    """One line of the diff in the bucket."""
    known = {
        "key": {"id": {"S": "a"}},
        "outcome": "changed",
        "before_bytes": 1_000,
        "after_bytes": 1_100,
        "attributes": {"age": {"before": "S", "after": "N"}},
    }
    return {**known, **fields}


def row_with_values() -> dict[str, Any]:
    return row(attributes={"age": {"before": {"S": SECRET}, "after": None}})


def example(**fields: Any) -> Example:
    return example_from(row(**fields), show_values=False)


def findings() -> Findings:
    found = Findings()
    found.add_sizes(1_000, 1_100)
    found.add_sizes(200, 0)
    found.add_attribute("name", "S", "S")
    for _ in range(2):
        found.add_attribute("age", "S", "N")
    found.add_error("NotAFixedPoint", '{"id": {"S": "moving"}}')
    found.add_error("ItemTooLarge", '{"id": {"S": "large"}}')
    found.add_error("KeyError", '{"id": {"S": "other"}}')
    return found


def report(**fields: Any) -> DryRunReport:
    known = {
        "migration_id": "orders-dry",
        "of": "orders-1",
        "table": "orders",
        "transform": "split_name",
        "lanes_done": 4,
        "lanes_wanted": 4,
        "lanes": 4,
        "counts": COUNTS,
        "read_units": 12.5,
        "findings": findings(),
        "diff_uri": "s3://bucket/migrations/orders-dry/diff/",
    }
    return DryRunReport(**{**known, **fields})


class TestFigures:
    def test_what_a_plan_is_corrected_by(self) -> None:
        """Items, units and attributes, the most frequent first."""
        dry_run = report()
        assert (1_234, 1_000, 30, 3) == (
            dry_run.seen,
            dry_run.changed,
            dry_run.deleted,
            dry_run.write_units,
        )
        assert [("age", 2), ("name", 1)] == list(dry_run.attributes.items())
        assert (1, 1, 1) == (dry_run.larger_step, dry_run.too_large, dry_run.moving)

    @pytest.mark.parametrize(
        ("done", "wanted", "complete", "sample", "projected"),
        [(4, 4, True, False, 10), (2, 2, True, True, 20), (1, 2, False, True, 40), (0, 2, 0, 1, 0)],
        ids=["all", "sampled", "not finished", "nothing yet"],
    )
    def test_how_much_was_looked_at(
        self, done: int, wanted: int, complete: bool, sample: bool, projected: int
    ) -> None:
        """A figure is projected from the lanes that are done to all lanes of the table."""
        dry_run = report(lanes_done=done, lanes_wanted=wanted)
        assert (complete, sample, projected) == (
            dry_run.is_complete,
            dry_run.is_sample,
            dry_run.for_the_whole_table(10),
        )


class TestExamples:
    def test_types(self) -> None:
        """A row without values says types, and what is absent."""
        (diff,) = example().attributes
        assert ("age", "S", "N") == (diff.name, diff.before, diff.after)

    def test_values(self) -> None:
        """A row with values says them where they may be shown."""
        (diff,) = example_from(row_with_values(), show_values=True).attributes
        assert (f'{{"S": "{SECRET}"}}', "-") == (diff.before, diff.after)

    @pytest.mark.parametrize("cell", [{"S": SECRET}, SECRET, [SECRET], {SECRET: 1}, 5], ids=str)
    def test_no_value_where_none_may_be(self, cell: Any) -> None:
        """Whatever a row has in it, without show_values it becomes a type or a question mark."""
        one = example_from(row(attributes={"a": {"before": cell, "after": "-"}}), show_values=False)
        assert SECRET not in repr(one)
        assert one.attributes[0].before in {"S", "?"}

    def test_different_ones_first(self) -> None:
        """One of each shape before a second of any: by outcome and attributes."""
        same = [example(key={"id": {"N": str(n)}}) for n in range(9)]
        deleted = example(outcome="deleted")
        assert (same[0], deleted, same[1]) == choose([*same, deleted], 3)


class TestMarkdown:
    def test_says_everything(self) -> None:
        """Counts, cost, sizes, attributes, types, errors with keys, examples, and where more is."""
        page = dry_run_markdown(report(examples=(example(),)))
        for line in (
            "# Dry run of `split_name` on table `orders`",
            "**Nothing was written.** 4 of 4 segments were checked, the whole table.",
            "| seen | 1,234 |",
            "| would be changed | 1,000 |",
            "| would be deleted | 30 |",
            "| would be quarantined | 1 |",
            "| stay as they are | 200 |",
            "| skipped by the transform | 3 |",
            "| 256 bytes | 1 | 0 |",
            "| 1 KB | 1 | 0 |",
            "| 2 KB | 0 | 1 |",
            "| `age` | 2 |",
            "| `age: S -> N` | 2 |",
            '  - `{"id": {"S": "moving"}}`',
            "- `KeyError` 1",
            '- `{"id": {"S": "a"}}` changed, 1,000 to 1,100 bytes',
            "  - `age`: `S` → `N`",
            "Kept differences: `s3://bucket/migrations/orders-dry/diff/`",
        ):
            assert line in page.splitlines()
        assert "**3 write units** on the table" in page
        assert "costs more: 1. Items that would exceed 400 KB: 1." in page

    def test_of_a_sample(self) -> None:
        """It says what share was looked at, and what that makes for the whole table."""
        page = dry_run_markdown(report(lanes=400))
        assert "**Nothing was written.** 4 of 400 segments were checked.\n" in page
        assert "about 100,000 changed items, 3,000 deleted items and 300 write units." in page

    def test_of_one_that_is_not_finished(self) -> None:
        """Its figures are not taken for all."""
        assert "**It is not finished**: 3 segments" in dry_run_markdown(report(lanes_done=1))

    def test_of_nothing(self) -> None:
        """An empty table is a page, too."""
        page = dry_run_markdown(report(counts=Counts(), findings=Findings(), lanes_done=0))
        assert "**It saw no items**" in page
        assert "## Sizes" not in page
        assert "## Errors\n\nNone.\n" in page
        assert "## Examples\n\nNone.\n" in page

    def test_why_there_are_no_examples(self) -> None:
        """A missing permission is told in their place."""
        page = dry_run_markdown(report(examples_missing="unknown: Access denied"))
        assert "## Examples\n\nunknown: Access denied\n" in page

    def test_is_bounded(self) -> None:
        """As many attributes, types and errors as there may be, all of them long, fit a page."""
        found = Findings()
        for number in range(500):
            found.add_attribute(f"{number:03d}" * 20_000, "S", "N")
            for _ in range(9):
                found.add_error(f"{number:03d}" * 20_000, "k" * 303)
        cells = {"n" * 60_000 + str(i): {"before": "S", "after": "N"} for i in range(500)}
        many = tuple(example(attributes=cells) for _ in range(10))
        page = dry_run_markdown(report(findings=found, examples=many))
        assert len(page) < 60_000
        assert "And 181 more." in page
        assert "  - and 492 more attributes" in page

    def test_one_line_each(self) -> None:
        """A name or key with line ends and markup stays in its line and cell."""
        found = Findings()
        found.add_attribute("a|b\n# c`d", "S", "N")
        page = dry_run_markdown(report(findings=found))
        assert r"| ``a\|b\n# c`d`` | 1 |" in page


class TestValues:
    def test_only_on_the_page(self) -> None:
        """Values of examples are in the markdown, shortened, and in nothing else."""
        long = row(attributes={"a": {"before": "-", "after": {"S": SECRET + "x" * 1_000}}})
        dry_run = report(examples=(example_from(long, show_values=True),))
        page = dry_run_markdown(dry_run)
        assert SECRET in page
        assert "x" * 100 not in page
        assert SECRET not in dry_run.to_json() + repr(dry_run)

    def test_nowhere_without_show_values(self) -> None:
        """Though the bucket's rows hold them."""
        dry_run = report(examples=(example_from(row_with_values(), show_values=False),))
        assert SECRET not in dry_run_markdown(dry_run) + dry_run.to_json() + repr(dry_run)


def test_the_json_has_all_figures() -> None:
    """Those of the page, uncut, as plain data."""
    data = report().to_dict()
    assert data == json.loads(report().to_json())
    assert {"1024": 1, "256": 1} == data["bytes_before"]
    assert {"2048": 1} == data["bytes_after"]
    assert COUNTS.to_dict() == data["counts"]
    assert ['{"id": {"S": "moving"}}'] == data["keys"]["NotAFixedPoint"]
