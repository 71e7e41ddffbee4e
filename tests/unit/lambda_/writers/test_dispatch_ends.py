"""Bringing intents to the writers: its pace, and how it ends."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.core.ledger.counts import Units
from ddb_transform.failures import FatalError
from ddb_transform.writers.dispatch import DispatchResult
from ddb_transform.writers.interface import WriteVerdict, Written
from tests.unit.lambda_.writers.writing import (
    Bench,
    ScriptedWriter,
    intent,
    intents,
    scripted,
)

THROTTLED = Written(WriteVerdict.AGAIN, reason="TableWriteX arn:t", throttled=True)
GONE = Written(WriteVerdict.LOST, None)


# Pacing


def test_what_is_charged_is_the_larger_of_estimate_and_report(bench: Callable[..., Bench]) -> None:
    """A batch in which nothing succeeded reports nothing, and failed conditions cost."""
    silent = bench(fast=scripted(*[GONE] * 10), share=10.0)
    silent.write(intents(10))
    loud = bench(fast=scripted(units=20.0), share=10.0)
    loud.write(intents(10))

    waits = [b.pacer.reserve(1.0).wait_seconds for b in (silent, loud)]

    assert pytest.approx(1.0, abs=0.3) == waits[0]
    assert pytest.approx(2.0, abs=0.3) == waits[1]


def test_a_batch_waits_for_its_turn(bench: Callable[..., Bench]) -> None:
    """Each begins when it is paid for itself, the second behind the first."""
    b = bench(share=10.0)

    b.write(intents(50))

    assert pytest.approx(2.5 + 5.0, abs=0.3) == sum(b.slept)


def test_units_are_added_up(bench: Callable[..., Bench]) -> None:
    """Of every batch, also of tries that came to nothing."""
    b = bench(fast=scripted(THROTTLED, units=3.0))

    assert Units(written=12.0, busiest=6.0) == b.write([intent()]).units


# Ends


class OverError(Exception):
    """The slice ends."""


def test_a_slice_that_ends_leaves_nothing_in_flight(bench: Callable[..., Bench]) -> None:
    """What has begun is waited for; what has not does not begin, also not later."""
    b = bench()
    ticks = iter([None])

    def tick() -> None:
        if b.fast.asked:
            raise OverError
        next(ticks, None)

    b.fast.hook = lambda batch: _wait_for_the_end(b)

    with pytest.raises(OverError):
        b.write(intents(200), tick)
    asked = len(b.fast.asked)
    b.dispatcher.threads.submit(lambda: None).result()  # behind whatever was left

    assert (1, 1) == (asked, len(b.fast.asked))


def _wait_for_the_end(b: Bench) -> None:
    """A batch that is in flight until the slice has ended."""
    assert b.dispatcher.patience._stopped.wait(5)


def test_time_may_be_up_before_anything_is_written(bench: Callable[..., Bench]) -> None:
    """The first look is before the first batch."""
    b = bench()

    def tick() -> None:
        raise OverError

    with pytest.raises(OverError):
        b.write(intents(3), tick)
    assert [] == b.fast.asked


def test_a_slice_may_end_while_it_waits(bench: Callable[..., Bench]) -> None:
    """Between two tries."""
    b = bench(fast=ScriptedWriter(itertools.repeat(THROTTLED)))

    def tick() -> None:
        if len(b.slept) > 20:
            raise OverError

    with pytest.raises(OverError):
        b.write([intent()], tick)


def test_what_is_wrong_for_all_ends_at_once(bench: Callable[..., Bench]) -> None:
    """No batch begins after it."""
    b = bench(fast=scripted(FatalError("AccessDenied", "why")))

    def slowly(batch: Any) -> None:
        if len(b.fast.asked) > 1:
            _wait_for_the_end(b)

    b.fast.hook = slowly

    with pytest.raises(FatalError, match="why"):
        b.write(intents(200))
    assert len(b.fast.asked) <= 2


def test_nothing_to_write_is_nothing(bench: Callable[..., Bench]) -> None:
    """No request."""
    b = bench()

    assert DispatchResult([], Units()) == b.write([])
    assert [] == b.fast.asked
