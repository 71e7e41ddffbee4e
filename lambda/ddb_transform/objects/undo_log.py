"""The undo log: what a page is about to write, durable before it is written.

Each page has one object of intents: ``k`` key, ``o`` old and ``n`` new values of the changed
attributes (null where absent), ``d`` a deleted item. A second object has the positions of the
intents that did not land; it is written before the cursor moves.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.aws.services.bucket import UNDO, Bucket, Row
from airflow_ddb_migrate.core.items.binary import unwired
from airflow_ddb_migrate.core.items.sizes import attribute_bytes, item_bytes
from airflow_ddb_migrate.core.ledger.records import LaneRow, TypedItem, TypedValue
from ddb_transform.contract.intent import Change, Intent
from ddb_transform.contract.keys import identity
from ddb_transform.objects.object_names import (
    Place,
    behind,
    folder_of,
    is_void,
    path_of,
    stem_of,
    void_of,
)


@dataclass(slots=True, eq=False, repr=False)
class UndoLog:
    """Writes the log of one slice."""

    bucket: Bucket
    place: Place
    last: str = ""

    def begin(self, intents: Sequence[Intent]) -> Callable[[Iterable[int]], None]:
        """Make the intents durable; return what to call with the positions of void ones."""
        stem = self.place.next(UNDO)
        self.bucket.put(path_of(stem), map(_row, intents))
        self.last = behind(stem)

        def settle(void: Iterable[int]) -> None:
            places = [{"i": place} for place in void]
            if places:
                self.bucket.put(void_of(stem), places)

        return settle


@dataclass(frozen=True, slots=True)
class Orphan:
    """A deletion that was intended by a page that was never finished, and where its record is."""

    key: TypedItem
    stem: str
    place: int


@dataclass(slots=True)
class UnsettledIntents:
    """Intents of pages that were begun and, as far as the ledger knows, not finished.

    ``changed`` are identities of keys; ``deleted`` has the orphans of a key by its identity;
    ``voided`` are the objects with a void record; ``last`` is a name after the last object.
    """

    changed: set[str] = field(default_factory=set)
    deleted: dict[str, list[Orphan]] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)
    last: str = ""

    def void(self, keys: Iterable[str], bucket: Bucket) -> None:
        """Record deletions as void if their items exist and are not deleted this time either.

        Otherwise an undo would restore such an item after live traffic has deleted it. A zombie
        cannot delete it any more: its condition has what made the transform decide otherwise.
        """
        places: dict[str, set[int]] = {}
        for key in keys:
            for orphan in self.deleted.pop(key, ()):
                places.setdefault(orphan.stem, set()).add(orphan.place)
        for stem, new in places.items():
            known = _void_places(bucket, stem) if stem in self.voided else set()
            self.voided.add(stem)
            bucket.put(void_of(stem), [{"i": place} for place in sorted(known | new)])


def unsettled(bucket: Bucket, row: LaneRow) -> UnsettledIntents:
    """Read what earlier invocations of this lane may have written after its cursor."""
    found = UnsettledIntents()
    if row.laps <= 1 and row.attempt <= 1:
        return found
    for stem, has_void in _stems(bucket.paths(folder_of(UNDO, row.lane), after=row.logged)):
        found.last = behind(stem)
        if has_void:
            found.voided.add(stem)
        for place, record in _placed(bucket, stem, has_void=has_void):
            key = unwired(record["k"])
            if "d" in record:
                found.deleted.setdefault(identity(key), []).append(Orphan(key, stem, place))
            else:
                found.changed.add(identity(key))
    return found


def stems(bucket: Bucket, lane: int) -> list[tuple[str, bool]]:
    """Return the stems of a lane's log, ascending, each with whether it has a void record."""
    return list(_stems(bucket.paths(folder_of(UNDO, lane))))


def records(bucket: Bucket, stem: str, *, has_void: bool) -> list[Row]:
    """Return the intents of one object that are not void."""
    return [row for _, row in _placed(bucket, stem, has_void=has_void)]


def reverse(record: Row) -> Intent:
    """Return the write that undoes an intent if the item still has what it wrote."""
    key = unwired(record["k"])
    if "d" in record:
        item = unwired(record["d"])
        return Intent(key, Change("restored", item, after_bytes=item_bytes(item)), {})
    old, new = _values(record["o"]), _values(record["n"])
    # The rest of the item is unknown: these sizes limit a batch, and are its minimum cost.
    return Intent(key, Change("changed", old, new, _bytes(key, new), _bytes(key, old)), {})


def _placed(bucket: Bucket, stem: str, *, has_void: bool) -> list[tuple[int, Row]]:
    void = _void_places(bucket, stem) if has_void else set()
    rows = enumerate(bucket.get(path_of(stem)))
    return [(place, row) for place, row in rows if place not in void]


def _void_places(bucket: Bucket, stem: str) -> set[int]:
    return {row["i"] for row in bucket.get(void_of(stem))}


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
    """Pair each object with its void record, which sorts right after it."""
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
