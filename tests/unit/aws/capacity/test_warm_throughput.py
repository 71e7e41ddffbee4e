"""Warm throughput: AWS raises it while the table is ACTIVE, never lowers it, and charges once."""

from collections.abc import Callable

import pytest
from airflow_ddb_migrate.aws.capacity.prewarm import prewarm, still_waiting
from airflow_ddb_migrate.core.errors import TableNotReadyError
from tests.support.engines.strict_tables import UPDATING_SECONDS
from tests.support.factories import TABLE, units
from tests.support.worlds.capacity_world import Place

WANTED = units(20_000, 5_000)
TABLE_IS_WARMING = "warm throughput of table orders is UPDATING"
INDEX_IS_WARMING = "warm throughput of index by_day is UPDATING"


@pytest.fixture
def place(make_place: Callable[..., Place]) -> Place:
    return make_place("PAY_PER_REQUEST", 1)


def somebody_warms(place: Place) -> None:
    place.tables.apply(TableName=TABLE, WarmThroughput={"WriteUnitsPerSecond": 9_000})


def test_it_is_waited_for_by_its_own_status(place: Place) -> None:
    """Table and index are ACTIVE all the time; nobody asks again meanwhile."""
    made = prewarm(place.world.site, WANTED, warm=True)
    assert (TABLE_IS_WARMING, INDEX_IS_WARMING) == still_waiting(
        place.world.site.fresh_table(), made.changes
    )

    place.prewarm(WANTED, warm=True)

    assert 1 == place.calls()[0]
    assert () == still_waiting(place.world.site.fresh_table(), made.changes)
    assert place.world.clock() >= place.tables.warming_until


def test_only_what_is_raised_is_sent(place: Place) -> None:
    """The other figure may have grown since: sent as it was, AWS would refuse to lower it."""
    prewarm(place.world.site, WANTED, warm=True)

    ((arguments,), index) = (
        place.tables.arguments_of("update_table"),
        {"IndexName": "by_day", "WarmThroughput": {"WriteUnitsPerSecond": 5_000}},
    )
    assert {"ReadUnitsPerSecond": 20_000, "WriteUnitsPerSecond": 5_000} == arguments[
        "WarmThroughput"
    ]
    assert [{"Update": index}] == arguments["GlobalSecondaryIndexUpdates"]


def test_what_somebody_else_raises_is_not_raised_twice(place: Place) -> None:
    """Its old figure is still shown: the difference would be paid again."""
    somebody_warms(place)

    with pytest.raises(TableNotReadyError, match=TABLE_IS_WARMING) as refused:
        prewarm(place.world.site, WANTED, warm=True)

    assert refused.value.retryable
    place.world.clock.advance(UPDATING_SECONDS)
    made = place.prewarm(WANTED, warm=True)
    assert ["table", "index by_day"] == [str(one).partition(":")[0] for one in made.changes]
    assert 9_000 == place.tables.figures()["", "WarmThroughput", "WriteUnitsPerSecond"]


def test_it_is_no_reason_to_wait_without_warm_throughput_of_ours(place: Place) -> None:
    """Nothing else depends on it."""
    somebody_warms(place)

    assert () == prewarm(place.world.site, WANTED, warm=False).changes
