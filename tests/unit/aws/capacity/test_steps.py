"""Prewarm and restore on a table with indexes, provisioned and on demand."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.aws.capacity.prewarm import note_shown, prewarm, still_waiting
from airflow_ddb_migrate.aws.capacity.restore import RestoreResult, restore
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.core.capacity.changes import changes_from_json
from airflow_ddb_migrate.core.capacity.snapshot import BillingMode, CapacitySnapshot
from airflow_ddb_migrate.core.errors import (
    CapacityError,
    LeaseHeldError,
    RestoreError,
    TableNotReadyError,
)
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.records import CapacityState, LeaseState
from airflow_ddb_migrate.core.limits import LEASE_SECONDS, START_SEEN_SECONDS
from tests.support.factories import MIGRATION, NOW, TABLE, at, client_error, units
from tests.support.worlds.site_world import OTHER, SiteWorld

WANTED = units(1_000, 500)
BEFORE = {"": (50, 25), "by_origin": (2_000, 10)}
RAISED = {"": (1_000, 500), "by_origin": (2_000, 500)}


def throughput(read: int, write: int) -> dict[str, int]:
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


@pytest.fixture
def world(make_world: Callable[..., SiteWorld]) -> SiteWorld:
    """A PROVISIONED table whose index has more reads than anybody wants."""
    return make_world(
        BillingMode="PROVISIONED",
        ProvisionedThroughput=throughput(50, 25),
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("id", "origin")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_origin",
                "KeySchema": [{"AttributeName": "origin", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
                "ProvisionedThroughput": throughput(2_000, 10),
            }
        ],
    )


def raised(world: SiteWorld, **options: Any) -> Any:
    return prewarm(world.site, WANTED, **{"warm": False, **options})


def restored(world: SiteWorld, by: str = "restore task") -> RestoreResult:
    return restore(world.site, by=by)


def updates(world: SiteWorld) -> list[dict[str, Any]]:
    return world.dynamodb.arguments_of("update_table")


def test_table_and_indexes_are_raised_and_never_lowered(world: SiteWorld) -> None:
    """In one UpdateTable; a figure that is higher already stays."""
    made = raised(world)

    assert (BEFORE, RAISED) == (shown(made.before), world.provisioned())
    assert 1 == len(updates(world))
    assert () == still_waiting(world.site.fresh_table(), made.changes)


def shown(snapshot: CapacitySnapshot) -> dict[str, tuple[int, int]]:
    return {name: (value.read, value.write) for name, value in snapshot.provisioned.items()}


def test_the_snapshot_is_written_before_anything_is_raised(world: SiteWorld) -> None:
    """A crash in between leaves something to restore, never something forgotten."""

    def crash(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_table":
            raise KeyboardInterrupt

    world.dynamodb.before = crash
    with pytest.raises(KeyboardInterrupt):
        raised(world)

    assert CapacityState.RAISED is world.lease.capacity_state
    assert BEFORE == shown(CapacitySnapshot.from_json(world.lease.snapshot))
    assert ["", "by_origin"] == [c.resource for c in changes_from_json(world.lease.raised)]
    world.dynamodb.before = lambda name, arguments: None
    assert () == restored(world).changes
    assert BEFORE == world.provisioned()


def test_a_cleared_prewarm_keeps_the_first_snapshot(world: SiteWorld) -> None:
    """What it finds raised is not the original; restore goes back behind both."""
    raised(world)
    prewarm(at(world.site, NOW), units(3_000, 600), warm=False)

    assert {"": (3_000, 600), "by_origin": (2_000, 600)} == world.provisioned()
    restored(world)
    assert BEFORE == world.provisioned()


def test_nothing_to_raise_is_nothing_to_do(world: SiteWorld) -> None:
    """No update, no lease: restore then has nothing to bring back."""
    made = prewarm(at(world.site, NOW), units(1, 1), warm=False)

    assert ((), BEFORE) == (made.changes, shown(made.before))
    assert [] == updates(world)
    assert world.site.leases.get(world.site.table.key) is None
    assert "Nothing to restore." == str(restored(world))


def test_restore_brings_back_exactly_what_was(world: SiteWorld) -> None:
    """Table and index, once; then the table is free."""
    raised(world)

    said = str(restored(world))

    assert BEFORE == world.provisioned()
    assert (CapacityState.RESTORED, LeaseState.FREE) == (
        world.lease.capacity_state,
        world.lease.state,
    )
    assert (
        "restored table: provisioned capacity 1,000 read / 500 write -> 50 read / 25 write units "
        "per second; restored index by_origin: provisioned capacity 2,000 read / 500 write -> "
        "2,000 read / 10 write units per second" == said
    )


def test_restore_runs_any_number_of_times(world: SiteWorld) -> None:
    """The second time nothing is owed, and AWS is not asked to change anything."""
    raised(world)
    restored(world)

    assert "Nothing to restore." == str(restored(world))
    assert 2 == len(updates(world))


def test_restore_without_a_prewarm_frees_the_table(world: SiteWorld) -> None:
    """Whatever failed before it."""
    world.start()
    world.end()

    assert "Nothing to restore." == str(restored(world))
    assert LeaseState.FREE is world.lease.state


def test_restore_frees_a_table_whose_end_is_noted_and_not_seen_yet(world: SiteWorld) -> None:
    """Step Functions may say RUNNING for a while after it has told the end."""
    raised(world)
    world.start()
    world.end()
    assert tend(world.site).is_over
    for execution in world.stepfunctions.executions.values():
        execution["status"] = ExecutionStatus.RUNNING.value

    restored(world)

    assert LeaseState.FREE is world.lease.state


def test_what_somebody_changed_meanwhile_stays(world: SiteWorld) -> None:
    """And is said; the other figures go back."""
    raised(world)
    world.service.update_table(TableName=TABLE, ProvisionedThroughput=throughput(1_000, 777))

    result = restored(world)

    assert {"": (50, 777), "by_origin": (2_000, 10)} == world.provisioned()
    (kept,) = result.kept
    assert kept.startswith("table: write capacity is 777, neither the raised 500")


def test_an_index_deleted_meanwhile_does_not_stop_restore(world: SiteWorld) -> None:
    """The table goes back, the index is told as gone."""
    raised(world)
    world.service.update_table(
        TableName=TABLE, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_origin"}}]
    )

    result = restored(world)

    assert {"": (50, 25)} == world.provisioned()
    assert result.kept[0].startswith("index by_origin: ")
    assert "it no longer exists" in result.kept[0]


@pytest.mark.parametrize("code", ["LimitExceededException", "ResourceInUseException"])
def test_a_refused_restore_is_owed_until_the_next_try(world: SiteWorld, code: str) -> None:
    """AWS counts decreases per day: the message says when, and the snapshot is kept."""
    raised(world)
    refuse_update(world, code)

    with pytest.raises(RestoreError, match="Clear the restore task later") as refused:
        restored(world)
    assert code == refused.value.aws_code
    assert (CapacityState.RAISED, LeaseState.HELD) == (
        world.lease.capacity_state,
        world.lease.state,
    )
    world.dynamodb.before = lambda name, arguments: None
    restored(world, by="another try")
    assert BEFORE == world.provisioned()


def refuse_update(world: SiteWorld, code: str, says: str = "as AWS says it") -> None:
    def refuse(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_table":
            raise client_error(code, "UpdateTable", message=says)

    world.dynamodb.before = refuse


def test_figures_that_do_not_come_back_are_an_error(world: SiteWorld) -> None:
    """AWS took the request and shows something else: restore verifies, and stays owed."""
    raised(world)

    def ignore(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_table":
            arguments.clear()
            arguments.update(TableName=TABLE, ProvisionedThroughput=throughput(1_000, 500))

    world.dynamodb.before = ignore
    with pytest.raises(RestoreError, match="does not show the original capacity"):
        restored(world)
    assert CapacityState.RAISED is world.lease.capacity_state


def test_two_restores_at_once_are_one(world: SiteWorld) -> None:
    """The second is refused while the first is at it."""
    raised(world)
    refused: list[str] = []

    def second(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_table" and not refused:
            refused.append("")
            with pytest.raises(RestoreError, match="being restored by first") as error:
                restored(world, by="second")
            refused.append(str(error.value))

    world.dynamodb.before = second
    restored(world, by="first")

    assert 2 == len(refused)
    assert (BEFORE, 2) == (world.provisioned(), len(updates(world)))


@pytest.mark.parametrize(
    ("code", "says", "words"),
    [
        (
            "LimitExceededException",
            "The requested write capacity 60,000 exceeds the table limit of 300.",
            "table orders: 1,000 read units, 500 write units, index by_origin 500 write units "
            "wanted, the account allows 300 per table; request a quota increase or lower "
            "read_units and write_units. AWS says: The requested",
        ),
        ("LimitExceededException", "Subscriber limit exceeded.", "the account allows less;"),
        ("ResourceInUseException", "x", "wait until it is ACTIVE"),
        ("ValidationException", "x", "Lower read_units and write_units, or turn prewarm off."),
    ],
)
def test_a_refused_prewarm_says_what_was_wanted_and_what_to_do(
    world: SiteWorld, code: str, says: str, words: str
) -> None:
    """What may have been raised is in the ledger, so restore runs after it."""
    refuse_update(world, code, says)

    with pytest.raises((CapacityError, TableNotReadyError)) as refused:
        raised(world)

    assert code == refused.value.aws_code
    assert refused.value.retryable is (code == "ResourceInUseException")
    assert words in str(refused.value)
    assert CapacityState.RAISED is world.lease.capacity_state


def test_capacity_that_is_owed_keeps_others_away(world: SiteWorld) -> None:
    """However old the lease is."""
    raised(world)
    world.clock.advance(2 * LEASE_SECONDS)

    with pytest.raises(LeaseHeldError, match="raised capacity is not restored yet"):
        world.start(world.site_for(OTHER))


def test_another_migrations_table_is_not_raised(world: SiteWorld) -> None:
    """Refused before anything is asked of AWS."""
    world.start()

    with pytest.raises(LeaseHeldError):
        prewarm(at(world.site_for(OTHER), NOW), WANTED, warm=False)
    assert ([], MIGRATION) == (updates(world), world.lease.migration_id)


def test_another_migrations_capacity_is_not_restored(world: SiteWorld) -> None:
    """A restore task whose prewarm never got the table does nothing."""
    raised(world)

    said = restore(world.site_for(OTHER), by="x")

    assert ("Nothing to restore.", RAISED) == (str(said), world.provisioned())
    assert LeaseState.HELD is world.lease.state


def test_a_second_prewarm_after_restore_has_a_snapshot_of_its_own(world: SiteWorld) -> None:
    """Somebody changed the table in between: that is the original now."""
    raised(world)
    restored(world)
    world.service.update_table(TableName=TABLE, ProvisionedThroughput=throughput(60, 30))
    raised(world)
    restored(world)

    assert {"": (60, 30), "by_origin": (2_000, 10)} == world.provisioned()


def test_the_restore_is_noted_for_the_report(world: SiteWorld) -> None:
    """What was brought back, what stayed, and how it is now."""
    raised(world)
    restored(world)

    note = world.site.ledger.read_note(MIGRATION, "restore")
    assert '"restored": ["table: provisioned capacity 1,000 read' in note
    assert '"after": ' in note


def test_a_raised_table_is_waited_for(world: SiteWorld) -> None:
    """By its figures: ACTIVE alone is not enough."""
    made = raised(world)
    world.service.update_table(TableName=TABLE, ProvisionedThroughput=throughput(50, 25))

    assert ("table orders has 50 read / 25 write, wanted 1,000 read / 500 write",) == still_waiting(
        world.site.fresh_table(), made.changes
    )


# On demand


def test_an_on_demand_table_is_left_alone(make_world: Callable[..., SiteWorld]) -> None:
    """Warm throughput costs, and stays: only when asked for."""
    world = make_world()

    assert () == raised(world).changes
    assert [] == updates(world)


def test_warm_throughput_is_raised_and_stays(make_world: Callable[..., SiteWorld]) -> None:
    """Restore says so, asks for nothing, and frees the table."""
    world = make_world(WarmThroughput={"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000})
    made = prewarm(at(world.site, NOW), units(15_000, 5_000), warm=True)

    assert BillingMode.PAY_PER_REQUEST is made.before.billing_mode
    assert [
        {
            "TableName": TABLE,
            "WarmThroughput": {"ReadUnitsPerSecond": 15_000, "WriteUnitsPerSecond": 5_000},
        }
    ] == updates(world)
    assert "permanent; AWS does not lower it" in str(restored(world))
    assert 1 == len(updates(world))
    assert LeaseState.FREE is world.lease.state


def test_a_running_migration_keeps_its_table_through_a_restore(world: SiteWorld) -> None:
    """The capacity goes back, the lease stays until the execution ends."""
    raised(world)
    world.start()

    restored(world)

    assert (BEFORE, LeaseState.HELD) == (world.provisioned(), world.lease.state)
    world.end(1, ExecutionStatus.ABORTED)
    restored(world)
    assert LeaseState.FREE is world.lease.state


@pytest.mark.parametrize("seconds", [1, START_SEEN_SECONDS - 10])
def test_a_raise_that_aws_does_not_show_yet_is_waited_for(world: SiteWorld, seconds: float) -> None:
    """DescribeTable is eventually consistent: what looks as before may be high in a moment."""
    old = world.service.describe_table(TableName=TABLE)
    raised(world)
    until = world.clock() + seconds

    def answer(name: str, answer: Any) -> Any:
        return old if name == "describe_table" and world.clock() < until else answer

    world.dynamodb.answers = answer
    restored(world)

    assert BEFORE == world.provisioned()
    assert CapacityState.RESTORED is world.lease.capacity_state


def test_what_was_never_raised_is_waited_for_two_minutes_at_most(world: SiteWorld) -> None:
    """Prewarm was killed between its note and its request."""
    before = world.clock()

    def die(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_table":
            raise KeyboardInterrupt

    world.dynamodb.before = die
    with pytest.raises(KeyboardInterrupt):
        raised(world)
    world.dynamodb.before = lambda name, arguments: None
    restored(world)

    assert START_SEEN_SECONDS <= world.clock() - before <= START_SEEN_SECONDS + 10
    assert LeaseState.FREE is world.lease.state


def test_what_aws_refused_to_raise_is_not_waited_for(world: SiteWorld) -> None:
    """It said so: nothing can come to light."""

    def refuse(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_table":
            raise client_error("LimitExceededException", "UpdateTable")

    world.dynamodb.before = refuse
    with pytest.raises(CapacityError):
        raised(world)
    before = world.clock()
    restored(world)

    assert before == world.clock()


def test_what_somebody_changed_since_is_not_waited_for(world: SiteWorld) -> None:
    """It is neither raised nor as before, so it has been raised."""
    raised(world)
    world.service.update_table(TableName=TABLE, ProvisionedThroughput=throughput(70, 500))
    before = world.clock()
    restored(world)

    assert before == world.clock()


def test_a_raise_that_was_seen_is_not_waited_for(world: SiteWorld) -> None:
    """Somebody brought all of it back by hand, a moment after prewarm had waited for it."""
    raised(world)
    note_shown(world.site)
    world.service.update_table(TableName=TABLE, ProvisionedThroughput=throughput(*BEFORE[""]))
    before = world.clock()
    restored(world)

    assert before == world.clock()
