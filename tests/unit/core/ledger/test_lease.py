"""Who may touch a table."""

from dataclasses import replace

import pytest
from airflow_ddb_migrate.core.capacity.changes import CapacityChange, changes_from_json
from airflow_ddb_migrate.core.capacity.owed import (
    begin_restore,
    end_restore,
    keep_raised,
    keep_restoring,
    note_raised,
    reclaim,
    why_kept,
)
from airflow_ddb_migrate.core.capacity.snapshot import Setting
from airflow_ddb_migrate.core.errors import LeaseHeldError, RestoreError
from airflow_ddb_migrate.core.ledger.lease import (
    acquire,
    intend_attempt,
    is_held_by,
    release,
    renew,
)
from airflow_ddb_migrate.core.ledger.records import CapacityState, LeaseRecord, LeaseState
from airflow_ddb_migrate.core.limits import LEASE_SECONDS
from tests.support.factories import MIGRATION, NOW, TABLE_KEY, lease, snapshot, units

OTHER = "customers-ba9876543210"
RAISE = (CapacityChange("", Setting.PROVISIONED, units(), units(12_000, 4_000)),)
OWED = (CapacityState.RAISED, CapacityState.RESTORING)
EXPIRED = {"expires_at": NOW - 1}


def taken(current: LeaseRecord | None, by: str = OTHER, *, live: bool = False) -> LeaseRecord:
    return acquire(current, TABLE_KEY, migration_id=by, now=NOW, holder_is_live=live)


def test_a_table_nobody_had_is_free() -> None:
    """The first lease is generation one, and lasts half an hour."""
    assert lease(migration_id=OTHER, expires_at=NOW + LEASE_SECONDS) == taken(None)


@pytest.mark.parametrize("state", LeaseState)
@pytest.mark.parametrize("capacity", CapacityState)
def test_a_holder_takes_its_own_lease_again(state: LeaseState, capacity: CapacityState) -> None:
    """Whatever became of it: a cleared task goes on, and forgets nothing that is owed."""
    mine = lease(state=state, capacity_state=capacity, snapshot="s", version=7, **EXPIRED)

    expected = replace(mine, state=LeaseState.HELD, expires_at=NOW + LEASE_SECONDS)
    assert expected == taken(mine, MIGRATION)


def test_a_free_table_changes_hands() -> None:
    """A new generation, nothing of the former one, and the version to compare with."""
    free = lease(
        state=LeaseState.FREE,
        generation=4,
        version=9,
        snapshot="s",
        raised="r",
        capacity_state=CapacityState.RESTORED,
        execution_arn="arn",
    )

    new = lease(migration_id=OTHER, generation=5, version=9, expires_at=NOW + LEASE_SECONDS)
    assert new == taken(free)


def test_an_expired_lease_changes_hands_and_remembers_whose_it_was() -> None:
    """The former migration has to be told to stop."""
    assert MIGRATION == taken(lease(**EXPIRED)).taken_from


def test_a_held_table_is_refused_with_the_time_left() -> None:
    """A second migration of the same table waits."""
    with pytest.raises(LeaseHeldError) as refused:
        taken(lease(expires_at=NOW + 90))

    assert str(refused.value).startswith(
        f"Table orders is held by migration {MIGRATION}. Its lease expires in 90 seconds"
    )


@pytest.mark.parametrize("arn", ["arn:running", ""])
def test_a_live_holder_keeps_its_table_however_old_the_lease(arn: str) -> None:
    """An execution that runs is a sign of life of its own; the message names it."""
    with pytest.raises(LeaseHeldError, match="One migration of a table runs at a time") as refused:
        taken(lease(execution_arn=arn, **EXPIRED), live=True)

    assert f"whose execution {arn or 'is about to start'} is running" in str(refused.value)


@pytest.mark.parametrize("capacity", OWED)
def test_a_table_with_owed_capacity_is_not_handed_on(capacity: CapacityState) -> None:
    """Otherwise the next prewarm would take the raised figures for the original ones."""
    with pytest.raises(LeaseHeldError, match="raised capacity is not restored yet"):
        taken(lease(capacity_state=capacity, **EXPIRED))


@pytest.mark.parametrize(
    ("left", "renewed"),
    [(LEASE_SECONDS / 2 + 1, False), (LEASE_SECONDS / 2, True), (1, True), (-1, True)],
)
def test_a_lease_is_renewed_in_its_second_half(left: float, renewed: bool) -> None:
    """Not at every look: a thousand workers share one record."""
    mine = lease(expires_at=NOW + left)

    expected = replace(mine, expires_at=NOW + LEASE_SECONDS) if renewed else None
    assert expected == renew(mine, MIGRATION, NOW)


@pytest.mark.parametrize(
    "current", [None, lease(migration_id=OTHER, **EXPIRED), lease(state=LeaseState.FREE, **EXPIRED)]
)
def test_what_is_not_held_is_not_renewed(current: LeaseRecord | None) -> None:
    """A worker that lost the table does not get it back by working on."""
    assert renew(current, MIGRATION, NOW) is None
    assert not is_held_by(current, MIGRATION)


def test_an_intended_execution_is_written_down() -> None:
    """It can be found although nobody came to say that it started."""
    noted = intend_attempt(lease(), MIGRATION, attempt=3, execution_arn="arn:x", now=NOW)

    assert lease(attempt=3, execution_arn="arn:x", expires_at=NOW + LEASE_SECONDS) == noted


def test_the_first_raise_notes_the_snapshot() -> None:
    """What was and what is about to be raised, before it is."""
    noted = note_raised(lease(), MIGRATION, snapshot(), RAISE)

    assert CapacityState.RAISED is noted.capacity_state
    assert (snapshot().to_json(), RAISE) == (noted.snapshot, changes_from_json(noted.raised))
    assert 1 == noted.generation


def test_a_second_raise_keeps_the_first_snapshot() -> None:
    """A cleared prewarm finds the table raised, and must not take that for the original."""
    once = note_raised(lease(), MIGRATION, snapshot(), RAISE)
    raised = snapshot(provisioned={"": units(12_000, 4_000)})
    more = (CapacityChange("", Setting.PROVISIONED, units(12_000, 4_000), units(20_000, 5_000)),)

    twice = note_raised(once, MIGRATION, raised, more)

    assert once.snapshot == twice.snapshot
    assert (*RAISE, *more) == changes_from_json(twice.raised)


def test_a_raise_after_restore_is_a_new_generation() -> None:
    """Then the figures are the original ones again."""
    restored = lease(capacity_state=CapacityState.RESTORED, snapshot="old", generation=1)

    noted = note_raised(restored, MIGRATION, snapshot(), RAISE)

    assert (2, snapshot().to_json()) == (noted.generation, noted.snapshot)


def test_nothing_is_raised_while_somebody_restores() -> None:
    """The message names who does."""
    busy = lease(capacity_state=CapacityState.RESTORING, restoring_by="task a")

    with pytest.raises(RestoreError, match="is being restored by task a"):
        note_raised(busy, MIGRATION, snapshot(), RAISE)


def test_restore_is_taken_by_one() -> None:
    """RAISED becomes RESTORING, with a name and an end."""
    begun = begin_restore(
        lease(capacity_state=CapacityState.RAISED), MIGRATION, by="task a", now=NOW
    )

    assert begun is not None
    assert (CapacityState.RESTORING, "task a", NOW + LEASE_SECONDS) == (
        begun.capacity_state,
        begun.restoring_by,
        begun.restoring_until,
    )


def test_the_second_of_two_who_restore_is_refused() -> None:
    """Both would lower the table, and AWS counts decreases."""
    busy = lease(
        capacity_state=CapacityState.RESTORING, restoring_by="task a", restoring_until=NOW + 60
    )

    with pytest.raises(RestoreError, match=r"restored by task a, for at most 60 more seconds"):
        begin_restore(busy, MIGRATION, by="task b", now=NOW)


@pytest.mark.parametrize(("by", "until"), [("task a", NOW + 60), ("task b", NOW - 1)])
def test_restore_goes_on_with_the_same_or_after_the_other_expired(by: str, until: float) -> None:
    """A task tried again goes on at once; another one when the first has given no sign."""
    busy = lease(
        capacity_state=CapacityState.RESTORING, restoring_by="task a", restoring_until=until
    )

    begun = begin_restore(busy, MIGRATION, by=by, now=NOW)

    assert begun is not None
    assert by == begun.restoring_by


@pytest.mark.parametrize(
    "current",
    [
        None,
        lease(),
        lease(capacity_state=CapacityState.RESTORED),
        lease(migration_id=OTHER, capacity_state=CapacityState.RAISED),
    ],
)
def test_nothing_of_ours_is_nothing_to_restore(current: LeaseRecord | None) -> None:
    """Restore may run after any failure, any number of times."""
    assert begin_restore(current, MIGRATION, by="me", now=NOW) is None


@pytest.mark.parametrize(
    ("restored", "state"), [(True, CapacityState.RESTORED), (False, CapacityState.RAISED)]
)
def test_the_end_of_a_restore_says_whether_it_is_still_owed(
    restored: bool, state: CapacityState
) -> None:
    """Without success it can be tried again at once."""
    busy = lease(
        capacity_state=CapacityState.RESTORING, restoring_by="me", restoring_until=NOW + 60
    )

    assert lease(capacity_state=state) == end_restore(busy, by="me", restored=restored)


@pytest.mark.parametrize(
    "current",
    [
        None,
        lease(capacity_state=CapacityState.RAISED, restoring_by="me"),
        lease(capacity_state=CapacityState.RESTORING, restoring_by="task b"),
    ],
)
def test_only_who_restores_ends_it(current: LeaseRecord | None) -> None:
    """One that was overtaken says nothing any more."""
    assert end_restore(current, by="me", restored=True) is None


@pytest.mark.parametrize("capacity", [CapacityState.NONE, CapacityState.RESTORED])
def test_a_table_that_is_owed_nothing_is_freed(capacity: CapacityState) -> None:
    """Held becomes free, at once."""
    mine = lease(capacity_state=capacity)

    expected = replace(mine, state=LeaseState.FREE, expires_at=0.0)
    assert expected == release(mine, MIGRATION)


@pytest.mark.parametrize(
    "current",
    [
        None,
        lease(migration_id=OTHER),
        lease(state=LeaseState.FREE),
        *(lease(capacity_state=state) for state in OWED),
    ],
)
def test_what_is_not_ours_or_owes_capacity_is_not_freed(current: LeaseRecord | None) -> None:
    """The lease is the promise to bring the capacity back."""
    assert release(current, MIGRATION) is None


@pytest.mark.parametrize("found", [None, lease(migration_id="other"), lease(state=LeaseState.FREE)])
def test_a_lost_lease_takes_no_notes(found: LeaseRecord | None) -> None:
    """A migration that lost its table writes neither an attempt nor a raise into the lease."""
    with pytest.raises(LeaseHeldError, match="no longer holds its table"):
        note_raised(found, MIGRATION, snapshot(), RAISE)
    with pytest.raises(LeaseHeldError, match="no longer holds its table"):
        intend_attempt(found, MIGRATION, attempt=1, execution_arn="arn:x", now=NOW)


def restoring(until: float) -> LeaseRecord:
    return lease(
        capacity_state=CapacityState.RESTORING, restoring_by="a", restoring_until=until, **EXPIRED
    )


@pytest.mark.parametrize(
    ("current", "why"),
    [
        (lease(capacity_state=CapacityState.RAISED, expires_at=NOW + 1), "for 1 more seconds"),
        (lease(capacity_state=CapacityState.RAISED, expires_at=NOW), ""),
        (restoring(NOW + 1), "a is restoring it, for at most 1 more seconds"),
        (restoring(NOW), ""),
    ],
    ids=["fresh", "run-out", "restoring", "restoring-run-out"],
)
def test_what_ran_out_may_be_reclaimed(current: LeaseRecord, why: str) -> None:
    """To the second; else it is told whose it still is."""
    said = why_kept(current, NOW)
    reclaimed = reclaim(current, current, by="net", now=NOW)

    assert said.endswith(why)
    assert bool(said) == (reclaimed is None)
    if reclaimed:
        assert ("net", NOW + LEASE_SECONDS) == (reclaimed.restoring_by, reclaimed.restoring_until)


@pytest.mark.parametrize(
    "current",
    [
        None,
        lease(capacity_state=CapacityState.RAISED, version=8, **EXPIRED),
        lease(capacity_state=CapacityState.RESTORED, version=7, **EXPIRED),
    ],
    ids=["gone", "touched", "restored"],
)
def test_what_changed_since_it_was_seen_is_not_reclaimed(current: LeaseRecord | None) -> None:
    """The picture on which it was judged is an old one."""
    seen = lease(capacity_state=CapacityState.RAISED, version=7, **EXPIRED)

    assert reclaim(current, seen, by="net", now=NOW) is None


def test_a_job_without_a_sign_of_life_keeps_its_capacity_as_long_as_it_asked() -> None:
    """Neither the wait's renewals nor a cleared prewarm shorten that."""
    raised = note_raised(lease(), MIGRATION, snapshot(), RAISE)
    held = keep_raised(raised, MIGRATION, NOW + 7_200)

    assert held is not None
    assert NOW + 7_200 == held.expires_at
    assert renew(held, MIGRATION, NOW) is None
    again = acquire(held, TABLE_KEY, migration_id=MIGRATION, now=NOW, holder_is_live=False)
    assert NOW + 7_200 == again.expires_at


@pytest.mark.parametrize(
    "kept",
    [None, lease(), lease(migration_id="other"), lease(capacity_state=CapacityState.RESTORED)],
)
def test_nothing_is_held_where_nothing_is_raised(kept: LeaseRecord | None) -> None:
    """Also for somebody else's lease."""
    assert keep_raised(kept, MIGRATION, NOW + 7_200) is None


def test_a_long_restore_stays_its_owners() -> None:
    """The right to restore is extended when half of it has gone by, and only by who has it."""
    raised = note_raised(lease(), MIGRATION, snapshot(), RAISE)
    mine = begin_restore(raised, MIGRATION, by="me", now=NOW)

    assert keep_restoring(mine, by="me", now=NOW) is None
    assert keep_restoring(mine, by="you", now=NOW + 1_000) is None
    later = keep_restoring(mine, by="me", now=NOW + 1_000)
    assert later is not None
    assert NOW + 1_000 + LEASE_SECONDS == later.restoring_until
