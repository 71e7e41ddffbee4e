"""A global table: what restore says of other regions, and what a lease keeps of them."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.aws.services.replicas import replicas_from
from airflow_ddb_migrate.core.capacity.replicas import changed_elsewhere
from airflow_ddb_migrate.core.capacity.snapshot import (
    CapacitySnapshot,
    CapacityUnits,
    ReplicaCapacity,
    TableClass,
)
from tests.support.factories import snapshot, units
from tests.support.worlds.capacity_world import Place

ROW: dict[str, Any] = {
    "RegionName": "eu-west-1",
    "ReplicaStatus": "ACTIVE",
    "ProvisionedThroughputOverride": {"ReadCapacityUnits": 70},
    "WarmThroughput": {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000},
    "GlobalSecondaryIndexes": [
        {"IndexName": "by_day", "ProvisionedThroughputOverride": {"ReadCapacityUnits": 7}},
        {"IndexName": "by_size", "OnDemandThroughputOverride": {"MaxReadRequestUnits": -1}},
    ],
    "ReplicaTableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
}
REPLICA = ReplicaCapacity(
    region="eu-west-1",
    table_class=TableClass.INFREQUENT_ACCESS,
    provisioned_read={"": 70, "by_day": 7},
    on_demand_read={"by_size": -1},
    warm_throughput={"": CapacityUnits(12_000, 4_000)},
)


def test_what_describe_table_shows_of_a_replica_is_kept() -> None:
    """Own figures of table and indexes, through the ledger and back."""
    description = {
        "Replicas": [ROW, {"RegionName": "us-east-1"}],
        "GlobalTableVersion": "2019.11.21",
        "GlobalTableWitnesses": [{"RegionName": "us-west-2", "WitnessStatus": "ACTIVE"}],
    }

    assert (REPLICA,) == replicas_from(description, "us-east-1")
    seen = CapacitySnapshot(snapshot().billing_mode, {}, {}, replicas=(REPLICA,))
    assert seen == CapacitySnapshot.from_json(seen.to_json())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        ({"WarmThroughput": {"ReadUnitsPerSecond": 99_000}}, []),  # grows by itself
        (
            {"ProvisionedThroughputOverride": {"ReadCapacityUnits": 5}},
            [
                "eu-west-1, table: provisioned read capacity is 5; before the migration it was 70. "
                "Restore changes nothing in another region"
            ],
        ),
        (
            {"GlobalSecondaryIndexes": []},
            [
                "eu-west-1, index by_day: provisioned read capacity is none of its own; before "
                "the migration it was 7. Restore changes nothing in another region",
                "eu-west-1, index by_size: on-demand maximum of reads is none of its own; before "
                "the migration it was unlimited. Restore changes nothing in another region",
            ],
        ),
        (
            {"ReplicaTableClassSummary": {"TableClass": "STANDARD"}},
            [
                "eu-west-1: table class is STANDARD; before the migration it was "
                "STANDARD_INFREQUENT_ACCESS. Restore changes nothing in another region"
            ],
        ),
        ({"RegionName": "eu-west-2"}, ["the replica in eu-west-1 is gone"]),
    ],
)
def test_what_is_not_as_it_was_in_another_region_is_said(
    changed: dict[str, Any], said: list[str]
) -> None:
    """Each figure on its own."""
    (now,) = replicas_from({"Replicas": [{**ROW, **changed}]}, "us-east-1")

    found = changed_elsewhere(_with(REPLICA), _with(now))

    assert said == list(found)


def _with(*replicas: ReplicaCapacity) -> CapacitySnapshot:
    return CapacitySnapshot(snapshot().billing_mode, {}, {}, replicas=replicas)


def show_replicas(place: Place, rows: list[dict[str, Any]]) -> None:
    def shown(name: str, answer: Any) -> Any:
        if name == "describe_table":
            answer["Table"]["Replicas"] = rows
        return answer

    place.tables.answers = shown


@pytest.mark.parametrize("is_changed", [False, True])
def test_restore_compares_other_regions_and_changes_only_what_prewarm_did(
    make_place: Callable[..., Place], is_changed: bool
) -> None:
    """No request of ours names a replica."""
    place = make_place("PROVISIONED", 1)
    show_replicas(place, [ROW])
    before = place.all()
    place.prewarm(units(1_000, 500))
    if is_changed:
        show_replicas(place, [{**ROW, "ProvisionedThroughputOverride": {"ReadCapacityUnits": 5}}])

    result = place.restore()

    assert before == place.all()
    assert is_changed == any(line.startswith("eu-west-1, table") for line in result.kept)
    assert int(is_changed) == len(result.kept)
    assert "ReplicaUpdates" not in str(place.tables.arguments_of("update_table"))


def test_permanent_warm_throughput_is_told_with_its_regions(
    make_place: Callable[..., Place],
) -> None:
    """AWS raised it there, too."""
    place = make_place("PAY_PER_REQUEST", 0)
    show_replicas(place, [ROW])
    place.prewarm(units(20_000, 5_000), warm=True)

    (kept,) = place.restore().kept

    assert kept.endswith("permanent; AWS does not lower it, also in eu-west-1")
