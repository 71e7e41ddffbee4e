"""Being told that a migration is on hold: once, wherever the sensor waits, whoever is called."""

import json
import time

import pytest
from airflow.sdk import BaseNotifier
from airflow.sdk.exceptions import TaskDeferred
from airflow_ddb_migrate import (
    NOTICE_HTML,
    NOTICE_SLACK,
    NOTICE_TEXT,
    NOTICE_TITLE,
    DistributedMapMigrationSensor,
)
from airflow_ddb_migrate.aws.execution.steering.pause import pause, resume
from airflow_ddb_migrate.core.errors import AwsRequestError
from airflow_ddb_migrate.triggers.migration import MigrationEndedTrigger
from tests.support.factories import TABLE, at, throttled_hold
from tests.support.worlds.airflow_world import (
    KILLED,
    finish_lanes,
    first_event,
    make_context,
    started_world,
)

LANES = 4
NOW = time.time()
THROTTLED = "writes were throttled"


@pytest.fixture
def world(monkeypatch):
    with started_world(monkeypatch, LANES) as world:
        yield world


@pytest.fixture
def told():
    return []


def sensor(told, **changes) -> DistributedMapMigrationSensor:
    known = {"deferrable": True, "poke_interval": 0, "on_hold_callback": told.append}
    return DistributedMapMigrationSensor(task_id="wait", table_name=TABLE, **{**known, **changes})


def hold(world, reason=THROTTLED, seconds=300.0) -> None:
    """Put it on hold as the workers do when the table is throttled for a while."""
    now = time.time()  # a whole run of tests takes longer than a hold
    record = throttled_hold(reason=reason, since=now, until=now + seconds)
    world.site.ledger.hold(world.site.migration_id, record, attempt=1)


def succeed(world) -> None:
    finish_lanes(world.site, range(LANES))
    world.stepfunctions.end_all("SUCCEEDED")


def deferral(step) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        step()
    return caught.value


def go_on(waiting, deferred, context=None):
    """Run the trigger until it fires, and go on as Airflow does."""
    path, kwargs = deferred.trigger.serialize()
    assert path.endswith(".MigrationEndedTrigger")
    again = MigrationEndedTrigger(**json.loads(json.dumps(kwargs)))
    event = json.loads(json.dumps(first_event(again)))
    return waiting.resume_execution(
        deferred.method_name, {**deferred.kwargs, "event": event}, context or make_context()
    )


def test_a_deferred_wait_tells_once_and_waits_on(world, told):
    """The trigger fires for the hold, a worker calls back, and the next trigger waits for more."""
    waiting = sensor(told)
    first = deferral(lambda: waiting.execute(make_context()))
    hold(world)
    second = deferral(lambda: go_on(waiting, first))
    succeed(world)

    counts = go_on(waiting, second)

    assert 40 == counts["changed"]
    assert [(THROTTLED, 300.0)] == [
        (one["hold"]["reason"], one["hold"]["until"] - one["hold"]["since"]) for one in told
    ]
    assert "ON_HOLD" == told[0]["notice"]["state"]
    assert "0 attempts" not in told[0]["notice"]["text"]
    assert "Table orders, 4 segments" in told[0]["notice"]["text"]


def test_a_second_kind_is_told_beside_the_first(world, told):
    """And the first one not again."""
    waiting = sensor(told)
    first = deferral(lambda: waiting.execute(make_context()))
    hold(world)
    second = deferral(lambda: go_on(waiting, first))
    pause(world.site, by="ann")
    third = deferral(lambda: go_on(sensor(told), second))
    succeed(world)
    go_on(sensor(told), third)

    assert [("throttled", "workers"), ("person", "ann")] == [
        (one["hold"]["kind"], one["hold"]["by"]) for one in told
    ]


def test_telling_gives_no_more_time(world, told):
    """The second wait ends when the first one would have."""
    waiting = sensor(told, timeout=1_000)
    first = deferral(lambda: waiting.execute(make_context()))
    hold(world)
    earlier = {**first.kwargs, "deadline": first.kwargs["deadline"] - 900}

    second = deferral(lambda: go_on(waiting, replace_kwargs(first, earlier)))

    assert 1_000 == first.timeout.total_seconds()
    assert 0 < second.timeout.total_seconds() <= 100
    assert earlier["deadline"] == second.kwargs["deadline"]


def replace_kwargs(deferred, kwargs) -> TaskDeferred:
    return TaskDeferred(trigger=deferred.trigger, method_name=deferred.method_name, kwargs=kwargs)


def test_a_hold_that_is_there_already_is_told_at_the_first_look(world, told):
    """And the trigger knows that it was."""
    hold(world)
    deferred = deferral(lambda: sensor(told).execute(make_context()))
    succeed(world)

    assert [THROTTLED] == [one["hold"]["reason"] for one in told]
    assert "success" == first_event(deferred.trigger)["status"]


def test_each_pause_of_a_person_is_told(world, told):
    """Paused, resumed and paused: two people may want to know."""
    waiting = sensor(told)
    first = deferral(lambda: waiting.execute(make_context()))
    pause(at(world.site, NOW), by="ann")
    second = deferral(lambda: go_on(waiting, first))
    resume(at(world.site, NOW + 1), by="ann")
    pause(at(world.site, NOW + 2), by="ann")
    deferral(lambda: go_on(waiting, second))

    assert ["paused by ann"] * 2 == [one["hold"]["reason"] for one in told]


def test_in_a_worker(world, told):
    """A sensor that keeps its worker tells once, too."""
    waiting = sensor(told, deferrable=False)
    hold(world)
    for _ in range(3):
        assert not waiting.poke(make_context())

    assert 1 == len(told)


def test_nobody_wants_to_know(world):
    """Without callbacks no trigger fires for a hold."""
    deferred = deferral(lambda: sensor([], on_hold_callback=None).execute(make_context()))
    hold(world)
    succeed(world)

    assert not deferred.trigger.tell_holds
    assert "success" == first_event(deferred.trigger)["status"]


def test_a_callback_that_fails_fails_nothing(world, told, caplog):
    """It is logged, the next one is called, and the migration goes on."""

    def broken(_context):
        raise RuntimeError("no such topic")

    hold(world)
    deferral(lambda: sensor(told, on_hold_callback=[broken, told.append]).execute(make_context()))

    assert 1 == len(told)
    assert "no such topic" in caplog.text


def test_a_hold_is_told_though_there_is_no_report(world, told, monkeypatch):
    """That it waits, and why, is known all the same."""

    def refuse(*_):
        raise AwsRequestError("not now", "Throttling")

    monkeypatch.setattr("airflow_ddb_migrate.aws.report.compose.compose", refuse)
    hold(world)
    deferral(lambda: sensor(told).execute(make_context()))

    assert told[0]["notice"]["text"].startswith(f"On hold: {THROTTLED}")
    assert "Table" not in told[0]["notice"]["text"]


@pytest.mark.parametrize(("on_kill", "expected"), KILLED)
def test_a_task_that_is_ended_while_it_tells(world, on_kill, expected):
    """Its migration is stopped, paused or left as if it had waited."""
    waiting = sensor([], on_kill=on_kill, on_hold_callback=lambda _: waiting.on_kill())
    first = deferral(lambda: waiting.execute(make_context()))
    event = {"status": "held", "hold": {"reason": THROTTLED, "since": NOW, "until": NOW + 300}}
    deferral(lambda: waiting.resume_execution(first.method_name, {"event": event}, make_context()))

    assert expected == (world.stepfunctions.statuses[0], world.command)


def test_a_rescheduled_sensor_is_refused(told):
    """It would forget what it has told, and tell again at every look."""
    with pytest.raises(ValueError, match="needs deferrable=True or mode="):
        sensor(told, deferrable=False, mode="reschedule")


def test_what_cannot_be_called_is_refused():
    """When the DAG is parsed."""
    with pytest.raises(TypeError, match="on_hold_callback is 'slack'; it must be a function"):
        sensor([], on_hold_callback="slack")


class Postbox(BaseNotifier):
    """A notifier that keeps what it would send."""

    template_fields = ("subject", "message")
    sent = []  # noqa: RUF012  # emptied by the test

    def __init__(self, *, subject: str, message: str) -> None:
        super().__init__()
        self.subject = subject
        self.message = message

    def notify(self, context) -> None:  # Airflow's name
        self.sent.append((self.subject, self.message))


def with_dag(context, **more):
    """Add what a notifier renders with."""
    from airflow.sdk import DAG

    context["ti"].log_url = "http://airflow/log"
    context["ti"].xcom_pull = lambda **_: context["ti"].pushed.get("notice")
    return {**context, "dag": DAG("d", schedule=None), **more}


def test_a_notifier_sends_each_hold_anew(world):
    """Airflow renders a notifier's fields in place; the second hold is not the first one's text."""
    Postbox.sent.clear()
    postbox = Postbox(subject=NOTICE_TITLE, message=NOTICE_TEXT)
    waiting = sensor([], deferrable=False, on_hold_callback=postbox)
    hold(world, "first")
    waiting.poke(with_dag(make_context()))
    pause(at(world.site, NOW + 1), by="ann")
    waiting.poke(with_dag(make_context()))

    title = f"ON_HOLD: migration {world.site.migration_id}"
    assert [(title, "On hold: first"), (title, "On hold: paused by ann")] == [
        (subject, message.splitlines()[0]) for subject, message in Postbox.sent
    ]
    assert Postbox.sent[0][1].endswith("DAG d, run r: http://airflow/log")


def test_a_task_without_a_notice_is_told_of_by_its_exception():
    """Such as a restore that could not bring the capacity back."""
    Postbox.sent.clear()
    context = with_dag(make_context(task_id="restore"), exception=RuntimeError("4 decreases today"))

    Postbox(subject=NOTICE_TITLE, message=NOTICE_TEXT)(context)

    assert [
        (
            "FAILED: task restore of d",
            "4 decreases today\n\nDAG d, run r: http://airflow/log",
        )
    ] == Postbox.sent


@pytest.mark.parametrize("template", [NOTICE_HTML, NOTICE_SLACK])
def test_what_a_person_entered_is_no_markup_in_mail_and_chat(world, template):
    """A reason is neither a link nor a mention of everybody."""
    Postbox.sent.clear()
    hold(world, '<a href="https://evil.example">Sign in again</a> <!channel> & more')
    waiting = sensor(
        [], deferrable=False, on_hold_callback=Postbox(subject=NOTICE_TITLE, message=template)
    )

    waiting.poke(with_dag(make_context()))

    ((_, message),) = Postbox.sent
    assert "<a" not in message
    assert "<!channel>" not in message
    assert "&lt;!channel&gt; &amp; more" in message
