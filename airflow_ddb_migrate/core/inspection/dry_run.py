"""The results of a dry run: its figures and a few differences."""

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
        """What changes, and how: one example of each shape is enough."""
        return (self.outcome, *(diff.name for diff in self.attributes))


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRunReport(InspectionReport):
    """What a migration would do to the items that were checked.

    - ``read_units``: the units that the dry run itself used.
    - ``examples``: examples of changes, with item values only if the dry run shows them. They are
      in the markdown page, never in the JSON, the repr or a log.
    - ``examples_missing``: why there are no examples, or none with values.
    - ``diff_uri``: the place of all the differences that were kept.
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
        """Write units of the changes in the table, without its indexes."""
        return self.findings.units

    @property
    def attributes(self) -> Mapping[str, int]:
        """Changed attributes with the number of items, the most frequent first."""
        return dict(sorted(self.findings.attributes.items(), key=lambda item: -item[1]))

    @property
    def larger_step(self) -> int:
        """Items that grow past a multiple of 1 KB, so that every later write costs more."""
        return self.findings.larger_step

    @property
    def too_large(self) -> int:
        """Items that would exceed 400 KB; they would be quarantined."""
        return self.findings.errors.get(ITEM_TOO_LARGE, 0)

    @property
    def moving(self) -> int:
        """Items whose result the transform would change again; they would be quarantined."""
        return self.findings.errors.get(NOT_A_FIXED_POINT, 0)

    @property
    def is_sample(self) -> bool:
        """Whether only part of the table was checked."""
        return self.lanes_done < self.lanes

    def for_the_whole_table(self, number: float) -> int:
        """Return a figure projected from the checked lanes to all; all are about equally large."""
        return round(number * self.lanes / self.lanes_done) if self.lanes_done else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the figures and the keys of failing items; never a value of an item."""
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
    """Return the example of a row of the diff; without ``show_values`` only its types."""
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
    """Return a few examples: one of each shape before a second of any."""
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
    """Return the counts with texts as keys, as JSON needs, by ascending size."""
    return {str(size): count for size, count in sorted(sizes.items())}
