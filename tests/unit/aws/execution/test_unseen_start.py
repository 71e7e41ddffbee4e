"""DescribeExecution is eventually consistent: a start that it does not see yet is running."""

from collections.abc import Callable

import pytest
from airflow_ddb_migrate.aws.capacity.prewarm import prewarm
from airflow_ddb_migrate.aws.capacity.restore import restore
from airflow_ddb_migrate.aws.capacity.safety_net import Fate, SafetyNet
from airflow_ddb_migrate.aws.execution.observe import observe
from airflow_ddb_migrate.aws.execution.steering.pause import pause, resume
from airflow_ddb_migrate.aws.execution.steering.retune import retune
from airflow_ddb_migrate.aws.execution.steering.stop import stop, stop_now
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.report.view import view_of
from airflow_ddb_migrate.core.errors import LeaseHeldError, SteeringError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.records import CapacityState, Command, LaneState, LeaseState
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.limits import LEASE_SECONDS, START_SEEN_SECONDS
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.deployment.keeping.unfinished import unfinished
from tests.support.factories import LEDGER, MIGRATION, STATE_MACHINE, at, client_error, units
from tests.support.worlds.site_world import OTHER, SiteWorld, arn_of

UNITS = {"ReadCapacityUnits": 50, "WriteCapacityUnits": 25}
SETTINGS = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS}


@pytest.fixture
def unseen(make_world: Callable[..., SiteWorld]) -> SiteWorld:
    """A migration behind a prewarm; it runs, and AWS does not see its execution yet."""
    world = make_world(**SETTINGS)
    prewarm(world.site, units(1_000, 500), warm=False)
    world.start()
    world.stepfunctions.is_behind = True
    return world


def command_of(world: SiteWorld, migration_id: str = MIGRATION) -> Command:
    control = world.site.ledger.control(migration_id)
    assert control is not None
    return control.command


def stopped(world: SiteWorld, patience_seconds: float = 60.0) -> str:
    return stop(world.site, reason="by hand", patience_seconds=patience_seconds)


def is_untouched(world: SiteWorld) -> bool:
    """Tell whether workers, attempt, lease and capacity are as they were."""
    attempt = world.site.ledger.latest_attempt(MIGRATION)
    assert attempt is not None
    return (Command.RUN, "", LeaseState.HELD, CapacityState.RAISED, (1_000, 500)) == (
        command_of(world),
        attempt.result,
        world.lease.state,
        world.lease.capacity_state,
        world.provisioned()[""],
    )


@pytest.mark.parametrize("after", [0.0, 0.001, START_SEEN_SECONDS - 1])
def test_a_watch_takes_it_for_running_and_touches_nothing(unseen: SiteWorld, after: float) -> None:
    """Today's worst: STOP over a healthy run, its table freed, its capacity taken away."""
    unseen.clock.advance(after)

    seen = tend(unseen.site)

    assert (Outcome.RUNNING, ExecutionStatus.RUNNING) == (
        seen.verdict.outcome,
        seen.execution.status,
    )
    assert view_of(unseen.site)["outcome"] == "RUNNING"
    assert is_untouched(unseen)


def test_a_watch_between_intention_and_start_touches_nothing(unseen: SiteWorld) -> None:
    """The start task is at work: its attempt is written down, StartExecution is on its way."""
    unseen.site.ledger.attempt_started(MIGRATION, 1, 0)

    assert Outcome.RUNNING is tend(unseen.site).verdict.outcome
    assert is_untouched(unseen)


@pytest.mark.parametrize("mode", [Mode.DRY_RUN, Mode.VERIFY])
def test_what_only_looks_is_watched_in_the_same_way(world: SiteWorld, mode: Mode) -> None:
    """A dry run and a check are asked milliseconds after their start."""
    world.start()
    for lane in range(4):
        world.lane(lane)
    world.end(status=ExecutionStatus.SUCCEEDED)
    part = world.site.named(OTHER)
    world.start(part, mode=mode, of=MIGRATION)
    world.stepfunctions.is_behind = True

    assert Outcome.RUNNING is tend(part).verdict.outcome
    assert Command.RUN is command_of(world, OTHER)


@pytest.mark.parametrize("missed", [1, 2])
def test_one_that_was_seen_for_hours_is_not_missing_after_a_look(
    unseen: SiteWorld, missed: int
) -> None:
    """Nothing irrevocable follows from a single one, however late."""
    unseen.clock.advance(10 * START_SEEN_SECONDS)
    unseen.stepfunctions.is_behind = False
    for act in (
        lambda: tend(unseen.site).verdict.outcome is Outcome.RUNNING,
        lambda: "Attached" in unseen.start().explanation,
        lambda: unseen.site.executions.live_of(unseen.lease, None) == (arn_of(1),),
    ):
        unseen.stepfunctions.failing = [client_error("ExecutionDoesNotExist") for _ in "ab"][
            :missed
        ]
        assert act()
        assert is_untouched(unseen)


def test_what_ended_long_ago_is_looked_for_once(unseen: SiteWorld) -> None:
    """A page about a migration of 90 days ago does not wait."""
    unseen.clock.advance(START_SEEN_SECONDS)
    tend(unseen.site)
    unseen.stepfunctions.described.clear()
    before = unseen.clock()

    observe(unseen.site)

    assert ([arn_of(1)], before) == (unseen.stepfunctions.described, unseen.clock())


def test_what_is_seen_at_last_goes_on(unseen: SiteWorld) -> None:
    """One look that found nothing leaves no trace."""
    tend(unseen.site)
    unseen.stepfunctions.is_behind = False
    for lane in range(4):
        unseen.lane(lane)
    unseen.end(status=ExecutionStatus.SUCCEEDED)

    assert Outcome.SUCCEEDED is tend(unseen.site).verdict.outcome


def test_what_is_not_seen_for_two_minutes_is_missing(unseen: SiteWorld) -> None:
    """Then nothing is there that could run on: a start that was lost must not hang for ever."""
    unseen.clock.advance(START_SEEN_SECONDS)

    seen = tend(unseen.site)

    assert (Outcome.FAILED, ExecutionStatus.MISSING) == (
        seen.verdict.outcome,
        seen.execution.status,
    )
    assert Command.STOP is command_of(unseen)


def test_a_start_again_attaches(unseen: SiteWorld) -> None:
    """No second attempt runs beside the first."""
    again = unseen.start()

    assert (1, 1) == (again.attempt, len(unseen.stepfunctions.executions))
    assert again.explanation.startswith("Attached to the running attempt 1")


def test_a_start_that_was_not_confirmed_is_made_again_under_its_name(unseen: SiteWorld) -> None:
    """Its task was killed around StartExecution, which takes the same name once only."""
    unseen.site.ledger.attempt_started(MIGRATION, 1, 0)

    again = unseen.start()

    assert (1, [arn_of(1)]) == (again.attempt, list(unseen.stepfunctions.executions))


def test_a_start_after_a_stop_is_a_new_attempt(unseen: SiteWorld) -> None:
    """What was stopped is not waited for, seen or not."""
    stopped(unseen, patience_seconds=0)

    assert 2 == unseen.start().attempt


def test_a_stop_stops_it(unseen: SiteWorld) -> None:
    """Its workers are told at once; the execution is stopped as soon as AWS knows it."""
    looks: list[Command] = []

    def sleep(seconds: float) -> None:
        looks.append(command_of(unseen))
        unseen.stepfunctions.is_behind = len(looks) < 3
        unseen.clock.advance(seconds)

    said = stop(at(unseen.site, unseen.clock, sleep), reason="by hand")

    assert f"Stopped attempt 1 of {MIGRATION}: by hand." == said
    assert (3 * [Command.STOP], [arn_of(1)]) == (looks, unseen.stepfunctions.stopped)


def test_a_stop_waits_no_longer_than_it_may(unseen: SiteWorld) -> None:
    """The workers obey the STOP, whenever they begin."""
    before = unseen.clock()

    stopped(unseen, patience_seconds=20)

    assert unseen.clock() - before < 25
    assert Command.STOP is command_of(unseen)


def test_steering_reaches_it(unseen: SiteWorld) -> None:
    """Pause, resume and retune say what they do to one that is seen."""
    now = unseen.clock()

    assert pause(at(unseen.site, now), by="ann").startswith("Paused attempt 1")
    assert resume(at(unseen.site, now), by="ann").startswith("Resumed attempt 1")
    assert retune(at(unseen.site, now), by="ann", write_units_per_second=5).startswith("Retuned")
    with pytest.raises(SteeringError, match="no map run yet"):
        retune(at(unseen.site, now), by="ann", max_concurrency=5)
    words = stop_now(unseen.site, by="ann")
    assert words.startswith("Stopped attempt 1")


def test_its_table_is_not_taken(unseen: SiteWorld) -> None:
    """Not even when its lease has been lost track of."""
    attempt = unseen.site.ledger.latest_attempt(MIGRATION)

    assert (arn_of(1),) == unseen.site.executions.live_of(unseen.lease, attempt)
    with pytest.raises(LeaseHeldError, match=r"execution .* runs"):
        unseen.start(unseen.site.named(OTHER))


def test_restore_keeps_its_table(unseen: SiteWorld) -> None:
    """Capacity is brought back when a person asks for it; the table stays the migration's."""
    restore(unseen.site, by="restore task")

    assert LeaseState.HELD is unseen.lease.state


def test_the_safety_net_leaves_its_capacity(unseen: SiteWorld) -> None:
    """A migration that was started again just now, behind a lease that had run out."""
    unseen.clock.advance(LEASE_SECONDS)
    unseen.site.ledger.attempt_started(MIGRATION, 1, unseen.clock())
    net = SafetyNet(
        clients=unseen.site.clients,
        ledger_table=LEDGER,
        by="safety net 1",
        seconds=600,
        clock=unseen.site.clock,
    )

    (finding,) = net.sweep()

    assert (Fate.SKIPPED, f"execution {MIGRATION}-a01 runs") == (finding.fate, finding.why)
    assert is_untouched(unseen)


def test_destroy_waits_for_it(unseen: SiteWorld) -> None:
    """ListExecutions is eventually consistent, too."""
    left = unfinished(
        unseen.site.clients,
        ledger_table=LEDGER,
        state_machine_arn=STATE_MACHINE,
        clock=unseen.site.clock,
    )

    assert f"Execution {MIGRATION}-a01 of table orders is running. Wait for it" in left[0]


def test_one_that_has_workers_is_observed_alike(unseen: SiteWorld) -> None:
    """Lanes may have begun before DescribeExecution sees their parent."""
    unseen.lane(0, LaneState.RUNNING)

    assert Outcome.RUNNING is observe(unseen.site).verdict.outcome
