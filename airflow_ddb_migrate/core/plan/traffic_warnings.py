"""Warnings about a migration and live traffic, each of one or two sentences. Pure."""

from collections.abc import Iterator

from airflow_ddb_migrate.core.capacity.headroom import Headroom
from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits, Dimension, resource_words
from airflow_ddb_migrate.core.plan.planner import Room, Wishes
from airflow_ddb_migrate.core.plan.table_facts import TableFacts
from airflow_ddb_migrate.core.text.figures import time_words


def traffic_warnings(facts: TableFacts, room: Room, wishes: Wishes) -> Iterator[str]:
    """Yield what live traffic leaves, and what the migration would take from it."""
    given = {
        Dimension.WRITE: wishes.write_units_per_second,
        Dimension.READ: wishes.read_units_per_second,
    }
    rooms = {Dimension.WRITE: room.write, Dimension.READ: room.read}
    if facts.not_judged_seconds:
        yield (
            f"Live traffic was measured without the {time_words(facts.not_judged_seconds)} of the "
            "last 24 hours in which migrations of the table ran."
        )
    for dimension, found in rooms.items():
        peak = facts.peak.get(found.resource, CapacityUnits()).of(dimension)
        yield from _left(dimension, found, peak)
        yield from _given(dimension, found, given[dimension])


def _left(dimension: Dimension, room: Headroom, peak: int) -> Iterator[str]:
    if room.left <= 0:
        yield (
            f"LIVE TRAFFIC USES EVERYTHING: {resource_words(room.resource)} has "
            f"{room.capacity:,.0f} {dimension} units per second, and live traffic peaked at "
            f"{peak:,} in the last 24 hours. Even a slow migration throttles that traffic. "
            "Prewarm, or choose another time."
        )
    elif peak:
        yield (
            f"Live traffic peaked at {peak:,} {dimension} units per second in the last 24 hours "
            f"and leaves {room.left:,.0f} of the {room.capacity:,.0f} units of the "
            f"{resource_words(room.resource)}."
        )


def _given(dimension: Dimension, room: Headroom, given: float | None) -> Iterator[str]:
    if given == 0:
        yield (
            f"{dimension}_units_per_second is 0: without a budget the migration takes all it can "
            "get, and live traffic is throttled."
        )
    elif given and given > room.left:
        yield (
            f"{dimension}_units_per_second is {given:,.0f}, but live traffic leaves only "
            f"{max(0, room.left):,.0f} of the {resource_words(room.resource)}. Lower it, or leave "
            "it to the plan."
        )
