"""The campaign's checker can fail: evidence made by hand, one piece of it wrong for every rule."""

from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import CapacityState, LeaseState
from tests.faults.checker import Evidence, Migrated, Rule, check
from tests.live.checker import Rule as LiveRule
from tests.live.history import ABSENT, Item, Kind, Operation
from tests.support.factories import lease

_AT_END = 1_000
_CAPACITY = {"ReadCapacityUnits": 20, "WriteCapacityUnits": 20}


def number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def loaded(key: str, marker: int, **others: Any) -> Operation:
    """The put that an item was loaded with."""
    return Operation(
        key=key,
        kind=Kind.WRITE,
        number=marker,
        began=10 * marker,
        ended=10 * marker + 1,
        wrote={"a": number(1), "b": number(2), **others},
        found=ABSENT,
    )


def read(key: str, found: Item) -> Operation:
    return Operation(
        key=key, kind=Kind.READ, number=0, began=_AT_END, ended=_AT_END + 1, found=found
    )


EXPIRED = {"expired": {"BOOL": True}}
BEFORE = {"id": {"S": "a"}, "marker": number(1), "a": number(1), "b": number(2)}
AFTER = {**BEFORE, "total": number(3), "stamp": {"S": "m"}, "copy": {"S": ""}}
CHANGED = {
    "k": {"id": {"S": "a"}},
    "o": {"total": None, "stamp": None, "copy": None},
    "n": {"total": number(3), "stamp": {"S": "m"}, "copy": {"S": ""}},
}
OTHER = {**CHANGED, "n": {"total": number(3)}, "o": {"total": None}}
GONE = {"id": {"S": "b"}, "marker": number(2), "a": number(1), "b": number(2), **EXPIRED}
DELETED = {"k": {"id": {"S": "b"}}, "d": GONE}


def evidence(**fields: Any) -> Evidence:
    """One item that was changed, one that was deleted, nothing wrong."""
    free = lease(state=LeaseState.FREE, capacity_state=CapacityState.RESTORED)
    known = {
        "history": [loaded("a", 1), loaded("b", 2, **EXPIRED)],
        "at_end": [read("a", AFTER), read("b", ABSENT)],
        "has_totals": True,
        "loaded": ["a", "b"],
        "undo": [CHANGED, DELETED],
        "migrations": [migrated(seen=2, changed=1, deleted=1)],
        "before": _CAPACITY,
        "after": _CAPACITY,
        "lease": free,
    }
    return Evidence(**{**known, **fields})


def migrated(**counts: int) -> Migrated:
    return Migrated(name="m", counts=Counts(**counts), is_whole=True)


def rules(**fields: Any) -> list[str]:
    return [violation.rule for violation in check(evidence(**fields))]


def test_a_migration_without_fault_violates_nothing() -> None:
    """Everything is changed, logged, counted, and given back."""
    assert [] == rules()


@pytest.mark.parametrize(
    "undo",
    [
        pytest.param([DELETED], id="none-of-the-item"),
        pytest.param([OTHER, DELETED], id="of-another-change"),
        pytest.param([CHANGED], id="none-of-the-deletion"),
    ],
)
def test_a_change_that_the_undo_log_does_not_have(undo: list[dict]) -> None:
    """Every change and every deletion needs an intent that is not void."""
    assert [Rule.NO_UNDO] == rules(undo=undo)


@pytest.mark.parametrize(
    "undo",
    [
        pytest.param([{**CHANGED, "o": CHANGED["n"]}, DELETED], id="new-for-old"),
        pytest.param([{**CHANGED, "o": {}}, DELETED], id="nothing-old"),
        pytest.param([CHANGED, {**DELETED, "d": {**GONE, "marker": number(9)}}], id="another-item"),
        pytest.param([CHANGED, {**DELETED, "d": BEFORE}], id="not-expired"),
    ],
)
def test_an_intent_without_the_value_that_was_there(undo: list[dict]) -> None:
    """It could not bring back what was."""
    assert [Rule.WRONG_UNDO] == rules(undo=undo)


def test_an_undo_that_left_something() -> None:
    """Neither a change nor a deletion; what live traffic wrote since is kept."""
    back = {"at_end": [read("a", BEFORE), read("b", GONE)], "is_undone": True}
    newer = {**AFTER, "total": number(4), "marker": number(3), "a": number(2)}
    write = Operation(
        key="a", kind=Kind.WRITE, number=3, began=50, ended=51, wrote={"a": number(2)}, found=AFTER
    )

    assert [] == rules(**back)
    assert [Rule.NOT_UNDONE] == rules(**{**back, "at_end": [read("a", AFTER), read("b", GONE)]})
    assert [Rule.NO_UNDO] == rules(
        undo=[CHANGED], is_undone=True, at_end=[read("a", BEFORE), read("b", ABSENT)]
    )
    assert [] == rules(
        **{**back, "at_end": [read("a", newer), read("b", GONE)]},
        history=[loaded("a", 1), loaded("b", 2, **EXPIRED), write],
    )


def test_an_undo_does_not_know_of_a_live_delete_that_found_nothing() -> None:
    """The key is free, so what the migration deleted is put back, and as it was."""
    deleted = Operation(key="b", kind=Kind.DELETE, number=3, began=50, ended=51, found=ABSENT)
    history = [loaded("a", 1), loaded("b", 2, **EXPIRED), deleted]
    back = {"history": history, "is_undone": True}

    assert [] == rules(**back, at_end=[read("a", BEFORE), read("b", GONE)])
    assert [LiveRule.RESURRECTED] == rules(
        **back, undo=[CHANGED], at_end=[read("a", BEFORE), read("b", GONE)]
    )


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param({"seen": 2, "changed": 1}, id="one-came-to-nothing"),
        pytest.param({"seen": 1, "changed": 1}, id="one-was-not-seen"),
        pytest.param({"seen": 3, "changed": 2, "deleted": 1}, id="one-was-seen-twice"),
    ],
)
def test_counts_that_do_not_add_up(counts: dict[str, int]) -> None:
    """Seen is the sum of the others, and neither less nor more than there was."""
    assert [Rule.COUNTS] == rules(migrations=[migrated(**counts)])


def test_a_second_migration_does_not_see_what_the_first_has_deleted() -> None:
    """Nor need it; but all else."""
    first, second = migrated(seen=2, changed=1, deleted=1), migrated(seen=1, unchanged=1)

    assert [] == rules(migrations=[first, second])
    assert [Rule.COUNTS] == rules(migrations=[first, migrated()])


def test_a_capacity_that_stayed_raised() -> None:
    """A bill is left high."""
    assert [Rule.CAPACITY] == rules(after={**_CAPACITY, "WriteCapacityUnits": 40})


def test_a_lease_that_is_held_or_owes() -> None:
    """The next migration of the table would be refused, or the safety net has work left."""
    held = lease(state=LeaseState.HELD, capacity_state=CapacityState.NONE)

    assert [Rule.LEASE] == rules(lease=held)
    assert [Rule.OWED, Rule.LEASE] == rules(
        lease=replace(held, capacity_state=CapacityState.RAISED)
    )
    assert [] == rules(lease=None)


def test_a_value_in_a_log() -> None:
    """The place is named, not the value."""
    assert ["a value of an item in a log, a state or a message: file emulator.log"] == [
        str(violation) for violation in check(evidence(leaks=["file emulator.log"]))
    ]


def test_what_live_traffic_lost() -> None:
    """The rules of the live test hold here, too; what was set aside need not be migrated."""
    left = {"at_end": [read("a", BEFORE), read("b", ABSENT)], "undo": [DELETED]}
    aside = migrated(seen=2, quarantined=1, deleted=1)

    assert [LiveRule.UNMIGRATED] == rules(**left)
    assert [] == rules(**left, migrations=[aside])
    assert [LiveRule.VANISHED] == rules(
        history=[loaded("a", 1), loaded("b", 2)], undo=[CHANGED, DELETED | {"d": GONE}]
    )
