"""How capacity in other regions changed while a table's capacity was raised, in words. Pure.

The migration changes nothing there on purpose, but AWS applies some settings of one region to all.
So restore reports what differs in another region and leaves it to the people who know that region.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from airflow_ddb_migrate.core.capacity.snapshot import (
    CapacitySnapshot,
    ReplicaCapacity,
    figure_words,
    resource_words,
)

_FOLLOWS: Final = "none of its own"
_READS: Final = {
    "provisioned_read": "provisioned read capacity",
    "on_demand_read": "on-demand maximum of reads",
}


def changed_elsewhere(before: CapacitySnapshot, now: CapacitySnapshot) -> tuple[str, ...]:
    """Return a sentence for each value in another region that differs from before.

    Warm throughput is not compared: it grows with traffic, and AWS never lowers it.
    """
    there = {replica.region: replica for replica in now.replicas}
    sentences: list[str] = []
    for was in before.replicas:
        if was.region in there:
            sentences += _changes(was, there[was.region])
        else:
            sentences.append(f"the replica in {was.region} is gone")
    return tuple(sentences)


def _changes(was: ReplicaCapacity, now: ReplicaCapacity) -> Iterator[str]:
    for name, words in _READS.items():
        yield from _reads(was.region, words, getattr(was, name), getattr(now, name))
    if was.table_class != now.table_class:
        yield (
            f"{was.region}: table class is {now.table_class}; before the migration it was "
            f"{was.table_class}. Restore changes nothing in another region"
        )


def _reads(region: str, what: str, was: Mapping[str, int], now: Mapping[str, int]) -> Iterator[str]:
    for resource in sorted(was.keys() | now.keys()):
        before, after = was.get(resource), now.get(resource)
        if before != after:
            yield (
                f"{region}, {resource_words(resource)}: {what} is {_words(after)}; before the "
                f"migration it was {_words(before)}. Restore changes nothing in another region"
            )


def _words(figure: int | None) -> str:
    return _FOLLOWS if figure is None else figure_words(figure)
