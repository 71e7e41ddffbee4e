"""Steering a migration while it runs, and what is told of it."""

from typing import Any

import pytest
from airflow_ddb_migrate.aws.execution.observe import observe
from airflow_ddb_migrate.aws.execution.starting.start import start
from airflow_ddb_migrate.aws.execution.steering.pause import pause, resume
from airflow_ddb_migrate.aws.execution.steering.retune import retune
from airflow_ddb_migrate.aws.execution.steering.stop import stop_now
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.ledger.events import events, note_event
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
from airflow_ddb_migrate.core.errors import (
    ApprovalError,
    InvalidInputError,
    LedgerError,
    SteeringError,
)
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.events import Event, What
from airflow_ddb_migrate.core.ledger.holds import HoldKind
from airflow_ddb_migrate.core.ledger.records import Command, ControlRecord
from airflow_ddb_migrate.core.limits import HOLD_SECONDS
from tests.support.factories import MIGRATION, NOW, at, client_error, hold, throttled_hold
from tests.support.worlds.site_world import SiteWorld, arn_of, start_request


def control_of(world: SiteWorld) -> ControlRecord:
    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    return control


def began(world: SiteWorld, **fields: Any) -> None:
    """Start it a second ago: events of one moment have no order."""
    start(at(world.site, world.clock() - 1), start_request(**fields))


def told(world: SiteWorld) -> list[tuple[str, str]]:
    return [(event.what, event.by) for event in events(world.site.ledger, MIGRATION)]


def paused(world: SiteWorld, **fields: Any) -> str:
    return pause(world.site, **{"by": "ann", **fields})


def resumed(world: SiteWorld) -> str:
    return resume(world.site, by="ann")


def retuned(world: SiteWorld, **fields: Any) -> str:
    return retune(world.site, by="ann", **fields)


def stopped(world: SiteWorld, **fields: Any) -> str:
    return stop_now(world.site, **{"by": "ann", **fields})


STEER = [paused, resumed, stopped, lambda world: retuned(world, write_units_per_second=5)]


# Pause and resume


def test_a_pause_holds_until_somebody_resumes(world: SiteWorld) -> None:
    """With who and why; the execution goes on."""
    began(world)

    words = paused(world, reason="sale on")

    control = control_of(world)
    assert (Command.HOLD, "paused by ann: sale on", NOW, 0) == (
        control.command,
        control.reason,
        control.since,
        control.until,
    )
    assert words.startswith(f"Paused attempt 1 of {MIGRATION} (sale on).")
    assert [] == world.stepfunctions.stopped
    assert "On hold: paused by ann: sale on" in observe(at(world.site, NOW)).verdict.reason


def test_pausing_again_does_not_make_the_hold_younger(world: SiteWorld) -> None:
    """Or it would never end, and its waits are billed."""
    began(world)
    paused(world)
    world.clock.advance(60)

    assert "has been on hold since" in paused(world, by="bob")
    assert (NOW, "paused by ann") == (control_of(world).since, control_of(world).reason)
    assert [("STARTED", "tests"), ("PAUSED", "ann")] == told(world)


def test_a_pause_lasts_beside_a_hold_that_ends_by_itself(world: SiteWorld) -> None:
    """Workers' own holds end after minutes; a person's does not."""
    began(world)
    world.site.ledger.hold(MIGRATION, throttled_hold(), attempt=1)

    paused(world)

    control = control_of(world)
    assert (0, 2, 1) == (control.until, *map(len, map(control.in_force, (NOW, NOW + 300))))


def test_a_resumed_migration_runs(world: SiteWorld) -> None:
    """Resuming one that runs changes nothing and is told as that."""
    began(world)
    assert "is not paused" in resumed(world)
    paused(world)
    world.clock.advance(600)

    assert f"Resumed attempt 1 of {MIGRATION} after 10 minutes" in resumed(world)
    assert Command.RUN is control_of(world).command
    assert ["STARTED", "PAUSED", "RESUMED"] == [what for what, _ in told(world)]


def test_a_resume_says_which_hold_it_ends_and_which_it_does_not(world: SiteWorld) -> None:
    """An alarm's hold ends with the alarm."""
    began(world)
    paused(world, reason="sale")
    alarm = hold(HoldKind.HEALTH, reason="Alarm checkout is ALARM.", by="workers")
    world.site.ledger.hold(MIGRATION, alarm, attempt=1)

    words = resumed(world)

    assert (
        f"Ended the hold of attempt 1 of {MIGRATION} by person (paused by ann: sale). It stays on "
        "hold. health: Alarm checkout is ALARM. It ends by itself once the alarms are OK again."
    ) == words
    assert (Command.HOLD, (alarm,)) == (control_of(world).command, control_of(world).holds)
    with pytest.raises(SteeringError, match=r"not paused by a person\. It stays on hold\. health"):
        resumed(world)
    assert ["STARTED", "PAUSED", "RESUMED"] == [what for what, _ in told(world)]


@pytest.mark.parametrize("kind", [kind for kind in HoldKind if kind is not HoldKind.PERSON])
def test_a_person_s_pause_outlasts_every_other_hold(world: SiteWorld, kind: HoldKind) -> None:
    """Also when it came second."""
    began(world)
    world.site.ledger.hold(MIGRATION, hold(kind), attempt=1)
    paused(world, by="bob")
    world.site.ledger.end_holds(MIGRATION, {kind}, attempt=1, reason="over", now=NOW)

    assert ["person"] == [one.kind for one in control_of(world).in_force(NOW)]
    assert "Resumed attempt 1" in resumed(world)
    assert Command.RUN is control_of(world).command


def test_after_an_hour_it_is_too_late_to_resume(world: SiteWorld) -> None:
    """Some workers have ended by then: their segments would be left out without a word."""
    began(world)
    paused(world)
    world.clock.advance(HOLD_SECONDS + 1)

    with pytest.raises(SteeringError, match=r"more than 60 minutes.*a new attempt works"):
        resumed(world)
    assert Command.HOLD is control_of(world).command


# What is over, never began, or is being stopped


@pytest.mark.parametrize("steer", STEER)
def test_what_was_never_started_cannot_be_steered(world: SiteWorld, steer: Any) -> None:
    """The message says which task to run."""
    with pytest.raises(LedgerError, match=r"was never started\. Run its start task first"):
        steer(world)


@pytest.mark.parametrize("steer", STEER)
def test_what_is_over_cannot_be_steered(world: SiteWorld, steer: Any) -> None:
    """The message says how to go on with what is unfinished, and nothing was written."""
    began(world)
    world.end(1, ExecutionStatus.ABORTED)

    with pytest.raises(SteeringError, match=rf"is over \(ABORTED\).*migration_id '{MIGRATION}'"):
        steer(world)
    assert [("STARTED", "tests")] == told(world)
    assert Command.RUN is control_of(world).command


@pytest.mark.parametrize("steer", STEER)
def test_what_is_about_to_start_is_told_as_that(world: SiteWorld, steer: Any) -> None:
    """It is written down before StartExecution."""
    began(world)
    world.stepfunctions.executions.clear()
    world.site.ledger.attempt_started(MIGRATION, 1, 0)

    with pytest.raises(SteeringError, match="is not started yet"):
        steer(world)


@pytest.mark.parametrize("steer", [STEER[0], STEER[1], STEER[3]])
def test_a_stop_stays_a_stop(world: SiteWorld, steer: Any) -> None:
    """Workers may have gone already: to go on, a new attempt has to begin."""
    began(world)
    world.site.ledger.stop(MIGRATION, attempt=1, reason="by bob", now=NOW)

    with pytest.raises(SteeringError, match=r"is being stopped.*\(by bob\)"):
        steer(world)


def test_a_hold_that_comes_too_late_does_not_lift_a_stop(world: SiteWorld) -> None:
    """The condition is on the write: a look before it may be old."""
    began(world)
    ledger = world.site.ledger
    ledger.stop(MIGRATION, attempt=1, reason="by bob", now=NOW)

    assert not ledger.hold(MIGRATION, hold(), attempt=1)
    assert not ledger.end_holds(MIGRATION, {*HoldKind}, attempt=1, reason="late", now=NOW)
    assert not ledger.retune(MIGRATION, 1, {"write_units_per_second": 9.0})
    assert (Command.STOP, 0) == (
        control_of(world).command,
        control_of(world).write_units_per_second,
    )


# Stop


def test_a_stop_says_by_whom(world: SiteWorld) -> None:
    """In its words, in the verdict, and among the events."""
    began(world)

    words = stopped(world, reason="wrong transform")

    assert f"Stopped attempt 1 of {MIGRATION}: by ann: wrong transform." == words
    assert [arn_of(1)] == world.stepfunctions.stopped
    assert [("STARTED", "tests"), ("STOPPED", "ann")] == told(world)
    tend(world.site)
    assert 2 == len(told(world))


# Retune


def test_a_budget_is_changed_where_it_is_named(world: SiteWorld) -> None:
    """What is left out stays; 0 takes a budget away; the command in force stays, too."""
    began(world, read_units_per_second=100, write_units_per_second=1_500)
    paused(world)

    words = retuned(world, write_units_per_second=400)

    control = control_of(world)
    assert (100, 400, Command.HOLD) == (
        control.read_units_per_second,
        control.write_units_per_second,
        control.command,
    )
    assert f"Retuned attempt 1 of {MIGRATION}: write_units_per_second 1,500 -> 400." == words
    assert "read_units_per_second 100 -> none" in retuned(world, read_units_per_second=0)
    assert ("RETUNED", "ann") == told(world)[-1]


def spend(world: SiteWorld, dollars: float) -> None:
    """Let a lane have taken so many dollars of Lambda's time."""
    rate = control_of(world).rates["second"]
    world.lane(0, worked_seconds=dollars / rate)


def test_a_raised_limit_ends_a_hold_for_money(world: SiteWorld) -> None:
    """With the name of who did; nothing else does, and a person's pause stays."""
    began(world)
    spend(world, 5.0)
    retuned(world, max_cost_usd=6)
    for kind in (HoldKind.MONEY, HoldKind.PERSON):
        world.site.ledger.hold(MIGRATION, hold(kind), attempt=1)

    words = retuned(world, max_cost_usd=12.5)

    assert words == (
        f"Retuned attempt 1 of {MIGRATION}: max_cost_usd $6.00 -> $12.50. It ended the hold for "
        "money."
    )
    control = control_of(world)
    assert (12.5, 0.0, ["person"]) == (
        control.max_cost_usd,
        control.spent_due,
        [one.kind for one in control.in_force(NOW)],
    )
    assert [("RETUNED", "ann"), ("RELEASED", "ann")] == told(world)[-2:]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (5.0, r"max_cost_usd is \$5\.00, but migration .* has already cost \$5\.00"),
        (20.5, r"the DAG's author set a max_cost_usd of \$20\.00"),
        (0, "it must be an amount in US dollars above 0"),
        (-1, "it must be an amount"),
        ("9", "it must be an amount"),
        (True, "it must be an amount"),
        (float("nan"), "it must be an amount"),
        (float("inf"), "it must be an amount"),
    ],
)
def test_a_limit_is_above_what_is_spent_and_within_the_author_s(
    world: SiteWorld, given: Any, words: str
) -> None:
    """Else it is refused, and nothing is changed."""
    began(world)
    record = world.site.ledger.required_migration(MIGRATION)
    world.site.ledger.keep_limits(record, AuthorRules.of({"max_cost_usd": 20}).to_json())
    spend(world, 5.0)

    with pytest.raises(InvalidInputError, match=words):
        retuned(world, max_cost_usd=given)
    assert (0, [("STARTED", "tests")]) == (control_of(world).max_cost_usd, told(world))


def test_nothing_is_retuned_under_a_rule_of_a_later_version(world: SiteWorld) -> None:
    """The rule may be about what is retuned. A version that knows it can retune."""
    began(world)
    record = world.site.ledger.required_migration(MIGRATION)
    world.site.ledger.keep_limits(record, '{"max_rows": 5}')

    with pytest.raises(ApprovalError, match="the rule max_rows, which this version does not know"):
        retuned(world, write_units_per_second=50)
    assert [("STARTED", "tests")] == told(world)


def test_concurrency_is_the_map_runs(world: SiteWorld) -> None:
    """It is changed there; a map that has not begun cannot be, and then no budget is, either."""
    began(world)
    with pytest.raises(SteeringError, match="has no map run yet"):
        retuned(world, max_concurrency=7, write_units_per_second=5)
    assert 0 == control_of(world).write_units_per_second
    world.stepfunctions.map_run_counts = {"running": 4}

    assert "max_concurrency -> 7" in retuned(world, max_concurrency=7)
    assert [{"mapRunArn": arn_of(1), "maxConcurrency": 7}] == world.stepfunctions.updated


@pytest.mark.parametrize(
    "figures",
    [
        {},
        {"write_units_per_second": -1},
        {"write_units_per_second": float("nan")},
        {"read_units_per_second": float("inf")},
        {"read_units_per_second": "5"},
        {"read_units_per_second": True},
        {"max_concurrency": 0},
        {"max_concurrency": 10_001},
        {"max_concurrency": 2.5},
    ],
)
def test_wrong_figures_are_refused(world: SiteWorld, figures: dict[str, Any]) -> None:
    """Before anything is touched."""
    began(world)
    world.stepfunctions.map_run_counts = {"running": 4}

    with pytest.raises(InvalidInputError):
        retuned(world, **figures)
    assert ([], [("STARTED", "tests")]) == (world.stepfunctions.updated, told(world))


# Events


def test_events_are_told_in_order_and_the_newest_are_kept(world: SiteWorld) -> None:
    """And stand beside attempts without being taken for one."""
    began(world)
    for second in range(5):
        event = Event(at=NOW + second, what=What.PAUSED, by="ann", words=str(second))
        note_event(world.site.ledger, MIGRATION, event)

    assert ["3", "4"] == [e.words for e in events(world.site.ledger, MIGRATION, limit=2)]
    latest = world.site.ledger.latest_attempt(MIGRATION)
    assert (1, 6) == (latest and latest.number, len(events(world.site.ledger, MIGRATION)))


def test_the_end_of_an_attempt_is_told_once(world: SiteWorld) -> None:
    """However often it is looked at after it."""
    began(world)
    world.end()
    for _ in range(3):
        tend(at(world.site, NOW))

    assert [("STARTED", "tests"), ("ENDED", "Airflow")] == told(world)


def test_an_event_that_cannot_be_noted_fails_nothing(world: SiteWorld) -> None:
    """What it tells of is done already."""
    began(world)

    def refuse(name: str, arguments: dict[str, Any]) -> None:
        if name == "put_item":
            raise client_error("InternalServerError", "PutItem")

    world.dynamodb.before = refuse

    assert "Paused attempt 1" in paused(world)
    assert Command.HOLD is control_of(world).command


@pytest.mark.parametrize("act", [paused, stopped])
def test_a_reason_is_one_printable_line_wherever_it_is_shown(world: SiteWorld, act: Any) -> None:
    """In the answer, the control record and the events: logs, terminals and mails show them."""
    began(world)

    words = act(world, by="an\x1b[2Jn", reason="sale\n[INFO] done\u202e" + "!" * 1_000)

    (event,) = [e for e in events(world.site.ledger, MIGRATION) if e.what is not What.STARTED]
    for text in (words, event.by, event.words, control_of(world).reason):
        assert text.isprintable()
        assert "sale [INFO] done" in text or text == event.by
        assert len(text) < 1_000


@pytest.mark.parametrize("units", [1e-300, 0.5, 1e308, 100_000_001])
def test_a_budget_that_no_table_has_is_refused(world: SiteWorld, units: float) -> None:
    """The pacer would wait for ever, or DynamoDB could not hold the number."""
    began(world)

    with pytest.raises(InvalidInputError, match="it must be 0 for no limit, or 1 to 100,000,000"):
        retuned(world, write_units_per_second=units)
