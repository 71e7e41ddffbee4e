"""The nights of a migration: how its work is shared among the stretches of its hours. Pure."""

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
    """A stretch in which an attempt works, in seconds since the epoch.

    It is at work for ``seconds`` from ``opens_at`` on, which begin with raising capacity and
    starting, and does a ``share`` of all there is, 0 to 1.
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
    """Share the work among stretches, each its begin and its end; empty if they do not suffice.

    Each begins with ``begin_seconds`` of nothing.
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
    """Return how long an attempt takes to begin: its children, and capacity if it is raised."""
    return START_SECONDS + lanes / CHILD_STARTS_PER_SECOND + PREWARM_SECONDS * raises


def least_seconds(lanes: int, slice_seconds: float, *, raises: bool) -> float:
    """Return the shortest stretch in which an attempt begins: one slice of work must fit."""
    longest = LAMBDA_SECONDS - SLICE_MARGIN_SECONDS
    return begin_seconds(lanes, raises=raises) + min(slice_seconds or longest, longest)
