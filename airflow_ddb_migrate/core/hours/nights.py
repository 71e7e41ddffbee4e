"""The nights of a migration: how its work is shared among stretches of its hours. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from airflow_ddb_migrate.core.limits import (
    CHILD_STARTS_PER_SECOND,
    LAMBDA_SECONDS,
    PREWARM_SECONDS,
    SLICE_MARGIN_SECONDS,
    START_SECONDS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """A stretch in which an attempt works; times are seconds since the epoch.

    From ``opens_at`` on it takes ``seconds``, including the time to raise capacity and to start. It
    does a ``share`` of the whole work, 0 to 1.
    """

    opens_at: float
    closes_at: float
    seconds: float
    share: float

    @property
    def done_at(self) -> float:
        return self.opens_at + self.seconds


def share_work(
    stretches: Iterable[tuple[float, float]], work_seconds: float, begin_seconds: float
) -> tuple[Night, ...]:
    """Share the work among stretches, each with its begin and end; empty if they do not suffice.

    In each stretch nothing is done for the first ``begin_seconds``.
    """
    nights, left = list[Night](), work_seconds
    for opens_at, closes_at in stretches:
        worked = min(left, closes_at - opens_at - begin_seconds)
        if worked < 0:
            continue
        left -= worked
        nights.append(
            Night(
                opens_at=opens_at,
                closes_at=closes_at,
                seconds=begin_seconds + worked,
                share=worked / work_seconds if work_seconds else 1.0,
            )
        )
        if left <= 0:
            return tuple(nights)
    return ()


def begin_seconds(lanes: int, *, raises: bool) -> float:
    """Return the seconds until an attempt works: to start children, and to raise capacity."""
    return START_SECONDS + lanes / CHILD_STARTS_PER_SECOND + PREWARM_SECONDS * raises


def least_seconds(lanes: int, slice_seconds: float, *, raises: bool) -> float:
    """Return the seconds of the shortest useful stretch: to begin, and for one slice of work."""
    longest = LAMBDA_SECONDS - SLICE_MARGIN_SECONDS
    return begin_seconds(lanes, raises=raises) + min(slice_seconds or longest, longest)
