"""What a mode without writes has found: sizes, units, errors and failed checks."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from airflow_ddb_migrate.core.items.sizes import write_units
from airflow_ddb_migrate.core.limits import ITEM_BYTES

CHECK = "check"  # the class of items that fail the transform's own check
OTHERS = "(others)"
CHANGED = "changed"

_SHOWN_KEYS = 5
_SHOWN_NAMES = 20
_NAMES = 200
_BUCKETS = (128, 256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 65_536, 262_144, ITEM_BYTES)


@dataclass(slots=True)
class Findings:
    """The findings of one lane, or of several added up.

    - ``before`` and ``after``: numbers of items by size; a key is the upper bound in bytes.
    - ``units``: the write units that the changes would cost in the table, without indexes.
    - ``larger_step``: items that grow past a multiple of 1 KB.
    - ``errors``: numbers of items by error class; ``check`` are those that fail the transform's own
      check.
    - ``examples``: the first keys of each class; ``changed`` are those of items that a migration
      would still change.
    """

    before: dict[int, int] = field(default_factory=dict)
    after: dict[int, int] = field(default_factory=dict)
    units: int = 0
    larger_step: int = 0
    attributes: dict[str, int] = field(default_factory=dict)
    type_changes: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add_sizes(self, before_bytes: int, after_bytes: int) -> None:
        """Count one item that would be written. ``after`` is 0 if it would be deleted."""
        _count(self.before, _bucket(before_bytes))
        if after_bytes:
            _count(self.after, _bucket(after_bytes))
        self.units += write_units(before_bytes, after_bytes)
        if write_units(after_bytes, 0) > write_units(before_bytes, 0):
            self.larger_step += 1

    def add_attribute(self, name: str, before: str, after: str) -> None:
        """Count a changed attribute by its types; ``-`` is absent."""
        _count(self.attributes, name)
        if "-" not in {before, after} and before != after:
            _count(self.type_changes, f"{name}: {before} -> {after}")

    def add_error(self, error_class: str, key: str) -> None:
        """Count an item that could not be migrated, or failed the transform's check."""
        _count(self.errors, error_class)
        self._show(error_class, [key])

    def add_changed(self, key: str) -> None:
        """Keep the key of an item that would still be changed or deleted; this is not an error."""
        self._show(CHANGED, [key])

    def _show(self, name: str, keys: list[str]) -> None:
        if name in self.examples or len(self.examples) < _SHOWN_NAMES:
            shown = self.examples.setdefault(name, [])
            shown += keys[: _SHOWN_KEYS - len(shown)]

    def __bool__(self) -> bool:
        return bool(self.before or self.errors or self.examples)

    def to_json(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__}) if self else ""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read findings; an empty text gives empty findings."""
        fields: dict[str, Any] = json.loads(text) if text else {}
        for name in ("before", "after"):
            fields[name] = {int(size): count for size, count in fields.get(name, {}).items()}
        known = {name: fields[name] for name in cls.__slots__ if name in fields}
        return cls(**known)

    @classmethod
    def sum(cls, all_findings: Iterable[Self]) -> Self:
        """Add up the findings of many lanes."""
        total = cls()
        for one in all_findings:
            total._add(one)
        return total

    def _add(self, other: Self) -> None:
        self.units += other.units
        self.larger_step += other.larger_step
        for name in ("before", "after", "attributes", "type_changes", "errors"):
            _merge(getattr(self, name), getattr(other, name))
        for error_class, keys in other.examples.items():
            self._show(error_class, keys)


def _bucket(size: int) -> int:
    return next((bound for bound in _BUCKETS if size <= bound), _BUCKETS[-1])


def _count(counter: dict[Any, int], name: Any, number: int = 1) -> None:
    """Count under a name; beyond some, new names count together, since a lane row is limited."""
    known = name if name in counter or len(counter) < _NAMES else OTHERS
    counter[known] = counter.get(known, 0) + number


def _merge(counter: dict[Any, int], other: Mapping[Any, int]) -> None:
    for name, number in other.items():
        _count(counter, name, number)
