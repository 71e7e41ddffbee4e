"""The safety net: what it brings back, what it leaves alone, and who wins."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.capacity.prewarm import prewarm
from airflow_ddb_migrate.aws.capacity.restore import restore
from airflow_ddb_migrate.aws.capacity.safety_net import (
    Fate,
    Finding,
    SafetyNet,
    raise_failures,
    rescued,
)
from airflow_ddb_migrate.aws.services.tables import describe_table
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import AccessDeniedError, RestoreError
from airflow_ddb_migrate.core.execution.pacing import Pacer
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.notes import SAFETY_NET
from airflow_ddb_migrate.core.ledger.records import CapacityState, LeaseRecord, LeaseState
from airflow_ddb_migrate.core.limits import CONTROL_SECONDS, HOLD_SECONDS, LEASE_SECONDS
from ddb_transform.guard import Guard, Order, Pacers
from tests.support.factories import LEDGER, MIGRATION, TABLE, client_error, data_table, hold, units
from tests.support.worlds.site_world import OTHER, SiteWorld, arn_of

WANTED = units(1_000, 500)
BEFORE = {"": (50, 25)}
RAISED = {"": (1_000, 500)}
SETTINGS = {
    "BillingMode": "PROVISIONED",
    "ProvisionedThroughput": {"ReadCapacityUnits": 50, "WriteCapacityUnits": 25},
}
ENDED = sorted(status for status in ExecutionStatus if not status.is_live)


@pytest.fixture
def world(make_world: Callable[..., SiteWorld]) -> SiteWorld:
    """A PROVISIONED table whose capacity a migration has raised."""
    world = make_world(**SETTINGS)
    raise_table(world)
    return world


def raise_table(world: SiteWorld, site: Site | None = None) -> None:
    prewarm(site or world.site, WANTED, warm=False)


def run_out(world: SiteWorld) -> None:
    world.clock.advance(LEASE_SECONDS)


def net(world: SiteWorld, by: str = "safety net 1", seconds: float = 600) -> SafetyNet:
    return SafetyNet(
        clients=world.site.clients,
        ledger_table=LEDGER,
        by=by,
        seconds=seconds,
        clock=world.site.clock,
    )


def sweep(world: SiteWorld, **options: Any) -> list[Finding]:
    return list(net(world, **options).sweep())


def swept(world: SiteWorld, **options: Any) -> Finding:
    (finding,) = sweep(world, **options)
    return finding


def restored_by(world: SiteWorld, by: str) -> str:
    return str(restore(world.site, by=by))


def edit(world: SiteWorld, **fields: Any) -> None:
    """Write the lease as an event that the test does not play through would have left it."""
    world.site.leases.change(world.site.table.key, lambda lease: replace(lease, **fields))


def capacity_and_lease(world: SiteWorld) -> tuple[dict[str, tuple[int, int]], CapacityState]:
    return world.provisioned(), world.lease.capacity_state


# What it brings back


def test_nobody_is_left_between_prewarm_and_start(world: SiteWorld) -> None:
    """Airflow died before there was an execution: the capacity is back, the table free."""
    run_out(world)

    finding = swept(world)

    assert (Fate.RESTORED, TABLE, MIGRATION) == (
        finding.fate,
        finding.table,
        finding.migration_id,
    )
    assert (
        "table: provisioned capacity 1,000 read / 500 write -> 50 read / 25 write units per second",
    ) == finding.restored
    assert (BEFORE, CapacityState.RESTORED) == capacity_and_lease(world)
    assert LeaseState.FREE is world.lease.state


def test_the_ledger_says_who_restored(world: SiteWorld) -> None:
    """Beside the migration, for whoever wonders; the report has its figures, too."""
    run_out(world)
    swept(world, by="safety net 7")

    note = json.loads(world.site.ledger.read_note(MIGRATION, SAFETY_NET))
    assert ("safety net 7", world.clock(), "RESTORED") == (note["by"], note["at"], note["fate"])
    assert '"after": ' in world.site.ledger.read_note(MIGRATION, "restore")
    said = rescued(world.site.ledger, MIGRATION)
    assert said.startswith("safety net 7 was first: table: provisioned capacity 1,000 read")


@pytest.mark.parametrize("status", ENDED)
def test_an_execution_that_ended_keeps_no_capacity(world: SiteWorld, status: str) -> None:
    """However it ended, also one that a person may redrive some day, or that never began."""
    world.start()
    if status == ExecutionStatus.MISSING:
        world.stepfunctions.executions.clear()
    else:
        world.end(1, ExecutionStatus(status))
    run_out(world)

    assert Fate.RESTORED is swept(world).fate
    assert BEFORE == world.provisioned()


@pytest.mark.parametrize("missed", [1, 2])
def test_a_table_that_was_not_found_in_one_look_is_restored(world: SiteWorld, missed: int) -> None:
    """What is owed by a table that is gone is forgotten, and DescribeTable is eventually
    consistent.
    """
    run_out(world)
    left = iter(range(missed))

    def behind(name: str, arguments: dict[str, Any]) -> None:
        if name == "describe_table" and next(left, None) is not None:
            raise client_error("ResourceNotFoundException", "DescribeTable")

    world.dynamodb.before = behind

    assert Fate.RESTORED is swept(world).fate
    assert BEFORE == world.provisioned()


def test_a_restore_that_was_killed_is_taken_over(world: SiteWorld) -> None:
    """RESTORING runs out, too."""
    run_out(world)
    edit(
        world,
        capacity_state=CapacityState.RESTORING,
        restoring_by="restore task",
        restoring_until=world.clock(),
    )

    assert Fate.RESTORED is swept(world).fate
    assert (BEFORE, CapacityState.RESTORED) == capacity_and_lease(world)


def test_what_somebody_changed_stays_and_is_told(world: SiteWorld) -> None:
    """As the teardown does: it is the same code."""
    run_out(world)
    world.service.update_table(
        TableName=TABLE,
        ProvisionedThroughput={"ReadCapacityUnits": 1_000, "WriteCapacityUnits": 777},
    )

    finding = swept(world)

    assert {"": (50, 777)} == world.provisioned()
    assert finding.kept[0].startswith("table: write capacity is 777")


# What it leaves alone


def untouched(world: SiteWorld, finding: Finding) -> str:
    """Return why; nothing was changed."""
    assert Fate.SKIPPED is finding.fate
    assert RAISED == world.provisioned()
    assert 1 == len(world.dynamodb.arguments_of("update_table"))
    return finding.why


def test_a_fresh_lease_is_not_touched(world: SiteWorld) -> None:
    """Somebody renewed it less than half an hour ago."""
    world.clock.advance(LEASE_SECONDS - 1)
    before = world.lease

    assert "its lease is valid for 1 more seconds" == untouched(world, swept(world))
    assert before == world.lease


def test_an_execution_that_runs_keeps_its_capacity(world: SiteWorld) -> None:
    """Though its lease ran out: its workers may be throttled, or wait to be started."""
    world.start()
    run_out(world)
    before = world.lease

    assert f"execution {MIGRATION}-a01 runs" == untouched(world, swept(world))
    assert before == world.lease


def test_an_attempt_that_only_the_ledger_knows_keeps_its_capacity(world: SiteWorld) -> None:
    """The lease names the execution that was meant last; the one that runs counts, too."""
    world.start()
    edit(world, execution_arn=arn_of(9))
    run_out(world)

    assert f"execution {MIGRATION}-a01 runs" == untouched(world, swept(world))


def test_a_restore_in_progress_is_left_to_its_owner(world: SiteWorld) -> None:
    """Though the lease ran out meanwhile."""
    run_out(world)
    edit(
        world,
        capacity_state=CapacityState.RESTORING,
        restoring_by="restore task",
        restoring_until=world.clock() + 60,
    )

    assert "restore task is restoring it, for at most 60 more seconds" == untouched(
        world, swept(world)
    )


@pytest.mark.parametrize("state", [CapacityState.NONE, CapacityState.RESTORED])
def test_a_lease_that_owes_nothing_is_not_even_told(world: SiteWorld, state: CapacityState) -> None:
    """Every table that ever had a migration has one."""
    edit(world, capacity_state=state)
    run_out(world)
    before = world.lease

    assert [] == sweep(world)
    assert (RAISED, before) == (world.provisioned(), world.lease)


def test_no_time_left_is_for_the_next_run(world: SiteWorld) -> None:
    """A restore that is cut off would hold the right to restore for half an hour."""
    run_out(world)

    assert "no time was left" in untouched(world, swept(world, seconds=0))


# Races: whatever happens between its look and its grip


def at_the_look(world: SiteWorld, event: Callable[[], Any]) -> None:
    """Let something happen once, after the net has looked at the lease and the execution."""
    looked: list[str] = []

    def before(name: str, arguments: dict[str, Any]) -> None:
        if name == "describe_table" and not looked:
            looked.append(name)
            event()

    world.dynamodb.before = before


def test_the_teardown_was_first(world: SiteWorld) -> None:
    """It finished while the net looked: already restored, once."""
    run_out(world)
    at_the_look(world, lambda: restored_by(world, "restore task"))

    assert Fate.ALREADY_RESTORED is swept(world).fate
    assert BEFORE == world.provisioned()
    assert 2 == len(world.dynamodb.arguments_of("update_table"))
    assert "" == rescued(world.site.ledger, MIGRATION)


def test_the_teardown_comes_while_the_net_restores(world: SiteWorld) -> None:
    """It is refused and told by whom; its retry finds nothing left to do."""
    run_out(world)
    refused: list[str] = []

    def before(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_table" and not refused:
            with pytest.raises(RestoreError, match="being restored by safety net 1") as error:
                restored_by(world, "restore task")
            refused.append(str(error.value))

    world.dynamodb.before = before
    assert Fate.RESTORED is swept(world).fate

    assert 1 == len(refused)
    assert "Nothing to restore." == restored_by(world, "restore task")
    assert (BEFORE, 2) == (world.provisioned(), len(world.dynamodb.arguments_of("update_table")))


def test_two_nets_at_once_are_one(world: SiteWorld) -> None:
    """One by the schedule, one by hand."""
    run_out(world)
    second: list[Finding] = []
    at_the_look(world, lambda: second.extend(sweep(world, by="safety net 2")))

    first = swept(world, by="safety net 1")

    assert [Fate.ALREADY_RESTORED, Fate.RESTORED] == [first.fate, second[0].fate]
    assert (BEFORE, 2) == (world.provisioned(), len(world.dynamodb.arguments_of("update_table")))


def test_a_net_comes_while_another_restores(world: SiteWorld) -> None:
    """It leaves the table to the first."""
    run_out(world)
    second: list[Finding] = []

    def before(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_table" and not second:
            second.extend(sweep(world, by="safety net 2"))

    world.dynamodb.before = before
    assert Fate.RESTORED is swept(world, by="safety net 1").fate

    assert [Fate.SKIPPED] == [finding.fate for finding in second]
    assert second[0].why.startswith("safety net 1 is restoring it")


def test_a_migration_that_comes_back_keeps_its_capacity(world: SiteWorld) -> None:
    """It renewed its lease after the net had looked: nothing is taken from it."""
    run_out(world)
    at_the_look(world, lambda: (raise_table(world), world.start()))

    finding = swept(world)

    assert (Fate.SKIPPED, RAISED) == (finding.fate, world.provisioned())
    assert "its lease is valid for 1800 more seconds" == finding.why
    assert (CapacityState.RAISED, LeaseState.HELD) == (
        world.lease.capacity_state,
        world.lease.state,
    )


def test_a_newer_generation_keeps_its_capacity(world: SiteWorld) -> None:
    """Restored and raised again by the next migration, all while the net looked."""
    run_out(world)

    def again() -> None:
        restored_by(world, "restore task")
        raise_table(world, world.site_for(OTHER))

    at_the_look(world, again)

    assert Fate.ALREADY_RESTORED is swept(world).fate
    assert (RAISED, CapacityState.RAISED) == capacity_and_lease(world)
    assert (OTHER, 2) == (world.lease.migration_id, world.lease.generation)


def test_a_lease_that_was_touched_is_looked_at_again_next_time(world: SiteWorld) -> None:
    """Whatever was written, the picture of it is an old one."""
    run_out(world)
    at_the_look(world, lambda: edit(world, attempt=7))

    finding = swept(world)

    assert (Fate.SKIPPED, RAISED) == (finding.fate, world.provisioned())
    assert "another migration took its lease meanwhile" == finding.why
    assert Fate.RESTORED is swept(world).fate


# What goes wrong


def test_a_table_that_is_gone_owes_nothing(world: SiteWorld) -> None:
    """It costs nothing any more; its lease is free, so that the stack can be destroyed."""
    run_out(world)
    world.service.delete_table(TableName=TABLE)

    finding = swept(world)

    assert Fate.TABLE_GONE is finding.fate
    assert f"table {TABLE} with the id {world.lease.table_id} no longer exists" in finding.why
    assert (CapacityState.RESTORED, LeaseState.FREE) == (
        world.lease.capacity_state,
        world.lease.state,
    )
    assert "TABLE_GONE" in world.site.ledger.read_note(MIGRATION, SAFETY_NET)
    assert [] == sweep(world)


def test_another_table_of_the_same_name_is_not_lowered(world: SiteWorld) -> None:
    """Made again with just the figures that we raised the old one to: they are its owner's."""
    run_out(world)

    def answer(name: str, found: dict[str, Any]) -> dict[str, Any]:
        if name == "describe_table":
            found["Table"]["TableId"] = "another"
        return found

    world.dynamodb.answers = answer
    assert Fate.TABLE_GONE is swept(world).fate
    assert (RAISED, CapacityState.RESTORED) == capacity_and_lease(world)


OTHER_TABLE = "orders2"


@pytest.fixture
def two_tables(world: SiteWorld) -> SiteWorld:
    """A second table with a migration of its own, both run out."""
    data_table(world.service, OTHER_TABLE, **SETTINGS)
    site = replace(world.site_for(OTHER), table=describe_table(world.service, OTHER_TABLE))
    raise_table(world, site)
    run_out(world)
    return world


def write_units(world: SiteWorld) -> dict[str, int]:
    return {
        name: describe_table(world.service, name).snapshot.provisioned[""].write
        for name in (TABLE, OTHER_TABLE)
    }


@pytest.mark.parametrize("denied", [TABLE, OTHER_TABLE])
@pytest.mark.parametrize("call", ["describe_table", "update_table"])
def test_a_denied_table_does_not_keep_another_from_being_restored(
    two_tables: SiteWorld, denied: str, call: str
) -> None:
    """Whichever comes first; the message names the action, and the debt stays."""

    def deny(name: str, arguments: dict[str, Any]) -> None:
        if name == call and arguments["TableName"] == denied:
            raise client_error("AccessDeniedException", call)

    two_tables.dynamodb.before = deny
    findings = {finding.table: finding for finding in sweep(two_tables)}

    good = next(name for name in findings if name != denied)
    assert (Fate.RESTORED, Fate.FAILED) == (findings[good].fate, findings[denied].fate)
    assert {good: 25, denied: 500} == write_units(two_tables)
    assert "Access denied: dynamodb:" in findings[denied].why
    with pytest.raises(RestoreError, match=f"of 1 tables .* Table {denied}: Access denied"):
        raise_failures(findings.values())
    two_tables.dynamodb.before = lambda name, arguments: None
    assert [(denied, Fate.RESTORED)] == [(f.table, f.fate) for f in sweep(two_tables)]


def test_an_error_that_nobody_foresaw_is_one_of_its_table(two_tables: SiteWorld) -> None:
    """A record that a newer version wrote, say; the right to restore is given back."""
    edit(two_tables, raised='[{"resource": "", "setting": "of a later version"}]')

    findings = {finding.table: finding for finding in sweep(two_tables)}

    assert Fate.RESTORED is findings[OTHER_TABLE].fate
    assert Fate.FAILED is findings[TABLE].fate
    assert findings[TABLE].why.startswith("ValueError: ")
    assert CapacityState.RAISED is two_tables.lease.capacity_state


def test_nothing_is_restored_while_executions_cannot_be_seen(
    world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not knowing whether it runs is no reason to take its capacity."""
    world.start()
    run_out(world)

    def deny(*_: Any, **arguments: Any) -> None:
        raise client_error("AccessDeniedException", "DescribeExecution")

    monkeypatch.setattr(type(world.stepfunctions), "describe_execution", deny)
    finding = swept(world)

    assert (Fate.FAILED, RAISED) == (finding.fate, world.provisioned())
    assert "Access denied: states:DescribeExecution" in finding.why


def test_a_table_that_is_never_active_leaves_time_for_the_others(two_tables: SiteWorld) -> None:
    """Each gets its share, and the right to restore is given back."""
    now = two_tables.clock()

    def answer(name: str, found: dict[str, Any]) -> dict[str, Any]:
        if name == "describe_table" and found["Table"]["TableName"] == TABLE:
            found["Table"]["TableStatus"] = "UPDATING"
        return found

    two_tables.dynamodb.answers = answer
    findings = {finding.table: finding for finding in sweep(two_tables, seconds=600)}

    assert (Fate.FAILED, Fate.RESTORED) == (findings[TABLE].fate, findings[OTHER_TABLE].fate)
    assert "table orders is UPDATING" in findings[TABLE].why
    assert two_tables.clock() - now <= 600
    assert (CapacityState.RAISED, "") == (
        two_tables.lease.capacity_state,
        two_tables.lease.restoring_by,
    )


def test_a_ledger_that_cannot_be_read_is_an_error(world: SiteWorld) -> None:
    """Nothing was looked at, so nothing is fine."""
    world.service.delete_table(TableName=LEDGER)

    with pytest.raises(Exception, match=r"dynamodb:Scan on table ledger"):
        sweep(world)


def test_no_failure_is_no_error() -> None:
    """What was skipped is in the log."""
    row = Finding(table=TABLE, migration_id=MIGRATION, fate=Fate.SKIPPED, why="fresh")

    raise_failures([row, replace(row, fate=Fate.RESTORED)])


# A pause that never ends


def guard(world: SiteWorld, attempt: int) -> Guard:
    """What a worker asks whether it may go on."""
    record = world.site.ledger.required_migration(MIGRATION)
    pacers = Pacers(Pacer(world.clock), Pacer(world.clock))
    return Guard(world.site.ledger, record, attempt, world.clock, pacers)


def put_on_hold(world: SiteWorld) -> None:
    record = hold(reason="a person", since=world.clock())
    assert world.site.ledger.hold(MIGRATION, record, attempt=1)


def test_a_paused_migration_gives_its_capacity_back_and_prewarms_again(world: SiteWorld) -> None:
    """Held, its workers keep the lease for an hour; then they end, and nobody keeps it."""
    world.start()
    put_on_hold(world)
    worker, paused_at, looks = guard(world, 1), world.clock(), []
    while (order := worker.order()) is Order.HOLD:
        looks += [finding.fate for finding in sweep(world)]
        world.clock.advance(60)
    world.end(1, ExecutionStatus.SUCCEEDED)

    assert Order.QUIT is order
    assert HOLD_SECONDS < world.clock() - paused_at <= HOLD_SECONDS + 60 + CONTROL_SECONDS
    assert ({Fate.SKIPPED}, RAISED) == ({*looks}, world.provisioned())

    ended_at = world.clock()
    while swept(world).fate is Fate.SKIPPED:
        world.clock.advance(15 * 60)
    assert world.clock() - ended_at <= LEASE_SECONDS + 15 * 60
    assert (BEFORE, CapacityState.RESTORED) == capacity_and_lease(world)

    raise_table(world)
    assert (RAISED, 2, MIGRATION) == (
        world.provisioned(),
        world.lease.generation,
        world.lease.migration_id,
    )
    assert 2 == world.start().attempt
    assert Order.GO is guard(world, 2).order()
    assert Order.QUIT is guard(world, 1).order()
    run_out(world)
    assert Fate.SKIPPED is swept(world).fate  # it runs again


def test_a_resume_after_the_net_needs_the_table_again(world: SiteWorld) -> None:
    """Another migration may have it by then, as after any end."""
    world.start()
    world.end()
    run_out(world)
    swept(world)

    taken = world.start(world.site_for(OTHER))

    assert 1 == taken.attempt
    lease: LeaseRecord = world.lease
    assert (OTHER, CapacityState.NONE) == (lease.migration_id, lease.capacity_state)


def test_a_denied_ledger_is_one_error_with_its_action(world: SiteWorld) -> None:
    """The whole sweep, since there is nothing to go by."""

    def denied(_: str) -> Any:
        raise AccessDeniedError("Access denied: dynamodb:Scan")

    with pytest.raises(AccessDeniedError):
        list(replace(net(world), clients=type(world.site.clients)(denied)).sweep())
