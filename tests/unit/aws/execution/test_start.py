"""Starting a migration: first, attached, again, or not at all."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.ledger.notes import keep_plan
from airflow_ddb_migrate.aws.preflight.table_lease import take_lease
from airflow_ddb_migrate.aws.services.tables import describe_table
from airflow_ddb_migrate.core.errors import (
    AwsRequestError,
    InvalidInputError,
    LeaseHeldError,
    LedgerBusyError,
    TransformError,
)
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.records import AttemptRecord, Command, LaneState, LeaseState
from airflow_ddb_migrate.core.limits import LEASE_SECONDS
from airflow_ddb_migrate.core.mode import Mode
from tests.support.factories import MIGRATION, NOW, STARTED_AT, TABLE, client_error, data_table
from tests.support.plans import facts, plan
from tests.support.worlds.site_world import OTHER, SiteWorld, arn_of


def test_the_first_start_is_attempt_one_over_every_lane(world: SiteWorld) -> None:
    """Everything is in the ledger, and the execution has the input it needs."""
    started = world.start(params={"attribute": "at"}, max_concurrency=3)

    assert (1, 4, arn_of(1)) == (started.attempt, started.lanes, started.execution_arn)
    assert started.explanation.startswith(f"Started attempt 1 of {MIGRATION} over 4 of 4 segments")
    payload = world.stepfunctions.payload(arn_of(1))
    assert [0, 1, 2, 3] == sorted(payload.pop("segments"))
    assert {
        "migration_id": MIGRATION,
        "attempt": 1,
        "table_name": TABLE,
        "total_segments": 4,
        "lanes": 4,
        "max_concurrency": 3,
        "tolerated_failure_percentage": 0,
    } == payload


def test_what_was_started_is_in_the_ledger(world: SiteWorld) -> None:
    """Plan, attempt, control record and lease: any later try reads them there."""
    world.start(params={"attribute": "at"})

    record = world.site.ledger.required_migration(MIGRATION)
    assert ("add_updated_at", '{"attribute": "at"}') == (record.transform, record.params)
    assert (4, 4, ("id",)) == (record.total_segments, record.lanes, record.key_names)
    assert (NOW, STARTED_AT, "tests") == (
        record.started_at,
        record.started_at_iso,
        record.started_by,
    )
    attempt = AttemptRecord(
        number=1,
        execution_arn=arn_of(1),
        transform_hash="hash-1",
        lanes=4,
        intended_at=NOW,
        started_at=NOW,
    )
    assert attempt == world.site.ledger.latest_attempt(MIGRATION)
    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    assert (Command.RUN, 1) == (control.command, control.attempt)
    assert (LeaseState.HELD, MIGRATION, 1, arn_of(1)) == (
        world.lease.state,
        world.lease.migration_id,
        world.lease.attempt,
        world.lease.execution_arn,
    )


def test_a_start_while_it_runs_attaches(world: SiteWorld) -> None:
    """A retried or restarted task means the execution that is there."""
    world.start()

    again = world.start()

    assert (1, 4) == (again.attempt, again.lanes)
    assert f"Attached to the running attempt 1 of {MIGRATION}." == again.explanation
    assert [arn_of(1)] == list(world.stepfunctions.executions)


@pytest.mark.parametrize(
    "status",
    [
        ExecutionStatus.FAILED,
        ExecutionStatus.TIMED_OUT,
        ExecutionStatus.ABORTED,
        ExecutionStatus.PENDING_REDRIVE,
        ExecutionStatus.SUCCEEDED,
    ],
)
def test_what_is_unfinished_is_a_new_attempt(world: SiteWorld, status: ExecutionStatus) -> None:
    """Only the lanes that are not done, whatever ended the attempt before."""
    world.start()
    world.lane(0)
    world.lane(1, LaneState.FAILED)
    world.lane(2, LaneState.PENDING)
    world.end(1, status)

    again = world.start()

    assert (2, 3, arn_of(2)) == (again.attempt, again.lanes, again.execution_arn)
    payload = world.stepfunctions.payload(arn_of(2))
    assert [1, 2, 3] == sorted(payload["segments"])
    assert (2, 4) == (payload["attempt"], payload["total_segments"])


def test_a_new_attempt_overrules_the_stop_of_the_last_one(world: SiteWorld) -> None:
    """The control record names the attempt that may work, and lets it run."""
    world.start()
    world.site.ledger.stop(MIGRATION, attempt=1, reason="me", now=NOW)
    world.end()
    world.start()

    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    assert (Command.RUN, 2, "") == (control.command, control.attempt, control.reason)


def test_the_plan_is_that_of_the_first_start(world: SiteWorld) -> None:
    """Segments, transform and parameters of a later try change nothing: cursors fit the first."""
    world.start()
    world.lane(0)
    world.end()

    world.start(total_segments=9, transform="another", params={"x": 1})

    payload = world.stepfunctions.payload(arn_of(2))
    assert (4, [1, 2, 3]) == (payload["total_segments"], sorted(payload["segments"]))
    assert "add_updated_at" == world.lambda_.invoked[-1]["transform"]
    assert "{}" == world.site.ledger.required_migration(MIGRATION).params


def test_a_mended_transform_shows_in_its_attempt(world: SiteWorld) -> None:
    """The hash of the code that worked is kept beside each attempt."""
    world.start()
    world.end()
    world.lambda_.answer = {"ok": True, "error": "", "hash": "hash-2"}
    world.start()

    latest = world.site.ledger.latest_attempt(MIGRATION)
    assert latest is not None
    assert (2, "hash-2") == (latest.number, latest.transform_hash)


def _planned(world: SiteWorld, transform_hash: str) -> None:
    keep_plan(world.site.ledger, replace(plan(facts()), transform_hash=transform_hash))


@pytest.mark.parametrize(
    "fields", [{}, {"mode": Mode.DRY_RUN, "of": MIGRATION}], ids=["migration", "dry-run"]
)
def test_another_transform_than_the_one_that_was_planned_is_refused(
    world: SiteWorld, fields: dict[str, Any]
) -> None:
    """What a person has approved is that one; planned anew, it starts."""
    site = world.site_for(OTHER) if fields else world.site
    _planned(world, "hash-0")

    with pytest.raises(
        TransformError, match=r"hash hash-1, but migration .* with hash-0.*Clear the"
    ):
        world.start(site, **fields)

    assert site.ledger.latest_attempt(site.migration_id) is None
    _planned(world, "hash-1")
    assert 1 == world.start(site, **fields).attempt


@pytest.mark.parametrize("planned", ["", "hash-1"])
def test_a_mended_transform_goes_on_with_what_was_started(world: SiteWorld, planned: str) -> None:
    """A migration that failed is fixed so; an older plan knows no hash."""
    _planned(world, planned)
    world.start()
    world.end()
    world.lambda_.answer = {"ok": True, "error": "", "hash": "hash-2"}

    assert 2 == world.start().attempt


def test_a_canary_s_transform_is_the_migration_s(world: SiteWorld) -> None:
    """A few segments are no start: what was approved after them is what they did."""
    _planned(world, "hash-1")
    world.start(sample_lanes=1)
    world.end()
    world.lambda_.answer = {"ok": True, "error": "", "hash": "hash-2"}

    with pytest.raises(TransformError, match="Clear the task of the plan"):
        world.start()


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_start_that_was_cut_off_is_found_again(world: SiteWorld, lost: str) -> None:
    """Before StartExecution it is started under the same number; after it, attached to."""
    start_execution = world.stepfunctions.start_execution

    def cut_off(**arguments: Any) -> None:
        if lost == "after":
            start_execution(**arguments)
        raise KeyboardInterrupt

    world.site.clients.stepfunctions = _with(world.stepfunctions, start_execution=cut_off)
    with pytest.raises(KeyboardInterrupt):
        world.start()
    world.site.clients.stepfunctions = world.stepfunctions
    world.clock.advance(60)

    again = world.start()

    assert (1, arn_of(1)) == (again.attempt, again.execution_arn)
    assert [arn_of(1)] == list(world.stepfunctions.executions)


class _with:  # noqa: N801  # reads as what it does
    """An object with some of its methods replaced."""

    def __init__(self, of: Any, **replaced: Callable[..., Any]) -> None:
        self.__dict__.update(replaced)
        self._of = of

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of, name)


def test_a_name_that_exists_is_the_execution_that_is_meant(world: SiteWorld) -> None:
    """A repeated StartExecution is refused by AWS, and no error."""
    world.stepfunctions.executions[arn_of(1)] = {"status": "RUNNING", "input": "{}"}

    started = world.start()

    assert started.explanation.startswith(f"Found, just started, attempt 1 of {MIGRATION}")


def test_a_forgotten_execution_is_followed_by_a_new_attempt(world: SiteWorld) -> None:
    """After 90 days AWS does not know it any more; it was started, so its name is used up."""
    world.start()
    world.stepfunctions.executions.clear()
    world.clock.advance(90 * 86_400)

    assert 2 == world.start().attempt


def test_a_finished_migration_has_nothing_to_start(world: SiteWorld) -> None:
    """A cleared start task finds every lane done."""
    world.start()
    for lane in range(4):
        world.lane(lane)
    world.end(1, ExecutionStatus.SUCCEEDED)

    again = world.start()

    assert (1, arn_of(1)) == (again.attempt, again.execution_arn)
    assert again.explanation.startswith("Every segment is done, so nothing has to be started after")
    assert 1 == len(world.stepfunctions.executions)


def test_an_attempt_that_is_being_stopped_is_not_attached_to(world: SiteWorld) -> None:
    """It would end at once: the task is tried again when it has."""
    world.start()
    world.site.ledger.stop(MIGRATION, attempt=1, reason="killed", now=NOW)

    with pytest.raises(LeaseHeldError, match=r"is being stopped \(killed\). Try again in a minute"):
        world.start()


def test_workers_that_are_still_ending_are_waited_for(world: SiteWorld) -> None:
    """Two attempts never work on one lane; a minute later the sign of life is over."""
    world.start()
    world.lane(0, LaneState.RUNNING)
    world.end()

    with pytest.raises(LeaseHeldError, match="1 workers of the last attempt"):
        world.start()
    world.clock.advance(61)
    assert 2 == world.start().attempt


def test_two_starts_at_once_make_one_attempt(world: SiteWorld) -> None:
    """The one that lost the number says so; tried again, it attaches."""

    def overtake(name: str, arguments: dict[str, Any]) -> None:
        if name == "put_item" and "attempt#001" in str(arguments["Item"].get("sk")):
            world.dynamodb.before = lambda name, arguments: None
            world.start()

    world.dynamodb.before = overtake

    with pytest.raises(LedgerBusyError, match="Another try took attempt 1 of"):
        world.start()
    assert [arn_of(1)] == list(world.stepfunctions.executions)
    assert world.start().explanation.startswith("Attached")


# Another migration of the same table


def test_a_second_migration_waits_while_one_runs(world: SiteWorld) -> None:
    """However old the lease is; nothing is written."""
    world.start()
    world.clock.advance(10 * LEASE_SECONDS)

    with pytest.raises(LeaseHeldError, match="One migration of a table runs at a time"):
        world.start(world.site_for(OTHER))
    assert world.site.ledger.migration(OTHER) is None
    assert MIGRATION == world.lease.migration_id


def test_a_second_migration_waits_while_the_lease_lasts(world: SiteWorld) -> None:
    """Between two attempts the table still belongs to the first."""
    world.start()
    world.end()

    with pytest.raises(LeaseHeldError, match="Its lease expires in"):
        world.start(world.site_for(OTHER))


def test_who_takes_an_expired_table_stops_its_former_holder(world: SiteWorld) -> None:
    """A worker that Step Functions forgot would else go on; a later resume is told apart."""
    world.start()
    world.end()
    world.clock.advance(LEASE_SECONDS + 1)

    world.start(world.site_for(OTHER))

    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    assert (Command.STOP, f"migration {OTHER} took the table") == (control.command, control.reason)
    assert (OTHER, MIGRATION, 2) == (
        world.lease.migration_id,
        world.lease.taken_from,
        world.lease.generation,
    )
    assert arn_of(1, OTHER) in world.stepfunctions.executions


def test_a_table_made_again_is_another_table(world: SiteWorld) -> None:
    """An id of an old migration does not continue in a table that was made since."""
    world.start()
    world.end()
    world.clock.advance(LEASE_SECONDS + 1)
    table = world.site.table
    again = replace(world.site, table=replace(table, key=replace(table.key, table_id="made-again")))

    with pytest.raises(InvalidInputError, match="leave migration_id out") as refused:
        world.start(again)
    assert "(id made-again)" in str(refused.value)
    assert 1 == len(world.stepfunctions.executions)
    assert world.site.leases.get(again.table.key) is None


def test_capacity_of_a_table_made_again_is_not_raised(world: SiteWorld) -> None:
    """A cleared prewarm of an old run is refused before it takes the new table."""
    world.start()
    world.end()
    table = world.site.table
    again = replace(world.site, table=replace(table, key=replace(table.key, table_id="made-again")))

    with pytest.raises(InvalidInputError, match="leave migration_id out"):
        take_lease(again)
    assert world.site.leases.get(again.table.key) is None


def test_an_id_of_another_table_is_refused(world: SiteWorld) -> None:
    """Its lanes say nothing about this table."""
    world.start()
    world.end()
    data_table(world.service, "customers")
    elsewhere = replace(world.site, table=describe_table(world.service, "customers"))

    with pytest.raises(InvalidInputError, match=r"belongs to table arn:aws:dynamodb:.*orders"):
        world.start(elsewhere)


# Bad input


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"total_segments": 0}, "segments is 0;"),
        ({"total_segments": "100"}, r"segments is '100' \(str\)"),
        ({"max_concurrency": 0}, "max_concurrency is 0;"),
        ({"tolerated_failure_percentage": 101}, "tolerated_failure_percentage is 101;"),
        ({"params": ["x"]}, r"params is \['x'\]; it must be a JSON object"),
    ],
)
def test_a_bad_request_touches_nothing(
    world: SiteWorld, fields: dict[str, Any], message: str
) -> None:
    """Refused before the first call."""
    with pytest.raises(InvalidInputError, match=f"^{message}"):
        world.start(**fields)
    assert [] == world.dynamodb.calls
    assert {} == world.stepfunctions.executions


def test_a_refused_execution_leaves_a_number_that_is_used_again(world: SiteWorld) -> None:
    """AWS refused StartExecution: the next try starts the same attempt."""

    def refuse(**arguments: Any) -> None:
        raise client_error("StateMachineDoesNotExist", "StartExecution")

    world.site.clients.stepfunctions = _with(world.stepfunctions, start_execution=refuse)
    with pytest.raises(AwsRequestError, match="StateMachineDoesNotExist"):
        world.start()
    world.site.clients.stepfunctions = world.stepfunctions

    assert 1 == world.start().attempt


def test_a_mended_transform_shows_in_an_attempt_that_never_started(world: SiteWorld) -> None:
    """An attempt that is started under its old number records what it is started with."""
    ledger = world.site.ledger
    former = AttemptRecord(number=1, execution_arn="arn:x", transform_hash="old", lanes=1)
    assert ledger.create_attempt(MIGRATION, former)
    assert ledger.renew_attempt(MIGRATION, replace(former, transform_hash="new", lanes=3))
    ledger.attempt_started(MIGRATION, 1, NOW)
    assert not ledger.renew_attempt(MIGRATION, replace(former, transform_hash="late"))
    found = ledger.latest_attempt(MIGRATION)
    assert found is not None
    assert ("new", 3) == (found.transform_hash, found.lanes)
