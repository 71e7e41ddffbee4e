"""The properties of migrations on the embedded stack: real PartiQL, UpdateItem and S3."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from airflow_ddb_migrate.local.emulated_aws.emulator import Emulator
from ddb_transform import handler
from ddb_transform.botocore_probe import take_shortcuts
from ddb_transform.writers.proof import UNPROVEN, Proof
from ddb_transform.writers.self_check import self_check
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support import properties
from tests.support.edits import Row
from tests.support.edits import tables as all_tables
from tests.support.factories import ledger_table
from tests.support.properties import LIVE_WRITES, MakeWorld
from tests.support.worlds.migration_world import MigrationWorld

MOMENTS = st.sets(st.integers(1, 60), max_size=3)


def tables() -> st.SearchStrategy[list[Row]]:
    """Without an attribute named M, which the emulator's UpdateItem takes for a type."""
    return all_tables().filter(
        lambda rows: not any("M" in {*row.attributes, *row.values} for row in rows)
    )


both_writers = pytest.mark.parametrize("writer", ["reference", "fast"])


def few(examples: int) -> Callable[..., Any]:
    return settings(
        max_examples=examples,
        suppress_health_check=[*HealthCheck],
        phases=[Phase.explicit, Phase.generate],
    )


@pytest.fixture(scope="module")
def dynamodb(emulator: Emulator) -> Any:
    """The client that a Lambda has for the table: no retries, none of botocore's walks."""
    client = emulator.client("dynamodb", config=handler._PLAIN)
    take_shortcuts(client)
    return client


@pytest.fixture(scope="module")
def proof(dynamodb: Any) -> Proof:
    """What the emulator has proven of itself."""
    ledger_table(dynamodb, "self-check")
    return self_check(dynamodb, "self-check", now=0.0)


@pytest.fixture(scope="module")
def make(emulator: Emulator, dynamodb: Any, proof: Proof) -> Callable[[str], MakeWorld]:
    """Worlds of a writer, each with a table and a bucket of its own."""
    s3 = emulator.clients().s3
    proofs = {"reference": UNPROVEN, "fast": proof}

    def make_world(writer: str, **options: Any) -> MigrationWorld:
        bucket = f"properties-{uuid.uuid4().hex}"
        s3.create_bucket(Bucket=bucket)
        return MigrationWorld(
            dynamodb,
            proof=proofs[writer],
            s3=s3,
            has_partiql=True,
            bucket_name=bucket,
            **options,
        )

    return lambda writer: partial(make_world, writer)


def copy(item: Any, context: Any) -> object:
    return {**item}


def test_the_self_check_proves_the_fast_writer(proof: Proof) -> None:
    """All of it: what follows is written in batches."""
    assert (True, (), ()) == (proof.fast, proof.unproven, proof.differences)


@both_writers
@few(8)
@given(rows=tables())
def test_a_transform_that_changes_nothing_writes_nothing(
    make: Callable[[str], MakeWorld], writer: str, rows: list[Row]
) -> None:
    """Not one write, and every byte as before."""
    properties.check_identity(make(writer), rows, copy)


@both_writers
@few(14)
@given(rows=tables())
def test_exactly_what_is_edited_changes(
    make: Callable[[str], MakeWorld], writer: str, rows: list[Row]
) -> None:
    """One write an item, all other attributes byte for byte; a second run writes nothing."""
    properties.check_edits(make(writer), rows)


@both_writers
@few(10)
@given(rows=tables(), kill_at=MOMENTS, save_seconds=st.sampled_from([0, 3]))
def test_kills_change_nothing(
    make: Callable[[str], MakeWorld],
    writer: str,
    rows: list[Row],
    kill_at: set[int],
    save_seconds: float,
) -> None:
    """The table is as if nobody had been killed, and every item is counted once."""
    properties.check_kills(make(writer), rows, kill_at, save_seconds)


@both_writers
@few(10)
@given(rows=tables(), kill_at=MOMENTS, kill_undo_at=MOMENTS)
def test_undo_brings_the_original_table(
    make: Callable[[str], MakeWorld],
    writer: str,
    rows: list[Row],
    kill_at: set[int],
    kill_undo_at: set[int],
) -> None:
    """Deleted items, too, and whatever was killed meanwhile."""
    properties.check_undo(make(writer), rows, kill_at, kill_undo_at)


@both_writers
@few(10)
@given(
    rows=tables(),
    live=st.lists(st.sampled_from(LIVE_WRITES), min_size=7, max_size=7),
    kill_at=MOMENTS,
)
def test_undo_keeps_what_live_traffic_wrote(
    make: Callable[[str], MakeWorld],
    writer: str,
    rows: list[Row],
    live: list[str],
    kill_at: set[int],
) -> None:
    """All else is as it was."""
    properties.check_undo_keeps_live_writes(make(writer), rows, live, kill_at)
