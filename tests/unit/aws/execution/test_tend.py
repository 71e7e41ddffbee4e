"""Watching a migration, keeping its lease alive, and ending it."""

import json

import pytest
from airflow_ddb_migrate.aws.execution.observe import observe
from airflow_ddb_migrate.aws.execution.steering.stop import stop
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.core.capacity.owed import note_raised
from airflow_ddb_migrate.core.errors import LedgerError
from airflow_ddb_migrate.core.execution.hold import HoldWait, hold_words
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus, MapRunCounts
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.notes import REFUSAL
from airflow_ddb_migrate.core.ledger.records import Command, LaneState, LeaseState
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.limits import HOLD_SECONDS, LEASE_SECONDS, OWNER_SECONDS
from tests.support.factories import MIGRATION, NOW, at, client_error, hold, snapshot
from tests.support.worlds.site_world import SiteWorld, arn_of


def all_lanes_done(world: SiteWorld) -> None:
    for lane in range(4):
        world.lane(lane, counts=Counts(seen=2, changed=2))


def command_of(world: SiteWorld) -> Command:
    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    return control.command


def result_of(world: SiteWorld) -> tuple[str, float]:
    attempt = world.site.ledger.latest_attempt(MIGRATION)
    assert attempt is not None
    return attempt.result, attempt.ended_at


def test_what_was_never_started_cannot_be_watched(world: SiteWorld) -> None:
    """The message says which task to run."""
    with pytest.raises(LedgerError, match="knows no migration"):
        observe(at(world.site, NOW))


def test_observing_changes_nothing(world: SiteWorld) -> None:
    """The UI may look as often as it likes."""
    world.start()
    world.lane(0, counts=Counts(seen=5, changed=4, unchanged=1))
    world.end()
    before, lease = world.site.ledger.latest_attempt(MIGRATION), world.lease

    seen = observe(at(world.site, NOW))

    assert (Outcome.FAILED, 1, 5) == (
        seen.verdict.outcome,
        seen.progress.done,
        seen.progress.counts.seen,
    )
    assert (before, lease) == (world.site.ledger.latest_attempt(MIGRATION), world.lease)
    assert Command.RUN is command_of(world)


def test_an_attempt_has_ended_when_its_execution_did(world: SiteWorld) -> None:
    """However late somebody looks."""
    world.start()
    world.stepfunctions.end(arn_of(1), ExecutionStatus.ABORTED, at=NOW + 60)

    tend(at(world.site, NOW + 7_200))

    assert (Outcome.FAILED, NOW + 60) == result_of(world)


def test_the_map_run_explains_an_ended_execution(world: SiteWorld) -> None:
    """While it runs, nobody asks: the call is limited per account."""
    world.start()
    world.stepfunctions.map_run_counts = {"failed": 3, "timedOut": 1}
    assert observe(at(world.site, NOW)).map_run is None
    world.end()

    seen = observe(at(world.site, NOW))
    assert MapRunCounts(failed=3, timed_out=1) == seen.map_run
    assert "Child executions: 0 succeeded, 3 failed, 1 timed out" in seen.verdict.reason


def test_whoever_may_not_see_the_map_run_sees_the_failure_without_it(world: SiteWorld) -> None:
    """It explains, and decides nothing."""
    world.start()
    world.end()

    def refuse(**arguments: object) -> None:
        raise client_error("AccessDeniedException", "ListMapRuns")

    world.stepfunctions.list_map_runs = refuse

    seen = observe(at(world.site, NOW))

    assert (Outcome.FAILED, None) == (seen.verdict.outcome, seen.map_run)


@pytest.mark.parametrize(("attempt", "is_told"), [(1, True), (2, False)])
def test_a_worker_that_did_not_begin_explains_a_failure(
    world: SiteWorld, attempt: int, *, is_told: bool
) -> None:
    """It had no row to say it in; what one of another attempt said is not told."""
    world.start()
    world.end()
    said = json.dumps({"attempt": attempt, "why": "TransformError: It is another one."})
    world.site.ledger.note(MIGRATION, REFUSAL, said)

    reason = observe(at(world.site, NOW)).verdict.reason

    assert is_told == (" A worker could not start: TransformError: It is another one. " in reason)


def test_a_stop_is_explained_by_who_gave_it(world: SiteWorld) -> None:
    """The verdict says why, whatever the execution says; an older attempt's stop is past."""
    world.start()
    world.site.ledger.stop(MIGRATION, attempt=1, reason="too hot", now=NOW)
    world.end()
    stopped = observe(at(world.site, NOW)).verdict.reason
    world.start()
    world.end(2)

    assert "It was stopped: too hot." in stopped
    assert "It was stopped" not in observe(at(world.site, NOW)).verdict.reason


def test_a_pause_that_ended_the_execution_is_explained(world: SiteWorld) -> None:
    """By whom, what becomes of the capacity, and how to go on; however often it is asked."""
    world.start()
    world.site.ledger.hold(MIGRATION, hold(), attempt=1)
    world.clock.advance(HOLD_SECONDS + 60)
    world.end(1, ExecutionStatus.SUCCEEDED)

    verdicts = [tend(world.site).verdict for _ in range(2)]

    assert verdicts[0] == verdicts[1]
    assert Outcome.FAILED is verdicts[0].outcome
    assert "on hold for over 60 minutes (paused by ann)" in verdicts[0].reason
    assert "The restore task restores its raised capacity" in verdicts[0].reason
    assert "clear the tasks from prewarm on" in verdicts[0].reason
    assert (2, 4) == ((again := world.start()).attempt, again.lanes)
    assert Command.RUN is command_of(world)


def test_an_execution_that_ends_during_a_short_pause_stops_its_workers(world: SiteWorld) -> None:
    """The pause did not end it; whoever is left must not go on when it is lifted."""
    world.start()
    world.site.ledger.hold(MIGRATION, hold(), attempt=1)
    world.end(1, ExecutionStatus.ABORTED)

    reason = tend(at(world.site, NOW + 60)).verdict.reason

    assert "It was on hold: paused by ann. Error: Error." in reason
    assert Command.STOP is command_of(world)


def test_a_hold_ends_with_its_execution_whenever_somebody_looks(world: SiteWorld) -> None:
    """Airflow was down for days; AWS knows that it was no hold of an hour."""
    world.start()
    world.site.ledger.hold(MIGRATION, hold(), attempt=1)
    world.stepfunctions.end(arn_of(1), ExecutionStatus.ABORTED, "Error", at=NOW + 60)

    seen = observe(at(world.site, NOW + 10**6))

    assert (60, [NOW]) == (seen.orders.held_seconds, [one.since for one in seen.holds])
    assert "over 60 minutes" not in seen.verdict.reason
    ended = HoldWait(is_live=False, ended_at=NOW + 60)
    assert "" == hold_words(seen.holds, ended, NOW + 10**6)


def test_too_many_quarantined_items_are_a_failure(world: SiteWorld) -> None:
    """By what the migration's own record allows, though every lane is done."""
    world.start(max_quarantined=3)
    for lane in range(4):
        world.lane(lane, counts=Counts(seen=100, changed=99, quarantined=1))
    world.end(1, ExecutionStatus.SUCCEEDED)

    verdict = tend(at(world.site, NOW)).verdict

    assert Outcome.FAILED is verdict.outcome
    assert verdict.reason.startswith("4 of 400 items were quarantined; 3 and 5 % are allowed")
    assert "FAILED" == result_of(world)[0]


@pytest.mark.parametrize(("after", "left"), [(60, LEASE_SECONDS - 60), (1_000, LEASE_SECONDS)])
def test_tending_renews_the_lease(world: SiteWorld, after: int, left: int) -> None:
    """In its second half, while the execution runs."""
    world.start()
    world.clock.advance(after)

    assert Outcome.RUNNING is tend(world.site).verdict.outcome
    assert world.clock() + left == world.lease.expires_at
    assert ("", 0) == result_of(world)


def test_a_finished_migration_frees_its_table(world: SiteWorld) -> None:
    """And its result is in the ledger; a second look changes nothing."""
    world.start()
    all_lanes_done(world)
    world.end(1, ExecutionStatus.SUCCEEDED)
    world.clock.advance(60)

    assert Outcome.SUCCEEDED is tend(world.site).verdict.outcome
    assert (("SUCCEEDED", NOW + 60), LeaseState.FREE) == (result_of(world), world.lease.state)
    tend(at(world.site, world.clock() + 60))
    assert ("SUCCEEDED", NOW + 60) == result_of(world)


def test_success_is_what_the_ledger_says(world: SiteWorld) -> None:
    """Failed as an execution, finished as a migration; and the other way round."""
    world.start()
    world.end(1, ExecutionStatus.SUCCEEDED)
    assert Outcome.FAILED is observe(at(world.site, NOW)).verdict.outcome

    all_lanes_done(world)
    world.end(1, ExecutionStatus.FAILED)
    assert Outcome.SUCCEEDED is observe(at(world.site, NOW)).verdict.outcome


def test_owed_capacity_keeps_the_table(world: SiteWorld) -> None:
    """It is freed by restore, not before."""
    world.start()
    world.site.leases.change(
        world.site.table.key,
        lambda lease: note_raised(lease, world.site.migration_id, snapshot(), ()),
    )
    all_lanes_done(world)
    world.end(1, ExecutionStatus.SUCCEEDED)

    tend(at(world.site, NOW))

    assert (LeaseState.HELD, "SUCCEEDED") == (world.lease.state, result_of(world)[0])


def test_workers_of_an_ended_execution_are_told_to_stop(world: SiteWorld) -> None:
    """Until they have, the table stays taken and nothing is decided."""
    world.start()
    world.lane(0, LaneState.RUNNING)
    world.end(1, ExecutionStatus.ABORTED)

    seen = tend(at(world.site, NOW))

    assert Outcome.DRAINING is seen.verdict.outcome
    assert (Command.STOP, LeaseState.HELD, "") == (
        command_of(world),
        world.lease.state,
        result_of(world)[0],
    )
    assert Outcome.FAILED is tend(at(world.site, NOW + OWNER_SECONDS)).verdict.outcome
    assert (LeaseState.FREE, "FAILED") == (world.lease.state, result_of(world)[0])


def test_the_workers_of_a_newer_attempt_are_not_stopped(world: SiteWorld) -> None:
    """A sensor that looks late must not end what was started again since."""
    world.start()
    world.end()
    world.site.ledger.begin_attempt(MIGRATION, 2, NOW)

    tend(at(world.site, NOW))

    assert Command.RUN is command_of(world)


# Stop


def stopped(world: SiteWorld) -> str:
    return stop(world.site, reason="by hand")


def test_stopping_tells_the_workers_then_ends_the_execution(world: SiteWorld) -> None:
    """They are waited for, so that nothing is written after it."""
    world.start()
    world.lane(0, LaneState.RUNNING)
    alive = []

    def sleep(seconds: float) -> None:
        alive.append((command_of(world), list(world.stepfunctions.stopped)))
        world.clock.advance(seconds)
        if len(alive) == 3:
            world.lane(0, LaneState.PENDING)

    said = stop(at(world.site, world.clock, sleep), reason="by hand")

    assert 3 * [(Command.STOP, [])] == alive
    assert [arn_of(1)] == world.stepfunctions.stopped
    assert f"Stopped attempt 1 of {MIGRATION}: by hand." == said
    ended = world.site.executions.describe(arn_of(1), expected_since=0)
    assert (ExecutionStatus.ABORTED, "Stopped", "by hand") == (
        ended.status,
        ended.error,
        ended.cause,
    )


def test_a_killed_worker_is_not_waited_for_longer_than_it_can_live(world: SiteWorld) -> None:
    """Its sign of life ends by itself."""
    world.start()
    world.lane(0, LaneState.RUNNING)

    stopped(world)

    assert NOW + OWNER_SECONDS <= world.clock() <= NOW + OWNER_SECONDS + 2
    assert [arn_of(1)] == world.stepfunctions.stopped


def test_what_has_ended_or_never_began_is_nothing_to_stop(world: SiteWorld) -> None:
    """on_kill may come at any time."""
    assert f"Migration {MIGRATION} was never started: nothing to stop." == stopped(world)
    world.start()
    world.end()
    assert f"Attempt 1 of {MIGRATION} has ended: nothing to stop." == stopped(world)
    assert [] == world.stepfunctions.stopped


def test_a_stopped_migration_goes_on_with_what_is_left(world: SiteWorld) -> None:
    """Nothing is lost by stopping: the next start is a new attempt."""
    world.start()
    world.lane(0)
    stopped(world)
    tend(world.site)

    assert (2, 3) == ((again := world.start()).attempt, again.lanes)
