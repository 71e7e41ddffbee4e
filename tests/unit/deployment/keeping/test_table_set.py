"""Tables are added; one is dropped only by name, and not while a migration needs it."""

import shlex
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
from airflow_ddb_migrate.core.bindings import Bindings, bindings_of
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import DeployError, InvalidInputError
from airflow_ddb_migrate.core.ledger.records import CapacityState, LeaseState
from airflow_ddb_migrate.deployment.keeping.in_use import (
    require_tables_free,
    require_transforms_unused,
)
from airflow_ddb_migrate.deployment.keeping.table_set import (
    bindings_after,
    bindings_before,
    deployed_options,
    options_of,
)
from moto import mock_aws
from tests.support import factories
from tests.support.engines.fakes import FakeLambda, FakeStepFunctions

ALREADY = "Every table is already allowed. To allow only named tables, add --drop-table '*'."
ABSENT = "--drop-table ccc: the stack does not have this, so nothing is dropped."


@pytest.mark.parametrize(
    ("before", "add", "drop", "after", "said"),
    [
        ("", "aaa bbb aaa", "", "aaa bbb", []),
        ("aaa", "", "", "aaa", []),
        ("aaa", "aaa", "", "aaa", []),
        ("aaa", "bbb", "", "aaa bbb", ["Tables: aaa -> aaa, bbb"]),
        ("aaa bbb", "", "aaa", "bbb", ["Tables: aaa, bbb -> bbb"]),
        ("aaa", "bbb", "aaa", "bbb", ["Tables: aaa -> bbb"]),
        ("aaa bbb", "", "ccc", "aaa bbb", [ABSENT]),
        ("aaa", "*", "", "*", ["Tables: aaa -> *"]),
        ("*", "", "", "*", []),
        ("*", "*", "", "*", []),
        ("*", "aaa", "", "*", [ALREADY]),
        ("*", "aaa", "*", "aaa", ["Tables: * -> aaa"]),
        ("", "*", "", "*", []),
    ],
)
def test_tables_are_added_and_dropped_by_name(
    before: str, add: str, drop: str, after: str, said: list[str]
) -> None:
    """The difference is told; the same command twice comes to the same."""
    told: list[str] = []

    found = bindings_after(bindings_of(before.split()), add.split(), drop.split(), told.append)

    assert (tuple(after.split()), said) == (found.tables, told)
    assert found == bindings_after(found, add.split(), drop.split(), told.append)


OFF = "every transform that does not delete"


@pytest.mark.parametrize(
    ("before", "add", "drop", "after", "said"),
    [
        ("", "aaa:x,y bbb", "", {"aaa": "x y", "bbb": "*"}, []),
        ("aaa:x", "aaa:y", "", {"aaa": "x y"}, ["Table aaa: x -> x, y"]),
        ("aaa:x bbb", "bbb:z", "", {"aaa": "x", "bbb": "* z"}, [f"Table bbb: {OFF} -> {OFF}, z"]),
        ("aaa", "aaa:x", "aaa:*", {"aaa": "x"}, [f"Table aaa: {OFF} -> x"]),
        ("aaa:x,y", "", "aaa:y", {"aaa": "x"}, ["Table aaa: x, y -> x"]),
        ("aaa:x", "", "aaa:y", {"aaa": "x"}, [ABSENT.replace("ccc:", "aaa:y:")]),
        ("aaa:x bbb", "", "aaa", {"bbb": "*"}, ["Tables: aaa, bbb -> bbb"]),
        ("*:x", "", "", {"*": "x"}, []),
        ("*:x", "aaa", "", {"*": "x", "aaa": "*"}, []),
        ("*", "aaa:delete", "", {"*": "*", "aaa": "delete"}, []),
        ("*", "*:delete", "", {"*": "* delete"}, [f"Table *: {OFF} -> {OFF}, delete"]),
        ("* aaa:x", "", "*", {"aaa": "x"}, ["Tables: * -> aaa"]),
    ],
    ids=str,
)
def test_tables_are_bound_to_transforms(
    before: str, add: str, drop: str, after: dict[str, str], said: list[str]
) -> None:
    """What is deployed stays; a name is taken away by its name; the difference is told."""
    told: list[str] = []

    found = bindings_after(bindings_of(before.split()), add.split(), drop.split(), told.append)

    assert {table: tuple(names.split()) for table, names in after.items()} == found.rows
    assert said == told


def test_a_dropped_transform_is_bound_to_nothing() -> None:
    """A table that had no other keeps the deployment from going on."""
    before = bindings_of(["aaa:mine,x", "bbb"])

    after = bindings_after(before, [], [], print, gone=["mine"])

    assert {"aaa": ("x",), "bbb": ("*",)} == after.rows
    with pytest.raises(InvalidInputError, match=r"Table aaa would have no transform left: .*x"):
        bindings_after(after, [], ["aaa:x"], print)
    with pytest.raises(
        InvalidInputError, match=r"Bind another one with --table aaa:TRANSFORM, or drop"
    ):
        bindings_after(after, [], [], print, gone=["x"])


def test_bindings_that_cannot_be_read_are_not_guessed() -> None:
    """Neither as everything nor as nothing: each table is to be given anew."""
    with pytest.raises(
        DeployError,
        match=r"work on aaa, bbb\. Nothing was changed.*again: --table aaa:y$",
    ):
        bindings_before(None, ["aaa", "bbb"], ["aaa:x"], [], lambda: "--table aaa:y")

    assert {} == bindings_before(None, ["aaa", "bbb"], ["aaa:x"], ["bbb"], str).rows


@pytest.mark.parametrize(
    "texts",
    [["aaa"], ["aaa:x", "bbb"], ["*"], ["*:x,y"], ["aaa:*,x", "*"], ["aaa:y,x"]],
    ids=str,
)
def test_options_bind_what_is_bound(texts: list[str]) -> None:
    """Given to another deployment, they come to the same; a shell takes them as they are."""
    bound = bindings_of(texts)

    given = shlex.split(options_of(bound))

    assert ["--table"] * len(texts) == given[::2]
    assert bound.to_json() == bindings_of(given[1::2]).to_json()


def test_options_of_what_is_deployed_leave_out_what_is_dropped() -> None:
    """Or the command that repeats them would be refused."""
    answer = {"ok": True, "bindings": '{"aaa": ["x"], "bbb": ["*"]}'}
    clients = Clients({"lambda": FakeLambda(answer=answer)}.__getitem__)
    outputs = {"FunctionArn": "arn:function:7", "Tables": "aaa,bbb"}

    assert "--table aaa:x" == deployed_options(clients, outputs, drop=["bbb"])
    assert "--table aaa:x --table bbb" == deployed_options(clients, outputs)


def test_options_of_a_lambda_that_does_not_answer_bind_nothing() -> None:
    """They have to be filled in: a transform has no such name."""
    failing = FakeLambda(answer={"errorMessage": "no"}, function_error="Unhandled")
    clients = Clients({"lambda": failing}.__getitem__)

    found = deployed_options(clients, {"FunctionArn": "arn:function:7", "Tables": "aaa"})

    assert found.startswith("--table aaa:TRANSFORM. For TRANSFORM, give the names")
    assert found == deployed_options(clients, {"Tables": "aaa"})


def test_tables_keep_their_order() -> None:
    """That of the stack, whatever the file's is."""
    read = Bindings.from_json(bindings_of(["bbb", "aaa:x"]).to_json())

    assert ["aaa", "bbb"] == list(read.rows)
    assert ("bbb", "aaa") == bindings_before(read, ["bbb", "aaa"], [], [], str).tables


@pytest.mark.parametrize(
    ("before", "add", "drop", "words"),
    [
        ("", "", "", r"^Which tables may be migrated\?.*--table TABLE.*--all-tables"),
        ("aaa bbb", "", "aaa bbb", r"no tables: the stack has aaa, bbb\. Name another one"),
        ("*", "", "*", r"would leave no tables: the stack has \*"),
        ("aaa", "aaa", "aaa", "--table and --drop-table both name aaa"),
        ("aaa", "aaa:x,y", "aaa:y", "--table and --drop-table both name aaa:y"),
    ],
)
def test_what_makes_no_sense_is_refused(before: str, add: str, drop: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        bindings_after(bindings_of(before.split()), add.split(), drop.split(), print)


def test_many_tables_are_told_in_few_words() -> None:
    """Eight by name."""
    said: list[str] = []

    more = [f"table-{number}" for number in range(30)]
    bindings_after(bindings_of(["aaa"]), more, [], said.append)

    assert 1 == len(said)
    assert said[0].startswith("Tables: aaa -> aaa, table-0, ")
    assert said[0].endswith("table-6 and 23 more")


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
