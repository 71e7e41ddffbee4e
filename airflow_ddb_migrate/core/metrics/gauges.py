"""The figures of a migration as Airflow's gauges. Pure."""

from enum import IntEnum

from airflow_ddb_migrate.core.execution.progress import Progress
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.metrics import catalog
from airflow_ddb_migrate.core.metrics.catalog import Metric


class State(IntEnum):
    """States as numbers for a gauge. They must never change."""

    RUNNING = 1
    ON_HOLD = 2
    ENDING = 3  # it is being stopped, or its last workers are ending
    SUCCEEDED = 4
    FAILED = 5


def state_of(outcome: Outcome, *, is_held: bool, is_stopped: bool) -> State:
    """Return the state of an outcome; ``is_stopped``: workers were told to end."""
    if outcome is Outcome.RUNNING:
        return State.ENDING if is_stopped else State.ON_HOLD if is_held else State.RUNNING
    if outcome is Outcome.WAITING:
        return State.ON_HOLD
    ended = {Outcome.SUCCEEDED: State.SUCCEEDED, Outcome.FAILED: State.FAILED}
    return ended.get(outcome, State.ENDING)


def gauges_of(
    progress: Progress, state: State, seconds_left: tuple[float, float] | None
) -> dict[Metric, float]:
    """Return the figures. The time left is the longest estimate; it is left out if unknown.

    :param seconds_left: the least and the most.
    """
    counts = progress.counts
    left = {catalog.SECONDS_LEFT: seconds_left[1]} if seconds_left else {}
    return {
        catalog.STATE: state,
        catalog.SEGMENTS_DONE: progress.done,
        catalog.SEGMENTS_LEFT: len(progress.unfinished),
        catalog.SEGMENTS_FAILED: len(progress.failed),
        catalog.SEEN: counts.seen,
        catalog.CHANGED: counts.changed,
        catalog.QUARANTINED: counts.quarantined,
        catalog.WORKERS: progress.live,
        **left,
    }
