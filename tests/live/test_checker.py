"""The checker itself, on histories made by hand: one for every rule, and what is no violation."""

from typing import Any

import pytest
from tests.live.checker import Rule, check
from tests.live.history import ABSENT, Item, Kind, Operation, Outcome

_AT_END = 1_000


def item(marker: int, a: int = 1, b: int = 2, **others: Any) -> Item:
    """A migrated item, as the write with this number left it."""
    numbers = {"marker": marker, "a": a, "b": b, "total": a + b, **others}
    return {"id": {"S": "k"}, **{name: {"N": str(value)} for name, value in numbers.items()}}


def old_item(marker: int, a: int = 1, b: int = 2) -> Item:
    """The same before its migration."""
    return {name: value for name, value in item(marker, a, b).items() if name != "total"}


def write(number: int, a: int = 1, b: int = 2, **fields: Any) -> Operation:
    """A put that took from ``10 * number`` to one later."""
    wrote = {"a": {"N": str(a)}, "b": {"N": str(b)}, "expired": None}
    return _operation(Kind.WRITE, number, **{"wrote": wrote, **fields})


def touch(number: int, found: Item, **fields: Any) -> Operation:
    return write(number, **{"wrote": {}, "found": found, **fields})


def delete(number: int, **fields: Any) -> Operation:
    return _operation(Kind.DELETE, number, **fields)


def _operation(kind: Kind, number: int, **fields: Any) -> Operation:
    known = {"began": 10 * number, "ended": 10 * number + 1}
    return Operation(key="k", kind=kind, number=number, **{**known, **fields})


def rules(*history: Operation, end: Item, has_totals: bool = True) -> list[Rule]:
    """Return the rules that were broken, with the item that is in the table at the end."""
    read = _operation(Kind.READ, 0, began=_AT_END, ended=_AT_END + 1, found=end)
    return [v.rule for v in check(history, [read], has_totals=has_totals)]


EXPIRED = {"a": {"N": "1"}, "b": {"N": "2"}, "expired": {"BOOL": True}}


@pytest.mark.parametrize(
    ("expected", "history", "end"),
    [
        pytest.param(Rule.LOST, [write(1), write(2)], item(1), id="lost"),
        pytest.param(Rule.LOST, [write(1), touch(2, item(1))], item(1), id="lost-touch"),
        pytest.param(Rule.LOST, [write(1), delete(2), write(3)], item(1), id="lost-reinsert"),
        pytest.param(Rule.VANISHED, [write(1)], ABSENT, id="vanished"),
        pytest.param(
            Rule.VANISHED, [write(1, wrote=EXPIRED), write(2)], ABSENT, id="vanished-after-renewal"
        ),
        pytest.param(Rule.RESURRECTED, [write(1), delete(2)], item(1), id="resurrected"),
        pytest.param(Rule.RESURRECTED, [], item(1), id="never-written"),
        pytest.param(Rule.RESURRECTED, [write(1, outcome=Outcome.REFUSED)], item(1), id="refused"),
        pytest.param(
            Rule.RESURRECTED,
            [write(1), delete(2)],
            {"id": {"S": "k"}, "total": {"N": "3"}},
            id="ghost",
        ),
        pytest.param(Rule.FOREIGN, [write(1)], item(7), id="foreign"),
        pytest.param(Rule.TORN, [write(1, a=1), write(2, a=5)], item(2, a=1), id="torn"),
        pytest.param(Rule.TORN, [write(1), touch(2, item(1))], item(2, b=9), id="torn-by-touch"),
        pytest.param(Rule.STALE, [write(1)], item(1, total=9), id="stale"),
        pytest.param(Rule.UNMIGRATED, [write(1)], old_item(1), id="unmigrated"),
    ],
)
def test_each_rule_is_broken_by_what_it_forbids(
    expected: Rule, history: list[Operation], end: Item
) -> None:
    """One wrong item at the end is one violation."""
    assert [expected] == rules(*history, end=end)


@pytest.mark.parametrize(
    ("history", "end"),
    [
        pytest.param([write(1), write(2)], item(2), id="the-last-write"),
        pytest.param([write(1), delete(2)], ABSENT, id="deleted"),
        pytest.param([write(1), delete(2), write(3)], item(3), id="reinserted"),
        pytest.param([write(1, wrote=EXPIRED)], ABSENT, id="expired"),
        pytest.param([], ABSENT, id="never-there"),
        pytest.param([write(1), write(2, outcome=Outcome.REFUSED)], item(1), id="refused"),
        pytest.param([write(1), write(2, began=11, ended=30)], item(1), id="at-the-same-time"),
    ],
)
def test_what_live_traffic_asked_for_is_no_violation(history: list[Operation], end: Item) -> None:
    """The last write or delete is what is expected; of several at once, any of them."""
    assert [] == rules(*history, end=end)


@pytest.mark.parametrize("end", [item(1), item(2), item(3)])
def test_a_write_without_an_answer_may_have_happened_at_any_time(end: Item) -> None:
    """Not at all, before a later write, or after it."""
    maybe = write(2, outcome=Outcome.MAYBE)

    assert ([Rule.LOST] if end == item(1) else []) == rules(write(1), maybe, write(3), end=end)
    assert ([] if end != item(3) else [Rule.FOREIGN]) == rules(write(1), maybe, end=end)


def test_a_delete_without_an_answer_may_have_happened() -> None:
    """The item may be there or not."""
    history = [write(1), delete(2, outcome=Outcome.MAYBE)]

    assert [[], []] == [rules(*history, end=end) for end in (item(1), ABSENT)]


def test_a_loss_that_a_later_write_repaired_is_still_found() -> None:
    """The write after it tells what it found."""
    history = [write(1), write(2), write(3, found=item(1))]

    assert [Rule.LOST] == rules(*history, end=item(3))


def test_a_stale_total_that_a_later_write_repaired_is_still_found() -> None:
    """With the new format deployed first, no total is ever wrong."""
    history = [write(1), write(2, found=item(1, total=9))]

    assert [Rule.STALE] == rules(*history, end=item(2))


def test_a_refused_update_is_evidence_too() -> None:
    """It says that there was no item."""
    history = [write(1), write(2, outcome=Outcome.REFUSED, found=ABSENT)]

    assert [Rule.VANISHED] == rules(*history, end=item(1))


def test_writers_of_the_old_format_may_leave_items_behind_the_scan_unmigrated() -> None:
    """Only what was written while the migration had still to look at it must be migrated."""
    expected = {True: [Rule.UNMIGRATED], False: []}

    assert expected == {
        due: rules(write(1, is_due=due), end=old_item(1), has_totals=False) for due in expected
    }


def test_an_expired_item_that_is_still_there_is_not_migrated() -> None:
    """Also with a total; and where a write has renewed it, that write is torn as well."""
    end = {**item(1), "expired": {"BOOL": True}}

    assert [Rule.UNMIGRATED] == rules(write(1, wrote=EXPIRED), end=end)
    assert [Rule.TORN, Rule.UNMIGRATED] == rules(write(1), end=end)


def test_a_touched_item_is_as_expired_as_it_was() -> None:
    """The migration may delete it; a touch does not renew."""
    history = [write(1, wrote=EXPIRED), touch(2, {**old_item(1), "expired": {"BOOL": True}})]

    assert [] == rules(*history, end=ABSENT)
