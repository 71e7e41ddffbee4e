"""A migration with windows: ends with one, gives capacity back, and goes on with the next."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from airflow_ddb_migrate.aws.capacity.between import note_wanted
from airflow_ddb_migrate.aws.execution.observe import observe
from airflow_ddb_migrate.aws.execution.steering.pause import pause, resume
from airflow_ddb_migrate.aws.execution.steering.stop import stop_now
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.execution.watcher import time_limit
from airflow_ddb_migrate.aws.ledger.notes import keep_plan
from airflow_ddb_migrate.aws.report.status import status_of
from airflow_ddb_migrate.aws.report.view import view_of
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits
from airflow_ddb_migrate.core.errors import InvalidInputError, LeaseHeldError, TransformError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.records import CapacityState, LaneState, LeaseState
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.limits import LEASE_SECONDS, SAFETY_NET_SECONDS
from tests.support.factories import MIGRATION
from tests.support.plans import facts, plan
from tests.support.worlds.capacity_world import Place
from tests.support.worlds.site_world import OTHER, SiteWorld, arn_of

HOUR, DAY = 3_600, 86_400
NIGHTS = ("22:00-06:00 UTC",)
BEFORE, RAISED = {"": (50, 25)}, {"": (500, 400)}


def at(text: str) -> float:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC).timestamp()


def looked_at(world: SiteWorld, when: str) -> Outcome:
    """Look every half minute until its capacity had time to be raised."""
    world.clock.now = max(world.clock.now, at(when))
    for _ in range(4):
        world.clock.advance(30)
        outcome = tend(world.site).verdict.outcome
    return outcome


@pytest.fixture
def place(make_place: Callable[..., Place]) -> Place:
    """A provisioned table, on a Monday evening within the hours."""
    place = make_place()
    place.world.clock.now = at("11-30 22:30")
    return place


def begin(place: Place, **fields: object) -> None:
    """Prewarm and start, as a DAG run does."""
    world = place.world
    wanted = CapacityUnits(500, 400)
    note_wanted(world.site, wanted, warm=False, switch_to_on_demand=False, written=None)
    place.prewarm(wanted)
    world.start(**{"windows": NIGHTS, **fields})


def close(world: SiteWorld, when: str = "12-01 06:00", attempt: int = 1) -> None:
    """The window is over, and the workers have seen it."""
    world.clock.now = at(when)
    world.end(attempt, ExecutionStatus.SUCCEEDED)


def tended(world: SiteWorld, when: str) -> Outcome:
    world.clock.now = max(world.clock.now, at(when))
    return tend(world.site).verdict.outcome


def test_the_end_of_its_hours_is_written_down_when_it_begins(world: SiteWorld) -> None:
    """So that workers end in time whoever is away."""
    world.clock.now = at("11-30 22:30")
    world.start(windows=NIGHTS)

    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    assert (at("12-01 06:00"), at("12-01 22:00")) == (control.closes_at, control.opens_at)


def test_between_two_windows_capacity_is_back_and_the_table_is_kept(place: Place) -> None:
    world = place.world
    begin(place)
    assert RAISED == world.provisioned()
    world.lane(0)
    close(world)

    assert Outcome.WAITING is tended(world, "12-01 06:00")

    assert BEFORE == world.provisioned()
    lease = world.lease
    assert (LeaseState.HELD, CapacityState.RESTORED) == (lease.state, lease.capacity_state)
    with pytest.raises(LeaseHeldError):
        world.start(world.site_for(OTHER))


def test_an_attempt_has_ended_when_its_execution_did(world: SiteWorld) -> None:
    """However late somebody looks: until then it is charged for what it had raised."""
    world.clock.now = at("11-30 22:30")
    world.start(windows=NIGHTS)
    world.stepfunctions.end(arn_of(1), ExecutionStatus.SUCCEEDED, at=at("12-01 06:02"))

    assert Outcome.WAITING is tended(world, "12-01 12:00")

    latest = world.site.ledger.latest_attempt(MIGRATION)
    assert latest is not None
    assert at("12-01 06:02") == latest.ended_at


def test_the_lease_is_renewed_for_as_long_as_somebody_waits(place: Place) -> None:
    world = place.world
    begin(place)
    close(world)
    for _ in range(8):
        world.clock.advance(HOUR / 4)
        assert Outcome.WAITING is tend(world.site).verdict.outcome

    assert world.clock() + LEASE_SECONDS / 2 <= world.lease.expires_at


def test_the_next_window_begins_with_raised_capacity_and_what_is_unfinished(place: Place) -> None:
    world = place.world
    begin(place)
    world.lane(1)
    close(world)
    tended(world, "12-01 06:00")

    assert Outcome.WAITING is tended(world, "12-01 21:59")
    assert BEFORE == world.provisioned()

    assert Outcome.RUNNING is looked_at(world, "12-01 22:00")
    assert RAISED == world.provisioned()
    assert [0, 2, 3] == sorted(world.stepfunctions.payload(arn_of(2))["segments"])
    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    assert (2, at("12-02 06:00")) == (control.attempt, control.closes_at)


def test_one_started_outside_its_hours_begins_with_the_next_window(place: Place) -> None:
    """Nothing exists in AWS before, and nobody pays for raised capacity."""
    world = place.world
    world.clock.now = at("11-30 12:00")
    wanted = CapacityUnits(500, 400)
    note_wanted(world.site, wanted, warm=False, switch_to_on_demand=False, written=None)

    started = world.start(windows=NIGHTS)

    assert "" == started.execution_arn
    assert "starts it at 2026-11-30T22:00" in started.explanation
    assert Outcome.WAITING is tended(world, "11-30 21:00")
    assert (BEFORE, {}) == (world.provisioned(), world.stepfunctions.executions)
    outcome = looked_at(world, "11-30 22:00")
    assert (Outcome.RUNNING, RAISED) == (outcome, world.provisioned())
    latest = world.site.ledger.latest_attempt(MIGRATION)
    assert latest is not None
    assert (1, arn_of(1)) == (latest.number, latest.execution_arn)


def test_a_run_cannot_widen_the_hours_of_the_dag_s_author(world: SiteWorld) -> None:
    """Both are open from 23:00 to midnight."""
    world.clock.now = at("11-30 22:30")
    limits = AuthorRules.of({"windows": ["23:00-05:00 UTC"]})

    started = world.start(windows=["00:00-24:00 Mon UTC"], limits=limits)

    assert "starts it at 2026-11-30T23:00" in started.explanation
    assert Outcome.RUNNING is looked_at(world, "11-30 23:00")
    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    assert at("12-01 00:00") == control.closes_at


def test_no_attempt_begins_when_too_little_of_the_window_is_left(world: SiteWorld) -> None:
    world.clock.now = at("12-01 05:50")

    assert "" == world.start(windows=NIGHTS).execution_arn


def test_with_airflow_away_the_safety_net_gives_back_and_the_wait_takes_up_again(
    place: Place,
) -> None:
    """Nobody begins the next attempt before Airflow is back."""
    world = place.world
    begin(place)
    close(world)
    world.clock.now = at("12-01 06:00") + LEASE_SECONDS + SAFETY_NET_SECONDS
    place.restore(by="the safety net")
    assert (BEFORE, LeaseState.FREE) == (world.provisioned(), world.lease.state)

    assert Outcome.WAITING is tended(world, "12-01 12:00")
    assert LeaseState.HELD is world.lease.state
    outcome = looked_at(world, "12-02 01:00")
    assert (Outcome.RUNNING, RAISED) == (outcome, world.provisioned())


def test_a_window_that_ends_while_capacity_is_raised_gives_it_back(place: Place) -> None:
    world = place.world
    begin(place)
    close(world)
    tended(world, "12-01 06:00")
    tended(world, "12-01 22:00")
    assert Outcome.WAITING is tended(world, "12-02 06:00")

    assert BEFORE == world.provisioned()


def test_a_person_s_pause_outlasts_the_windows(place: Place) -> None:
    """No attempt begins before it is resumed."""
    world = place.world
    begin(place)
    world.clock.now = at("12-01 05:50")
    pause(world.site, by="ann", reason="sale")
    close(world)

    assert Outcome.WAITING is tended(world, "12-01 06:01")
    seen = [tended(world, "12-01 23:00") for _ in range(3)]
    assert [Outcome.WAITING] * 3 == seen
    assert "paused by ann: sale" in observe(world.site).verdict.reason

    resume(world.site, by="ann")
    assert Outcome.RUNNING is looked_at(world, "12-01 23:00")


def test_a_stop_between_the_windows_ends_it(place: Place) -> None:
    world = place.world
    begin(place)
    close(world)
    tended(world, "12-01 06:00")

    stop_now(world.site, by="ann", reason="enough")

    assert Outcome.FAILED is tended(world, "12-01 23:00")
    assert 1 == len(world.stepfunctions.executions)


def test_what_failed_within_its_hours_does_not_go_on_by_itself(world: SiteWorld) -> None:
    world.clock.now = at("11-30 22:30")
    world.start(windows=NIGHTS)
    world.lane(0, LaneState.FAILED, error="E", cause="c")
    world.end(1, ExecutionStatus.FAILED)

    assert Outcome.FAILED is tended(world, "12-01 07:00")


def test_what_is_finished_within_its_hours_has_succeeded(world: SiteWorld) -> None:
    world.clock.now = at("11-30 22:30")
    world.start(windows=NIGHTS)
    for lane in range(4):
        world.lane(lane)
    world.end(1, ExecutionStatus.SUCCEEDED)

    assert Outcome.SUCCEEDED is tended(world, "12-01 07:00")


def test_another_transform_is_not_taken_up_by_itself(world: SiteWorld) -> None:
    """What was deployed by day was not what a person approved."""
    world.clock.now = at("11-30 22:30")
    world.start(windows=NIGHTS)
    close(world)
    tended(world, "12-01 06:00")
    world.lambda_.answer = {"ok": True, "error": "", "hash": "hash-2"}

    with pytest.raises(TransformError, match="was deployed since"):
        tended(world, "12-01 22:00")


def test_it_says_in_words_when_it_goes_on(world: SiteWorld) -> None:
    """Status, tab and report have the same reason."""
    world.clock.now = at("11-30 22:30")
    world.start(windows=NIGHTS)
    close(world)
    tended(world, "12-01 06:00")

    status, view = status_of(world.site, events_shown=5), view_of(world.site)

    words = (
        "It has been outside its hours since 2026-12-01T06:00:00.000Z: nothing is written. The "
        "next window begins at 2026-12-01T22:00:00.000Z"
    )
    assert words in status.seen.verdict.reason
    assert words in view["reason"]
    assert ("WAITING", ["hours"]) == (view["outcome"], [hold["kind"] for hold in view["holds"]])


def test_the_wait_allows_for_the_nights(world: SiteWorld) -> None:
    """Three times the plan's longest time, of which only that within the hours counts."""
    world.clock.now = at("11-30 22:00")
    keep_plan(world.site.ledger, plan(facts()))
    world.start(windows=NIGHTS, total_segments=None)

    nights, rest = divmod(3 * plan(facts()).seconds.high, 8 * HOUR)
    assert pytest.approx(nights * DAY + rest, abs=60) == time_limit(world.site)


def test_windows_that_are_never_open_are_refused_before_anything_is_touched(
    world: SiteWorld,
) -> None:
    with pytest.raises(InvalidInputError, match="time zone"):
        world.start(windows=["22:00-06:00 Europe/Berlim"])
    with pytest.raises(InvalidInputError, match=r"the longest open time.*window longer\.$"):
        world.start(windows=["22:00-22:05 UTC"])
    limits = AuthorRules.of({"windows": ["22:00-22:05 UTC"]})
    with pytest.raises(InvalidInputError, match=r"longest open time.*The DAG's author set windows"):
        world.start(limits=limits)

    assert world.site.leases.get(world.site.table.key) is None
