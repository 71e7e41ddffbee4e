"""The undo log: what a page is about to write, durable before it is written.

One object of intents per page (``k`` key, ``o`` old and ``n`` new values of the changed
attributes, null where absent; ``d`` a deleted item), and beside it the places of the intents that
did not land, recorded before the cursor moves.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.aws.bucket import Bucket, Row
from airflow_ddb_migrate.core.records import LaneRow, TypedItem, TypedValue
from airflow_ddb_migrate.core.sizes import attribute_bytes, item_bytes
from airflow_ddb_migrate.core.wire import unwired

from ddb_transform.keys import identity
from ddb_transform.place import Place, behind, folder_of, is_void, path_of, stem_of, void_of
from ddb_transform.transform import Change
from ddb_transform.writer import Intent

FOLDER = "undo"


@dataclass(slots=True)
class UndoLog:
    """Writes the log of one slice."""

    bucket: Bucket
    place: Place
    last: str = ""

    def begin(self, intents: Sequence[Intent]) -> Callable[[Iterable[int]], None]:
        """Make the intents durable; returns what to call with the places of those that are void."""
        stem = self.place.next(FOLDER)
        self.bucket.put(path_of(stem), map(_row, intents))
        self.last = behind(stem)

        def settle(void: Iterable[int]) -> None:
            places = [{"i": place} for place in void]
            if places:
                self.bucket.put(void_of(stem), places)

        return settle


@dataclass(slots=True)
class Unsettled:
    """Intents of pages that were begun and, for all the ledger knows, not finished.

    ``changed`` are identities of keys; ``deleted`` maps them to the keys; ``last`` is a name behind
    the last object.
    """

    changed: set[str] = field(default_factory=set)
    deleted: dict[str, TypedItem] = field(default_factory=dict)
    last: str = ""


def unsettled(bucket: Bucket, row: LaneRow) -> Unsettled:
    """Read what earlier invocations of this lane may have written behind its cursor."""
    found = Unsettled()
    if row.laps <= 1 and row.attempt <= 1:
        return found
    for stem, has_void in _stems(bucket.paths(folder_of(FOLDER, row.lane), after=row.logged)):
        found.last = behind(stem)
        for record in records(bucket, stem, has_void=has_void):
            if "d" in record:
                key = unwired(record["k"])
                found.deleted[identity(key)] = key
            else:
                found.changed.add(identity(unwired(record["k"])))
    return found


def stems(bucket: Bucket, lane: int) -> list[tuple[str, bool]]:
    """Return the stems of a lane's log in ascending order, each with whether it has voids."""
    return list(_stems(bucket.paths(folder_of(FOLDER, lane))))


def records(bucket: Bucket, stem: str, *, has_void: bool) -> list[Row]:
    """Return the intents of one object that are not void."""
    void = {row["i"] for row in bucket.get(void_of(stem))} if has_void else set()
    rows = enumerate(bucket.get(path_of(stem)))
    return [row for place, row in rows if place not in void]


def reverse(record: Row) -> Intent:
    """Return the write that undoes an intent, only where the item still holds what it wrote."""
    key = unwired(record["k"])
    if "d" in record:
        item = unwired(record["d"])
        return Intent(key, Change("restored", item, after_bytes=item_bytes(item)), {})
    old, new = _values(record["o"]), _values(record["n"])
    # The rest of the item is not known: these bound a batch, and are the least that it costs.
    return Intent(key, Change("changed", old, new, _bytes(key, new), _bytes(key, old)), {})


def _row(intent: Intent) -> dict[str, Any]:
    change = intent.change
    if change.outcome == "deleted":
        return {"k": intent.key, "d": intent.before}
    return {
        "k": intent.key,
        "o": {name: intent.before.get(name) for name in change.assigned},
        "n": change.assigned,
    }


def _values(values: Row) -> dict[str, TypedValue | None]:
    present = unwired({name: value for name, value in values.items() if value is not None})
    return {name: present.get(name) for name in values}


def _bytes(key: TypedItem, values: dict[str, TypedValue | None]) -> int:
    return item_bytes(key) + sum(attribute_bytes(n, v) for n, v in values.items() if v is not None)


def _stems(paths: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Pair each object with its void record, which sorts right behind it."""
    stem, has_void = "", False
    for path in paths:
        if is_void(path) and stem_of(path) == stem:
            has_void = True
            continue
        if stem:
            yield stem, has_void
        stem, has_void = "" if is_void(path) else stem_of(path), False
    if stem:
        yield stem, has_void
