"""The budget's sharers: never fewer than the workers that are live, brought down by counting."""

from typing import Any

import pytest
from airflow_ddb_migrate.core.ledger.records import Command
from airflow_ddb_migrate.core.limits import CONTROL_SECONDS, OWNER_SECONDS, SHARERS_SECONDS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.factories import ledger_table
from tests.unit.aws.ledger.sharing_world import Workers

LANES = st.sampled_from([0, 8, 15, 16, 31])  # of the first, a middle and the last shard
MOVES = st.tuples(st.sampled_from(["begin or end", "begin or kill"]), LANES)
STEPS = st.lists(
    st.one_of(
        MOVES, st.tuples(st.just("count"), st.sampled_from([0, 8, 15]), st.lists(MOVES, max_size=3))
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture
def workers(dynamodb: Any) -> Workers:
    """Nobody works yet, and the budget is divided by one."""
    ledger_table(dynamodb)
    workers = Workers(dynamodb)
    workers.begin_attempt()
    return workers


def sharers(workers: Workers) -> tuple[int, int]:
    return workers.control.live, workers.control.sharers


# The invariant


def move(workers: Workers, what: str, lane: int) -> None:
    if lane not in workers.live:
        workers.begin(lane)
    elif what.endswith("end"):
        workers.end(lane)
    else:
        workers.kill(lane)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.sets(LANES), steps=STEPS)
def test_never_fewer_sharers_than_live_workers(
    workers: Workers, before: set[int], steps: list[tuple[Any, ...]]
) -> None:
    """Whoever begins, ends, is killed or counts, also while rows are being counted."""
    workers = Workers(workers.dynamodb)
    workers.begin_attempt()
    workers.begin(*before)

    for what, place, *moves in steps:
        if what == "count":
            workers.count(shard=place, meanwhile=lambda m=moves: [move(workers, *x) for x in m[0]])
        else:
            move(workers, what, place)
        assert len(workers.live) <= workers.control.sharers


# Joining and leaving


def test_a_worker_that_raises_the_sharers_waits(workers: Workers) -> None:
    """Until every other one has looked again; within the number it need not."""
    workers.begin_attempt(sharers=2)

    assert [0.0, 0.0, float(CONTROL_SECONDS)] == workers.begin(0, 1, 2)
    assert (3, 3) == sharers(workers)


def test_a_worker_that_leaves_makes_room_for_another(workers: Workers) -> None:
    """The share stays as it was: nobody has to wait for the one that takes over."""
    workers.begin(0, 1)
    workers.end(0)
    assert (1, 2) == sharers(workers)

    assert [0.0] == workers.begin(2)
    assert (2, 2) == sharers(workers)


def test_an_old_attempt_changes_nothing(workers: Workers) -> None:
    """Its workers end at their next look; until then they neither join, leave nor count."""
    workers.begin(0)
    workers.begin_attempt(2, sharers=5)
    before = workers.control
    old = workers.sharing(1)

    assert 0.0 == old.join()
    old.leave()
    assert old.add_quarantined(7) is None
    assert not old.renew(before, workers.clock() + SHARERS_SECONDS)
    assert before == workers.control


def test_quarantined_items_add_up_over_workers(workers: Workers) -> None:
    """Each worker is told the sum, and the command in force."""
    workers.sharing().add_quarantined(3)
    control = workers.sharing().add_quarantined(4)

    assert control is not None
    assert (7, Command.RUN) == (control.quarantined, control.command)
    assert control == workers.control


# Counting


def test_a_count_brings_the_sharers_down_to_who_is_live(workers: Workers) -> None:
    """The killed ones stop counting when their sign of life is over."""
    workers.begin(*range(10))
    for lane in range(4):
        workers.kill(lane)
    workers.clock.advance(OWNER_SECONDS)

    assert workers.count()
    assert (6, 6) == sharers(workers)


def test_a_count_keeps_sharers_that_are_about_right(workers: Workers) -> None:
    """One worker of a hundred changes places all the time: no share is worth changing for it."""
    workers.begin(*range(40))
    workers.end(0)

    assert workers.count()
    assert (39, 40) == sharers(workers)


def test_nobody_live_is_one_sharer(workers: Workers) -> None:
    """Whoever counts is about to work."""
    workers.begin(0, 1)
    workers.end(0)
    workers.end(1)

    assert workers.count()
    assert (1, 1) == sharers(workers)


def test_a_fresh_count_is_not_repeated(workers: Workers) -> None:
    """Not before 30 seconds; reading every row costs."""
    workers.begin(0)
    seen = workers.control

    assert not workers.sharing().renew(seen, seen.counted_at + SHARERS_SECONDS - 1)
    assert seen == workers.control


def test_one_of_many_makes_the_count(workers: Workers) -> None:
    """All saw the same old one; the first claims it and the others read no row."""
    workers.begin(0, 1)
    seen = workers.control
    now = seen.counted_at + SHARERS_SECONDS

    assert [True, False, False] == [workers.sharing().renew(seen, now) for _ in range(3)]
    assert now == workers.control.counted_at


def test_a_join_during_a_count_makes_it_fail(workers: Workers) -> None:
    """The rows may have been read before it: the next count will see it."""
    workers.begin(*range(10))
    for lane in range(5):
        workers.end(lane)

    assert not workers.count(shard=15, meanwhile=lambda: workers.begin(16))
    assert (6, 10) == sharers(workers)


def test_a_worker_in_the_place_of_another_during_a_count_makes_it_fail(workers: Workers) -> None:
    """As many are live as before, and yet the rows tell one less."""
    workers.begin(*range(16))

    def swap() -> None:
        workers.end(15)
        workers.begin(16)

    assert not workers.count(shard=15, meanwhile=swap)
    assert (16, 16) == sharers(workers)


def test_a_worker_that_leaves_during_a_count_lets_it_be(workers: Workers) -> None:
    """In a large migration somebody leaves all the time: one too many is no harm."""
    workers.begin(*range(10))
    for lane in range(5):
        workers.end(lane)

    assert workers.count(shard=15, meanwhile=lambda: workers.end(9))
    assert (5, 5) == sharers(workers)
