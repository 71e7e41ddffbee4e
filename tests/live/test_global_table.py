"""Why a table with replicas is refused: what a condition cannot see, another region loses."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.core.execution.messages import WorkStatus
from airflow_ddb_migrate.core.mode import Mode
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context
from ddb_transform.writers.partiql import PartiqlWriter
from ddb_transform.writers.proof import UNPROVEN, Proof
from moto import mock_aws
from tests.live.checker import Rule, check
from tests.live.history import Kind, Operation
from tests.support.engines.global_table import GlobalTable, Region
from tests.support.factories import client_error, data_table
from tests.support.worlds.migration_world import PROVEN, MigrationWorld

KEY = "k"
_END = 100


def add_total(item: Item, context: Context) -> Item:
    """Reads two attributes and writes a third, as the live tests' migration does."""
    item["total"] = item["a"] + item["b"]
    return item


class Regions:
    """A migration in one region, an application in both, and the history of its writes."""

    def __init__(self, world: MigrationWorld, there: Any) -> None:
        self.world = world
        table = world.table_name
        here = Region(world.service)
        self.table = GlobalTable(world.dynamodb, here, Region(there), table)
        self.history: list[Operation] = []

    def write(self, region: Region, number: int, **values: int) -> None:
        """Each write leaves its number, in an attribute that no migration touches."""
        wrote = {name: {"N": str(value)} for name, value in values.items()}
        self.table.write(region, KEY, marker={"N": str(number)}, **wrote)
        self.history.append(
            Operation(
                key=KEY,
                kind=Kind.WRITE,
                number=number,
                began=10 * number,
                ended=10 * number + 1,
                wrote=wrote,
                is_due=True,
            )
        )

    def during_the_write(self, then: Callable[[], None]) -> None:
        """Let something happen between the migration's read of the item and its write."""

        def hook(name: str, arguments: dict[str, Any]) -> None:
            if name == "update_item" and arguments["TableName"] == self.world.table_name:
                self.world.dynamodb.before = lambda *_: None
                then()

        self.world.dynamodb.before = hook

    def violations(self) -> set[Rule]:
        """What the checker of the live tests says of both regions, when all is replicated."""
        self.table.replicate()
        reads = [
            Operation(
                key=KEY,
                kind=Kind.READ,
                number=0,
                began=_END,
                ended=_END + 1,
                found=self.table.read(region, KEY) or {},
            )
            for region in (self.table.here, self.table.there)
        ]
        return {one.rule for one in check(self.history, reads, has_totals=False)}


@pytest.fixture(params=[UNPROVEN, PROVEN], ids=["single requests", "batches"])
def proof(request: pytest.FixtureRequest) -> Proof:
    found: Proof = request.param
    return found


@pytest.fixture
def regions(proof: Proof) -> Iterator[Regions]:
    with mock_aws():
        here = boto3.client("dynamodb", region_name="us-east-1")
        there = boto3.client("dynamodb", region_name="eu-west-1")
        world = MigrationWorld(here, transform=add_total, proof=proof)
        data_table(there, world.table_name)
        regions = Regions(world, there)
        regions.write(regions.table.here, 1, a=1, b=2)
        regions.table.replicate()
        yield regions


def test_a_live_write_in_another_region_is_lost(regions: Regions) -> None:
    """Of an attribute that the migration neither reads nor writes, within the replication lag."""
    regions.during_the_write(lambda: regions.write(regions.table.there, 2))

    assert WorkStatus.DONE is regions.world.work().status

    assert {Rule.LOST} == regions.violations()


def test_a_live_write_in_the_migration_s_region_is_not(regions: Regions) -> None:
    """What single_writer_region says makes the conditions true again, in all regions."""
    regions.during_the_write(lambda: regions.write(regions.table.here, 2, a=7))

    assert WorkStatus.DONE is regions.world.work().status

    assert set() == regions.violations()
    assert {"N": "9"} == regions.table.read(regions.table.there, KEY)["total"]


def test_a_write_that_was_replicated_before_is_not_lost(regions: Regions) -> None:
    """It is the lag that loses, not the other region."""
    regions.write(regions.table.there, 2, a=7)
    regions.table.replicate()

    assert WorkStatus.DONE is regions.world.work().status

    assert set() == regions.violations()


def test_an_undo_loses_it_likewise(regions: Regions) -> None:
    """So it is refused, too."""
    regions.world.work()
    regions.table.replicate()
    regions.world.follow_with(Mode.UNDO)
    regions.during_the_write(lambda: regions.write(regions.table.there, 2))

    assert WorkStatus.DONE is regions.world.work().status

    assert Rule.LOST in regions.violations()


@pytest.mark.parametrize("changed", [{}, {"a": 7}], ids=["another attribute", "what was read"])
def test_a_conflict_between_strongly_consistent_regions_is_a_race_like_any_other(
    proof: Proof, changed: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DynamoDB refuses our write while another region's is on its way: it is made again, alone."""
    batches: list[Any] = []
    monkeypatch.setattr(PartiqlWriter, "write", lambda _, intents: batches.append(intents))
    with mock_aws():
        here = boto3.client("dynamodb", region_name="us-east-1")
        world = MigrationWorld(
            here, transform=add_total, proof=proof, options={"is_multi_region_strong": True}
        )
        regions = Regions(world, here)  # what one region has, the other has, too
        regions.write(regions.table.here, 1, a=1, b=2)

        def conflict() -> None:
            regions.write(regions.table.here, 2, **changed)
            raise client_error("ReplicatedWriteConflictException", "UpdateItem")

        regions.during_the_write(conflict)

        assert WorkStatus.DONE is world.work().status

        assert set() == regions.violations()
        total = changed.get("a", 1) + 2
        assert {"N": str(total)} == regions.table.read(regions.table.here, KEY)["total"]
        assert [] == batches
        assert 0 == world.row().counts.quarantined
