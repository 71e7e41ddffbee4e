"""Ten viewers cost one look."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from airflow_ddb_migrate.plugin import cache
from airflow_ddb_migrate.plugin.cache import SECONDS, AnswerCache
from airflow_ddb_migrate.plugin.threads import BusyError
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
        clock.now += 300  # AWS hung for so long
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


def test_who_comes_while_somebody_asks_gets_the_last_answer(clock: Clock) -> None:
    """At once: an AWS that hangs holds one thread, not one for each viewer."""
    kept, asking, go = AnswerCache(clock=clock), threading.Event(), threading.Event()
    kept.get("a", lambda: "old")
    clock.now += SECONDS

    def slow() -> str:
        asking.set()
        assert go.wait(60)
        return "new"

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(kept.get, "a", slow)
        assert asking.wait(60)
        meanwhile = [kept.get("a", slow) for _ in range(10)]
        go.set()

    assert (["old"] * 10, "new", "new") == (meanwhile, future.result(), kept.get("a", slow))


def test_who_comes_while_somebody_asks_for_the_first_time_is_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a moment."""
    monkeypatch.setattr(cache, "_WAIT_SECONDS", 0.01)
    kept, asking, go = AnswerCache(), threading.Event(), threading.Event()

    def slow() -> str:
        asking.set()
        assert go.wait(60)
        return "first"

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(kept.get, "a", slow)
        assert asking.wait(60)
        with pytest.raises(BusyError, match="AWS has not answered yet"):
            kept.get("a", slow)
        go.set()

    assert "first" == future.result()


def test_a_day_of_answers_has_a_bound(clock: Clock) -> None:
    """Also of those that are kept for a day."""
    kept = AnswerCache(86_400.0, clock)
    for key in range(5_000):
        kept.get(key, lambda: 1)

    assert 256 >= len(kept._entries)
