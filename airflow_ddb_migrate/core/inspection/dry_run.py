"""What a dry run found: the figures, a few differences, and the page a person decides by."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.core.inspection.report import InspectionReport

NOT_A_FIXED_POINT = "NotAFixedPoint"
ITEM_TOO_LARGE = "ItemTooLarge"

EXAMPLES = 10

_TYPES = frozenset({"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"})
_ABSENT = "-"
_UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class AttributeDiff:
    """One attribute before and after: its types, or its typed values as JSON; ``-`` is absent."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One item that would change. ``key`` is typed JSON; after 0 bytes: deleted."""

    key: str
    outcome: str
    before_bytes: int
    after_bytes: int
    attributes: tuple[AttributeDiff, ...]

    @property
    def shape(self) -> tuple[str, ...]:
        """Items of one shape change in the same way: one of them is enough to look at."""
        return (self.outcome, *(diff.name for diff in self.attributes))


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRunReport(InspectionReport):
    """What a migration would do to the items that were looked at.

    ``read_units`` were spent on looking. ``examples`` may hold item values (only where
    the dry run shows them): they are in the markdown, never in the JSON, the repr or a log.
    ``examples_missing`` says why there are none, or none with values; ``diff_uri`` where all
    differences are that were kept.
    """

    read_units: float
    diff_uri: str
    examples: tuple[Example, ...] = field(default=(), repr=False)
    examples_missing: str = ""

    @property
    def seen(self) -> int:
        return self.counts.seen

    @property
    def changed(self) -> int:
        return self.counts.changed

    @property
    def deleted(self) -> int:
        return self.counts.deleted

    @property
    def write_units(self) -> int:
        """Write units of the changes on the table; its indexes come on top."""
        return self.findings.units

    @property
    def attributes(self) -> Mapping[str, int]:
        """Changed attributes, with how many items change each: the most frequent first."""
        return dict(sorted(self.findings.attributes.items(), key=lambda item: -item[1]))

    @property
    def larger_step(self) -> int:
        """Items that cross a 1 KB step upwards, and so cost more with every later write."""
        return self.findings.larger_step

    @property
    def too_large(self) -> int:
        """Items that would exceed 400 KB; they would be quarantined."""
        return self.findings.errors.get(ITEM_TOO_LARGE, 0)

    @property
    def moving(self) -> int:
        """Items whose result the transform changes again; they would be quarantined."""
        return self.findings.errors.get(NOT_A_FIXED_POINT, 0)

    @property
    def is_sample(self) -> bool:
        """Return whether less than the whole table was looked at."""
        return self.lanes_done < self.lanes

    def for_the_whole_table(self, number: float) -> int:
        """Project a figure of the lanes that were looked at; lanes are about equally large."""
        return round(number * self.lanes / self.lanes_done) if self.lanes_done else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the figures and the keys of errors; never a value of an item."""
        return {
            **self.head(),
            "read_units": self.read_units,
            "write_units": self.write_units,
            "larger_step": self.larger_step,
            "too_large": self.too_large,
            "bytes_before": _by_text(self.findings.before),
            "bytes_after": _by_text(self.findings.after),
            "attributes": dict(self.attributes),
            "type_changes": dict(self.findings.type_changes),
            "errors": dict(self.findings.errors),
            "diff_uri": self.diff_uri,
        }

    def to_json(self) -> str:
        """Return ``to_dict`` as text, for the ledger."""
        return json.dumps(self.to_dict())


def example_from(row: Mapping[str, Any], *, show_values: bool) -> Example:
    """Read a row of the diff; without ``show_values`` its types, whatever else is in it."""
    shown = _value if show_values else _type
    return Example(
        key=_json(row["key"]),
        outcome=str(row["outcome"]),
        before_bytes=int(row["before_bytes"]),
        after_bytes=int(row["after_bytes"]),
        attributes=tuple(
            AttributeDiff(name, shown(cell["before"]), shown(cell["after"]))
            for name, cell in row["attributes"].items()
        ),
    )


def choose(examples: Iterable[Example], number: int = EXAMPLES) -> tuple[Example, ...]:
    """Take a few: one of each shape before a second of any."""
    return tuple(_different_first(list(examples)))[:number]


def _different_first(examples: list[Example]) -> Iterator[Example]:
    seen: set[tuple[str, ...]] = set()
    repeated = []
    for example in examples:
        if example.shape in seen:
            repeated.append(example)
        else:
            seen.add(example.shape)
            yield example
    yield from repeated


def _type(cell: object) -> str:
    if cell is None:
        return _ABSENT
    name = next(iter(cell), "") if isinstance(cell, Mapping) else cell
    return name if isinstance(name, str) and name in {*_TYPES, _ABSENT} else _UNKNOWN


def _value(cell: object) -> str:
    return _json(cell) if isinstance(cell, Mapping) else _type(cell)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _by_text(sizes: Mapping[int, int]) -> dict[str, int]:
    """JSON has no other keys than texts; in ascending order of size."""
    return {str(size): count for size, count in sorted(sizes.items())}
