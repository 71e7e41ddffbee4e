"""Ten viewers cost one look."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from airflow_ddb_migrate.plugin.cache import SECONDS, AnswerCache
from tests.support.worlds.migration_world import Clock


class Asked:
    """Counts how often it is asked; takes ``seconds`` on the clock for it."""

    def __init__(self, clock: Clock, seconds: float = 0.0) -> None:
        self.clock = clock
        self.seconds = seconds
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        self.clock.now += self.seconds
        return self.times


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_whoever_asks_soon_gets_the_same(clock: Clock) -> None:
    """And afterwards a new answer."""
    kept, asked = AnswerCache(clock=clock), Asked(clock)

    first = [kept.get("a", asked), kept.get("a", asked)]
    clock.now += SECONDS

    assert ([1, 1], 2) == (first, kept.get("a", asked))


def test_what_took_long_is_kept_longer(clock: Clock) -> None:
    """A view of 10,000 lanes never takes more than a fifth of a thread."""
    kept, asked = AnswerCache(clock=clock), Asked(clock, seconds=2.0)
    kept.get("a", asked)

    clock.now += 7.9
    early = kept.get("a", asked)
    clock.now += 0.2

    assert (1, 2) == (early, kept.get("a", asked))


def test_a_failure_is_kept_as_well_but_not_for_long(clock: Clock) -> None:
    """A service in trouble is not asked by every viewer, and soon asked again."""
    kept = AnswerCache(300.0, clock)
    calls = []

    def fail() -> None:
        calls.append(1)
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            kept.get("a", fail)
    clock.now += SECONDS

    assert (1, 5) == (len(calls), kept.get("a", lambda: 5))


def test_what_is_forgotten_is_asked_anew(clock: Clock) -> None:
    """After a button was pressed."""
    kept, asked = AnswerCache(clock=clock), Asked(clock)
    kept.get("a", asked)

    kept.forget("a")

    assert 2 == kept.get("a", asked)


def test_viewers_at_the_same_time_share_one_look() -> None:
    """They wait for the one that is under way."""
    kept, going, asked = AnswerCache(), threading.Barrier(10), []

    def view(_: int) -> int:
        going.wait()
        return kept.get("a", lambda: asked.append(1) or 7)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(view, range(10)))

    assert ([7] * 10, 1) == (answers, len(asked))


def test_old_answers_do_not_pile_up(clock: Clock) -> None:
    """The API server lives for months."""
    kept = AnswerCache(clock=clock)
    for key in range(1_000):
        kept.get(key, lambda: 1)
        clock.now += 1

    assert 260 > len(kept._entries)
