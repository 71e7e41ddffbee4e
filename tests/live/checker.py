"""Did a migration harm live traffic? Pure: a history and the table at its end, to violations.

Every request that tells what it found is evidence, not only the read at the end: an update that
was overwritten shows in the next request on its key, even if that one repairs it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.live.history import UNKNOWN, Item, Kind, Operation, marker_of, number_in


class Rule(StrEnum):
    """What must never be seen."""

    LOST = "an acknowledged write was overwritten by what was there before it"
    VANISHED = "an item is gone that nobody deleted"
    RESURRECTED = "a deleted item is back"
    FOREIGN = "an item that no live write made"
    TORN = "attributes that one write set do not belong together"
    STALE = "the total is not the sum of the current values"
    UNMIGRATED = "an item that the migration left as it was"


@dataclass(frozen=True, slots=True)
class Violation:
    rule: Rule
    key: str
    evidence: Operation


def check(
    history: Iterable[Operation], at_end: Sequence[Operation], *, has_totals: bool
) -> list[Violation]:
    """Return every violation; ``at_end`` are the reads of all keys after all else.

    ``has_totals``: live writes wrote the new format, so that a total must be right at any time.
    Without it, only those items must be migrated that were last written while they were due.
    """
    by_key: dict[str, list[Operation]] = defaultdict(list)
    for operation in [*history, *at_end]:
        by_key[operation.key].append(operation)
    found = [v for operations in by_key.values() for v in _check_sources(operations)]
    if has_totals:
        found += [_violation(Rule.STALE, o) for o in history if o.found and _is_stale(o.found)]
        due = list(at_end)
    else:
        due = [read for read in at_end if _was_due(read, by_key[read.key])]
    return found + [v for read in due for v in _check_migrated(read)]


def _check_sources(operations: Sequence[Operation]) -> Iterator[Violation]:
    """Judge all that was found under one key by the writes it may have come from."""
    effects = [_unborn(operations[0].key), *(o for o in operations if o.may_have_happened)]
    for evidence in operations:
        if evidence.found is not None:
            rule = _judge(evidence.found, _sources(evidence, effects), effects)
            if rule:
                yield _violation(rule, evidence)


def _unborn(key: str) -> Operation:
    """Return what stands for the time before the first write."""
    return Operation(key=key, kind=Kind.DELETE, number=0, began=-1, ended=-1)


def _sources(evidence: Operation, effects: Sequence[Operation]) -> list[Operation]:
    """Return the effects that the evidence may show: begun by then, and surely none in between."""
    others = [e for e in effects if e is not evidence and e.began <= evidence.ended]
    surely = [e for e in others if e.happened and e.is_before(evidence)]
    return [e for e in others if not any(e.is_before(later) for later in surely)]


def _judge(found: Item, sources: Sequence[Operation], effects: Sequence[Operation]) -> Rule | None:
    deletes = [source for source in sources if source.kind is Kind.DELETE]
    if not found:
        may_be_gone = deletes or any(source.left("expired") for source in sources)
        return None if may_be_gone else Rule.VANISHED
    if len(deletes) == len(sources):
        return Rule.RESURRECTED
    marker = marker_of(found)
    source = _write_numbered(marker, sources)
    if source is None:
        return Rule.LOST if _write_numbered(marker, effects) else Rule.FOREIGN
    return Rule.TORN if _is_torn(found, source) else None


def _is_torn(found: Item, source: Operation) -> bool:
    left = {name: source.left(name) for name in ("a", "b", "expired")}
    return any(value not in (UNKNOWN, found.get(name)) for name, value in left.items())


def _write_numbered(number: int | None, operations: Sequence[Operation]) -> Operation | None:
    writes = (o for o in operations if o.kind is Kind.WRITE)
    return next((write for write in writes if write.number == number), None)


def _was_due(read: Operation, operations: Sequence[Operation]) -> bool:
    """Tell whether an item's last write came while the migration had still to look at it."""
    source = _write_numbered(marker_of(read.found or {}), operations)
    return source is not None and source.is_due


def _check_migrated(read: Operation) -> Iterator[Violation]:
    item = read.found or {}
    if item and (_is_expired(item) or "total" not in item):
        yield _violation(Rule.UNMIGRATED, read)
    if _is_stale(item):
        yield _violation(Rule.STALE, read)


def _is_expired(item: Item) -> bool:
    """Tell whether the migration has to delete the item."""
    return bool(item.get("expired"))


def _is_stale(item: Item) -> bool:
    a, b, total = (number_in(item, name) for name in ("a", "b", "total"))
    return None not in {a, b, total} and total != (a or 0) + (b or 0)


def _violation(rule: Rule, evidence: Operation) -> Violation:
    return Violation(rule, evidence.key, evidence)
