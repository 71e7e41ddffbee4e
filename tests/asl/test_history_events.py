"""A child's history stays far below what Step Functions takes, however long its lane is.

The events of each type of state are those of the Step Functions documentation: a state is entered
and exited; a task is also scheduled and started, and succeeds; a try that fails is scheduled,
started and fails, and is tried again within the same state.
"""

import itertools
from collections.abc import Iterator

import pytest
from airflow_ddb_migrate.core.limits import CHILD_LAPS, HISTORY_EVENTS
from tests.asl.machine import child_states, map_state

_ENTERED_AND_EXITED = 2
_TRY = 3  # scheduled, started, succeeded or failed
_STARTED_AND_ENDED = 2
_EVENTS = {
    "Task": _ENTERED_AND_EXITED + _TRY,
    "Choice": _ENTERED_AND_EXITED,
    "Wait": _ENTERED_AND_EXITED,
    "Pass": _ENTERED_AND_EXITED,
    "Fail": 1,  # nothing is exited
}


def follow(state: dict) -> set[str]:
    """Return the states that may come next."""
    choices = [choice["Next"] for choice in state.get("Choices", ())]
    named = [state.get("Next"), state.get("Default"), *choices]
    return {name for name in named if name}


def paths(start: str) -> Iterator[list[str]]:
    """Yield every way from a state until it comes back to it, or ends."""
    unfinished = [[start]]
    while unfinished:
        path = unfinished.pop()
        following = follow(child_states()[path[-1]])
        if not following:
            yield path
        for name in following:
            if name == start:
                yield path
            else:
                assert name not in path, f"a second loop: {[*path, name]}"
                unfinished.append([*path, name])


def events(path: list[str]) -> int:
    return sum(_EVENTS[child_states()[name]["Type"]] for name in path)


def loops() -> list[list[str]]:
    return [path for path in paths(_start()) if _start() in follow(child_states()[path[-1]])]


def ends() -> list[list[str]]:
    """Return the paths to an end, in a fixed order."""
    return sorted(path for path in paths(_start()) if not follow(child_states()[path[-1]]))


def _start() -> str:
    return str(map_state()["ItemProcessor"]["StartAt"])


def retries() -> int:
    """Return the most retries of one lap: every retrier used up."""
    work = child_states()[_start()]
    return sum(retrier["MaxAttempts"] for retrier in work["Retry"])


LONGEST_LAP = max(map(events, loops()))
ALL_LAPS = CHILD_LAPS * LONGEST_LAP + max(map(events, ends())) + _STARTED_AND_ENDED


def test_the_child_is_one_loop_with_one_task() -> None:
    """So laps are all there is to count: no other state is tried again, no other way leads back."""
    assert 2 == len(loops())
    assert {_start()} == {name for name, state in child_states().items() if "Retry" in state}
    assert {_start()} == {n for n, state in child_states().items() if state["Type"] == "Task"}
    reached = set(itertools.chain(*paths(_start())))
    assert child_states().keys() == reached


def test_every_lap_being_held_is_the_longest() -> None:
    """Work, More?, Hold."""
    assert 9 == LONGEST_LAP


def test_all_laps_stay_below_half_of_the_history() -> None:
    """The rest is for retries."""
    assert ALL_LAPS < HISTORY_EVENTS / 2


def test_every_lap_may_be_tried_again_five_times() -> None:
    """A busy account refuses a lap's start many times, but not each of a thousand laps."""
    room = HISTORY_EVENTS - ALL_LAPS

    assert 5 * CHILD_LAPS * _TRY <= room


def test_one_lap_may_use_up_every_retrier_and_fifty_more_may_nearly() -> None:
    """Whatever the definition's retriers allow; using one up fails the child anyway."""
    assert 50 * (retries() + 1) * _TRY <= HISTORY_EVENTS - ALL_LAPS


@pytest.mark.parametrize("path", ends(), ids=" > ".join)
def test_every_end_is_an_end(path: list[str]) -> None:
    """Done succeeds, the others fail; none of them runs on."""
    last = child_states()[path[-1]]

    assert last["Type"] == "Fail" or last.get("End")
