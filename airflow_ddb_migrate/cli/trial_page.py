"""The output of ``try``: a few lines for each item and a summary, or JSON.

Without ``--show-values``, no item value reaches this module.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.cli.trial_items import PickedItems
from airflow_ddb_migrate.core.errors import ItemError, TransformError
from airflow_ddb_migrate.core.inspection.dry_run import AttributeDiff, example_from
from airflow_ddb_migrate.core.items.binary import base64_text
from airflow_ddb_migrate.core.items.sizes import write_units
from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue
from airflow_ddb_migrate.core.text.markdown import quoted, shortened, visible

_OUTCOMES = ("changed", "deleted", "unchanged", "skipped", "refused")
_SHOWN_ATTRIBUTES = 20  # of one item; the JSON has all
_NAME_CHARS = 60
_KEY_CHARS = 300
_VALUE_CHARS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The result of ``try``. ``items`` has a row for each item (``changed_row``, ``refused_row``).

    ``next_command`` is the command to run if no item was refused. ``is_filtered`` is whether the
    transform has a FILTER.
    """

    table_name: str
    transform: str
    wanted: int
    picked: PickedItems = field(repr=False)
    items: Sequence[Mapping[str, Any]] = field(repr=False)
    show_values: bool
    is_filtered: bool
    next_command: str

    @property
    def counts(self) -> Counter[str]:
        return Counter(item["outcome"] for item in self.items)

    @property
    def write_units(self) -> int:
        return sum(item["write_units"] for item in self.items)

    def in_words(self) -> str:
        """Return the page for a terminal."""
        if not self.items:
            return self._nothing()
        lines = [line for item in self.items for line in _lines(item)]
        return "\n".join(visible(line) for line in (*lines, "", *self._summary()))

    def to_json(self) -> str:
        """Return one JSON document."""
        document = {
            "table": self.table_name,
            "transform": self.transform,
            "items": self.items,
            "counts": {outcome: self.counts[outcome] for outcome in _OUTCOMES},
            "write_units": self.write_units,
            "scanned": self.picked.scanned,
            "is_whole": self.picked.is_whole,
        }
        return json.dumps(document, indent=2)

    def require_none_refused(self) -> None:
        """Raise TransformError if an item was refused."""
        refused = self.counts["refused"]
        if refused:
            errors = Counter(item["error"]["class"] for item in self.items if item["error"])
            classes = ", ".join(f"{name} {count:,}" for name, count in sorted(errors.items()))
            raise TransformError(
                f"{refused:,} of {_number(len(self.items), 'item')} would be refused; a migration "
                f"would quarantine them ({classes}). Fix the transform and try again."
            )

    def _nothing(self) -> str:
        scanned = _number(self.picked.scanned, "item")
        if self.picked.is_whole and not self.picked.scanned:
            return f"Table {self.table_name} is empty, so there is no item to try."
        searched = "all of them" if self.picked.is_whole else "and the search ended there"
        return (
            f"No item passes the transform's FILTER. DynamoDB read {scanned} of table "
            f"{self.table_name}, {searched}."
        )

    def _summary(self) -> Iterator[str]:
        counts = self.counts
        outcomes = ", ".join(f"{counts[o]:,} {o}" for o in _OUTCOMES)
        read = _number(len(self.items), "item")
        yield f"{read} of table {self.table_name} read: {outcomes}. Nothing was written."
        yield from self._scope()
        writes = counts["changed"] + counts["deleted"]
        if writes:
            yield (
                f"{_number(self.write_units, 'write unit')} for {_number(writes, 'write')}, "
                f"{self.write_units / writes:,.1f} each, without indexes."
            )
        if writes and not self.show_values:
            yield "Only types are shown; --show-values also shows values."
        if not counts["refused"]:
            yield f"Next: {self.next_command}"

    def _scope(self) -> Iterator[str]:
        if self.is_filtered:
            scanned = _number(self.picked.scanned, "item")
            yield f"They passed the transform's FILTER; DynamoDB read {scanned} to find them."
        if self.picked.is_whole:
            filtered = "No other item of the table passes the FILTER."
            yield filtered if self.is_filtered else "The table has no other items."
        elif len(self.items) < self.wanted:
            yield f"The search ended before {self.wanted:,} items were found."


def changed_row(key: TypedItem, before: TypedItem, change: Any, *, show_values: bool) -> Any:
    """Return the row of an item that the transform accepted; ``change`` is its Change."""
    is_written = change.outcome in {"changed", "deleted"}
    assigned = dict.fromkeys(before) if change.outcome == "deleted" else change.assigned
    cell = _value if show_values else _type
    units = write_units(change.before_bytes, change.after_bytes) if is_written else 0
    return _row(
        key,
        outcome=change.outcome,
        before_bytes=change.before_bytes,
        after_bytes=change.after_bytes,
        write_units=units,
        attributes={
            name: {"before": cell(before.get(name)), "after": cell(assigned[name])}
            for name in sorted(assigned)
        },
        condition=sorted(change.expected),
    )


def refused_row(key: TypedItem, error: ItemError) -> Any:
    """Return the row of an item that a migration would quarantine. The error has no values."""
    return _row(key, outcome="refused", error={"class": error.error_class, "words": str(error)})


def _row(key: TypedItem, **fields: Any) -> Any:
    row = {
        "key": key,
        "outcome": "",
        "before_bytes": 0,
        "after_bytes": 0,
        "write_units": 0,
        "attributes": {},
        "condition": [],
        "error": None,
    }
    return json.loads(json.dumps({**row, **fields}, default=base64_text))


def _type(value: TypedValue | None) -> str:
    return next(iter(value)) if value else "-"


def _value(value: TypedValue | None) -> TypedValue | None:
    return value


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    example = example_from(row, show_values=True)  # without --show-values a row has only types
    key = shortened(example.key, _KEY_CHARS)
    if row["error"]:
        yield f"{key} refused, {row['error']['class']}: {row['error']['words']}"
    elif not row["write_units"]:
        yield f"{key} {example.outcome}"
    else:
        after = f" to {example.after_bytes:,}" if example.after_bytes else ""
        units = _number(row["write_units"], "write unit")
        yield f"{key} {example.outcome}, {example.before_bytes:,}{after} bytes, {units}"
        yield from map(_diff, example.attributes[:_SHOWN_ATTRIBUTES])
        if len(example.attributes) > _SHOWN_ATTRIBUTES:
            yield f"  and {len(example.attributes) - _SHOWN_ATTRIBUTES:,} more attributes"
        yield f"  condition: {_condition(row['condition'])}"


def _diff(diff: AttributeDiff) -> str:
    before, after = (shortened(text, _VALUE_CHARS) for text in (diff.before, diff.after))
    return f"  {_name(diff.name)}: {before} -> {after}"


def _condition(names: Sequence[str]) -> str:
    shown = ", ".join(map(_name, names[:_SHOWN_ATTRIBUTES])) or "only the key"
    more = len(names) - _SHOWN_ATTRIBUTES
    return f"{shown} and {more:,} more" if more > 0 else shown


def _name(name: str) -> str:
    return shortened(quoted(name), _NAME_CHARS)


def _number(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
