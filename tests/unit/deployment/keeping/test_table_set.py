"""Tables are added; one is dropped only by name, and not while a migration needs it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.ledger import history
from airflow_ddb_migrate.aws.ledger.keys import history_key
from airflow_ddb_migrate.aws.ledger.leases import Leases
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import DeployError, InvalidInputError
from airflow_ddb_migrate.core.ledger.records import CapacityState, LeaseState
from airflow_ddb_migrate.deployment.keeping.in_use import (
    require_tables_free,
    require_transforms_unused,
)
from airflow_ddb_migrate.deployment.keeping.table_set import tables_after, validate_tables
from moto import mock_aws
from tests.support import factories
from tests.support.engines.fakes import FakeStepFunctions

ALREADY = "Every table is allowed already. To allow named ones alone, give --drop-table '*', too."
ABSENT = "--drop-table c: the stack does not have it, so there is nothing to drop."


@pytest.mark.parametrize(
    ("before", "add", "drop", "after", "said"),
    [
        ("", "a b a", "", "a b", []),
        ("a", "", "", "a", []),
        ("a", "a", "", "a", []),
        ("a", "b", "", "a b", ["Tables: a -> a, b"]),
        ("a b", "", "a", "b", ["Tables: a, b -> b"]),
        ("a", "b", "a", "b", ["Tables: a -> b"]),
        ("a b", "", "c", "a b", [ABSENT]),
        ("a", "*", "", "*", ["Tables: a -> *"]),
        ("*", "", "", "*", []),
        ("*", "*", "", "*", []),
        ("*", "a", "", "*", [ALREADY]),
        ("*", "a", "*", "a", ["Tables: * -> a"]),
        ("", "*", "", "*", []),
    ],
)
def test_tables_are_added_and_dropped_by_name(
    before: str, add: str, drop: str, after: str, said: list[str]
) -> None:
    """The difference is told; the same command twice comes to the same."""
    told: list[str] = []

    found = tables_after(before.split(), add.split(), drop.split(), told.append)

    assert (tuple(after.split()), said) == (found, told)
    assert found == tables_after(found, add.split(), drop.split(), told.append)


@pytest.mark.parametrize(
    ("before", "add", "drop", "words"),
    [
        ("", "", "", r"^Which tables may be migrated\?.*--table TABLE.*--all-tables"),
        ("a b", "", "a b", r"would leave no table: the stack has a, b\. Name another"),
        ("*", "", "*", r"would leave no table: the stack has \*"),
        ("a", "a", "a", "--table and --drop-table both name a"),
    ],
)
def test_what_makes_no_sense_is_refused(before: str, add: str, drop: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        tables_after(before.split(), add.split(), drop.split(), print)


def test_many_tables_are_told_in_few_words() -> None:
    """Eight by name."""
    said: list[str] = []

    tables_after(["a"], [f"table-{number}" for number in range(30)], [], said.append)

    assert 1 == len(said)
    assert said[0].startswith("Tables: a -> a, table-0, ")
    assert said[0].endswith("table-6 and 23 more")


def test_names_are_looked_at_before_anything() -> None:
    validate_tables(["orders", "*"])
    with pytest.raises(InvalidInputError, match="table is 'o'"):
        validate_tables(["orders", "o"])


@dataclass
class World:
    """A ledger with leases and history, and executions that run or do not."""

    dynamodb: Any
    stepfunctions: FakeStepFunctions = field(default_factory=FakeStepFunctions)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.dynamodb, factories.LEDGER)

    @property
    def clients(self) -> Clients:
        known = {"dynamodb": self.dynamodb, "stepfunctions": self.stepfunctions}
        return Clients(known.__getitem__)

    def hold(self, **fields: Any) -> None:
        Leases(self.ledger).change(factories.TABLE_KEY, lambda _: factories.lease(**fields))

    def drop(self, *after: str) -> None:
        clock = Clock(now=lambda: factories.NOW)
        require_tables_free(self.clients, factories.LEDGER, after=after, clock=clock)

    def begun(self, *, ended_at: float = 0.0, **fields: Any) -> None:
        """Note in the history that a migration began, and perhaps ended."""
        record = factories.migration_record(**fields)
        history.begin(self.ledger, record, "hash")
        self.ledger.update(history_key(record), {"ended_at": ended_at})


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name=factories.REGION)
        factories.ledger_table(dynamodb)
        yield World(dynamodb)


@pytest.mark.parametrize(
    ("lease", "words"),
    [
        ({}, r"holds it\. Wait for it, or stop it: ddb-migrate stop orders-0123456789ab\."),
        (
            {"state": LeaseState.FREE, "capacity_state": CapacityState.RAISED},
            r"raised its capacity, which is not restored.*Clear the restore task",
        ),
        ({"capacity_state": CapacityState.RESTORING, "expires_at": 0.0}, "is not restored"),
    ],
    ids=["held", "owed", "being-restored"],
)
@pytest.mark.parametrize("after", [("customers",), ("orders-2",)], ids=str)
def test_a_table_that_is_held_or_owed_is_not_dropped(
    world: World, lease: dict[str, Any], words: str, after: tuple[str, ...]
) -> None:
    """Its running workers, and the safety net, would lose the permission at once."""
    world.hold(**lease)

    with pytest.raises(DeployError, match=f"^Table orders cannot be dropped.*{words}.*Nothing was"):
        world.drop(*after)


@pytest.mark.parametrize(
    "lease",
    [
        {"state": LeaseState.FREE, "expires_at": 0.0},
        {"expires_at": factories.NOW - 1},
        {"state": LeaseState.FREE, "capacity_state": CapacityState.RESTORED},
    ],
    ids=["free", "run-out", "restored"],
)
def test_a_table_that_nobody_needs_is_dropped(world: World, lease: dict[str, Any]) -> None:
    """A lease that ran out, of whose migration nothing runs, holds nothing."""
    world.hold(**lease)

    world.drop("customers")


def test_what_stays_allowed_is_not_looked_at(world: World) -> None:
    """By its name, or since every table is."""
    world.hold()

    world.drop("orders", "customers")
    world.drop("*")


def test_a_transform_of_a_migration_that_is_not_finished_is_not_dropped(world: World) -> None:
    """It is named, with what ends it."""
    world.begun(transform="mine")

    with pytest.raises(
        DeployError,
        match=r"^Transform 'mine' cannot be dropped: migration orders-0123456789ab, which is not "
        r"finished, uses it\. Nothing was changed\. .*ddb-migrate stop orders-0123456789ab\. Then",
    ):
        require_transforms_unused(world.clients, factories.LEDGER, ["mine", "other"])
    require_transforms_unused(world.clients, factories.LEDGER, ["other"])


def test_a_transform_of_a_migration_that_holds_its_table_is_not_dropped(world: World) -> None:
    """Whatever its history says: it may be resumed."""
    world.begun(transform="mine", ended_at=1.0)
    require_transforms_unused(world.clients, factories.LEDGER, ["mine"])
    world.hold()

    with pytest.raises(DeployError, match="which is not finished"):
        require_transforms_unused(world.clients, factories.LEDGER, ["mine"])
