"""Was anything wrong after a run? Pure: what is known of it, to violations.

Live traffic is judged by ``tests.live.checker``; here is what a whole migration owes besides.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from typing import Any

from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import LeaseRecord, LeaseState
from tests.live import checker as live
from tests.live.history import Item, Kind, Operation, marker_of, number_in

_SETTLED = attrgetter(
    "changed", "deleted", "unchanged", "already", "skipped", "gone", "quarantined"
)

_BACK = (live.Rule.RESURRECTED, live.Rule.LOST)


class Rule(StrEnum):
    """What must never be seen, besides what ``tests.live.checker.Rule`` names."""

    NOT_UNDONE = "an item as the migration wrote it, after its undo"
    NO_UNDO = "a change that the undo log does not have"
    WRONG_UNDO = "an intent of the undo log without the value that was there before"
    COUNTS = "items seen are not the sum of what became of them, or not the table's"
    CAPACITY = "the table's capacity is not what it was"
    OWED = "the ledger says that capacity is still owed"
    LEASE = "the table is not free"
    END = "it did not end as it may"
    WRITTEN = "a table was written to that is not the migration's"
    LEAK = "a value of an item in a log, a state or a message"


@dataclass(frozen=True, slots=True)
class Violation:
    """``rule`` of this module or of ``tests.live.checker``; ``detail`` names keys, no values."""

    rule: StrEnum
    detail: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.detail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """One migration's counts. ``is_whole``: it went through the whole table to its end."""

    name: str
    counts: Counts
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known after a run.

    ``undo`` are the records of the undo log that are not void, of all migrations of the table, as
    the product reads them. ``history`` and ``at_end`` are as in ``tests.live.checker.check``.
    ``is_undone``: the last migration was an undo, and ``undo`` is of the one before.
    """

    history: Sequence[Operation]
    at_end: Sequence[Operation]
    has_totals: bool
    loaded: Sequence[str]
    undo: Sequence[Mapping[str, Any]]
    migrations: Sequence[Migrated]
    before: Mapping[str, int]
    after: Mapping[str, int]
    lease: LeaseRecord | None
    leaks: Sequence[str] = field(default=())
    is_undone: bool = False


def check(evidence: Evidence) -> list[Violation]:
    """Return every violation."""
    return [
        *_live(evidence),
        *_undo(evidence),
        *_counts(evidence),
        *_capacity(evidence),
        *_lease(evidence.lease),
        *(Violation(Rule.LEAK, where) for where in evidence.leaks),
    ]


def _live(evidence: Evidence) -> Iterator[Violation]:
    """What lost the race three times is set aside, and then it is not migrated."""
    found = live.check(evidence.history, evidence.at_end, has_totals=evidence.has_totals)
    quarantined = evidence.migrations[-1].counts.quarantined if evidence.migrations else 0
    unmigrated = [one for one in found if one.rule is live.Rule.UNMIGRATED]
    may_be_unmigrated = evidence.is_undone or len(unmigrated) <= quarantined
    put_back = set(_put_back(evidence))
    for one in found:
        is_allowed = one.rule is live.Rule.UNMIGRATED and may_be_unmigrated
        is_known = one.rule in _BACK and one.key in put_back
        if not is_allowed and not is_known:
            yield Violation(one.rule, f"{one.key} (found by {_words(one.evidence)})")


def _words(evidence: Operation) -> str:
    """Name an operation, and the write that what it found came from; no values."""
    return f"{evidence.kind} {evidence.number}: from write {marker_of(evidence.found or {})}"


def _put_back(evidence: Evidence) -> Iterator[str]:
    """Name what the migration deleted and the undo may have put back.

    A live delete in between found nothing to delete, so nothing tells the undo of it: see
    docs/writes.md.
    """
    for record in evidence.undo if evidence.is_undone else ():
        if "d" in record:
            yield record["k"]["id"]["S"]


def _undo(evidence: Evidence) -> Iterator[Violation]:
    records: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for record in evidence.undo:
        records[record["k"]["id"]["S"]].append(record)
    by_key: dict[str, list[Operation]] = defaultdict(list)
    for operation in evidence.history:
        by_key[operation.key].append(operation)
    for read in evidence.at_end:
        mine = records[read.key]
        if read.found and evidence.is_undone:
            yield from _undone(read.key, read.found, mine)
        elif read.found:
            yield from _undo_of_change(read.key, read.found, mine)
        elif _only_we_deleted(by_key[read.key]):
            yield from _undo_of_deletion(read.key, by_key[read.key], mine)


def _undo_of_change(
    key: str, item: Item, records: Iterable[Mapping[str, Any]]
) -> Iterator[Violation]:
    """Live traffic never writes a stamp, so whoever has one was changed by the migration."""
    if "stamp" not in item:
        return
    changes = [record for record in records if "n" in record]
    mine = [record for record in changes if record["n"].get("stamp") == item["stamp"]]
    if not mine:
        yield Violation(Rule.NO_UNDO, key)
    for record in mine:
        old = record["o"]
        is_new = old.get("stamp") == item["stamp"] or old.get("total") == record["n"].get("total")
        if old.keys() != record["n"].keys() or is_new:
            yield Violation(Rule.WRONG_UNDO, key)


def _undone(key: str, item: Item, records: Iterable[Mapping[str, Any]]) -> Iterator[Violation]:
    """Whoever has all that the migration wrote was not changed since, so nothing kept the undo."""
    for record in (record for record in records if "n" in record):
        if all(item.get(name) == value for name, value in record["n"].items()):
            yield Violation(Rule.NOT_UNDONE, key)


def _only_we_deleted(operations: Sequence[Operation]) -> bool:
    deleted = any(o.kind is Kind.DELETE and o.may_have_happened for o in operations)
    written = any(o.kind is Kind.WRITE and o.happened for o in operations)
    return written and not deleted


def _undo_of_deletion(
    key: str, operations: Sequence[Operation], records: Iterable[Mapping[str, Any]]
) -> Iterator[Violation]:
    items = [record["d"] for record in records if "d" in record]
    if not items:
        yield Violation(Rule.NO_UNDO, key)
    numbers = {o.number for o in operations if o.may_have_happened}
    for item in items:
        if number_in(item, "marker") not in numbers or not item.get("expired"):
            yield Violation(Rule.WRONG_UNDO, key)


def _counts(evidence: Evidence) -> Iterator[Violation]:
    deleted = {o.key for o in evidence.history if o.kind is Kind.DELETE and o.may_have_happened}
    expired = {o.key for o in evidence.history if o.wrote.get("expired")}
    steady = {*evidence.loaded} - deleted
    keys = len(evidence.at_end)
    for one in evidence.migrations:
        seen, settled = one.counts.seen, sum(_SETTLED(one.counts))
        if seen != settled:
            yield Violation(Rule.COUNTS, f"{one.name}: {seen} seen, {settled} settled")
        if one.is_whole and not len(steady) <= seen <= keys:
            least = f"at least {len(steady)}, at most {keys}"
            yield Violation(Rule.COUNTS, f"{one.name}: {seen} seen of {least}")
        steady -= expired  # the first migration has deleted them


def _capacity(evidence: Evidence) -> Iterator[Violation]:
    if evidence.before != evidence.after:
        yield Violation(Rule.CAPACITY, f"{dict(evidence.before)} became {dict(evidence.after)}")


def _lease(lease: LeaseRecord | None) -> Iterator[Violation]:
    if lease is None:
        return
    if lease.owes_capacity:
        yield Violation(Rule.OWED, f"{lease.migration_id}: {lease.capacity_state}")
    if lease.state is not LeaseState.FREE:
        yield Violation(Rule.LEASE, f"held by {lease.migration_id}")
