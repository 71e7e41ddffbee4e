"""The command line looks at a migration that runs, and steers it."""

import io
import json
import re
import threading
import time

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.ledger.events import events
from airflow_ddb_migrate.aws.ledger.keys import control_key, event_key, lane_key
from airflow_ddb_migrate.aws.ledger.typed_values import encode_all
from airflow_ddb_migrate.aws.report.view import view_of
from airflow_ddb_migrate.cli import main, steering
from airflow_ddb_migrate.cli.status import StatusView
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.notes import PLAN
from airflow_ddb_migrate.core.ledger.records import Command, LaneState
from tests.support.engines.fakes import FakeCloudFormation
from tests.support.factories import LEDGER, MIGRATION, at, client_error
from tests.support.plans import facts, plan
from tests.support.worlds.migration_world import moto_dynamodb
from tests.support.worlds.site_world import SiteWorld
from tests.unit.cli.test_views import OUTPUTS


@pytest.fixture
def world(monkeypatch):
    """A migration that runs, started a minute ago by this machine's clock."""
    with moto_dynamodb() as service:
        world = SiteWorld(service)
        world.cloudformation = FakeCloudFormation()
        world.cloudformation.add("ddb-migrate", OUTPUTS)
        world.site = world.site_for(MIGRATION)
        world.clock.now = time.time() - 60
        clients = {
            "dynamodb": world.dynamodb,
            "cloudformation": world.cloudformation,
            "stepfunctions": world.stepfunctions,
            "s3": world.s3,
            "sts": Sts(),
        }
        monkeypatch.setattr(main, "_clients", lambda _: Clients(clients.__getitem__))
        world.start(write_units_per_second=400)
        yield world


ARN = "arn:aws:sts::123456789012:assumed-role/Operators/eve"


class Sts:
    """Says who signed the request, or does what a test wants instead."""

    def __init__(self, answer=lambda: {"Arn": ARN}):
        self.get_caller_identity = answer


def asked_of(monkeypatch, world, answer) -> None:
    """Let AWS answer so to whoever asks who they are."""
    known = main._clients(None)
    monkeypatch.setattr(
        main,
        "_clients",
        lambda _: Clients(lambda name: Sts(answer) if name == "sts" else known.of(name)),
    )


def command_of(world: SiteWorld) -> Command:
    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    return control.command


def finish(world: SiteWorld) -> None:
    for lane in range(4):
        world.lane(lane, counts=Counts(seen=10, changed=10))
    world.end(1, ExecutionStatus.SUCCEEDED)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


# Status


def test_status(world, capsys):
    """State, progress, rate, cost and time left, and who did what."""
    world.lane(0, counts=Counts(seen=600, changed=600), units=Units(300, 600))
    main.main(["pause", MIGRATION, "--as", "ann", "--reason", "sale"])
    capsys.readouterr()

    assert 0 == main.main(["status", MIGRATION])

    said = capsys.readouterr().out
    assert said.startswith(f"Migration {MIGRATION}: RUNNING\nMIGRATE of table orders")
    assert "1 of 4 segments done (25 %)" in said
    assert f"On hold: paused by ann [{ARN}]: sale Items per second: 0 now, 10 on average." in said
    assert "Cost so far: $0.00049. Time left: unknown while it is on hold." in said
    assert "\nOn hold since " in said
    assert "If it is still on hold at" in said
    paused = re.escape(f"PAUSED   by ann [{ARN}]: Paused")
    assert re.search(rf"STARTED  by tests: Started attempt 1 of .*\n.*{paused}", said)


def write(world: SiteWorld, key: dict, **values: object) -> None:
    """Write what a later version could have."""
    item = world.dynamodb.get_item(TableName=LEDGER, Key=key).get("Item", key)
    newer = {**item, **encode_all(values), "newer_field": {"S": "x"}}
    world.dynamodb.put_item(TableName=LEDGER, Item=newer)


def test_what_a_later_version_wrote_is_shown_as_it_is(world, capsys):
    """Events, holds and states that this version does not know; it decides about none of them."""
    now, words = time.time(), {"kind": "ice", "by": "eve"}
    event = {"at": now, "what": "FROZEN", "words": "It is frozen.", **words}
    write(world, event_key(MIGRATION, now, "z"), **event)
    ice = {"reason": "It is frozen.", "since": now - 10.0, **words}
    write(world, control_key(MIGRATION), command="FREEZE", holds=(ice,), since=now - 10.0)
    write(world, lane_key(MIGRATION, 0), lane=0, state="FROZEN", attempt=1, segment=0)

    for command in (["status"], ["status", "--json"], ["report"], ["report", "--json"]):
        assert 0 == main.main([command[0], MIGRATION, *command[1:]])
        said = capsys.readouterr().out
        assert "FROZEN" in said or command[0] == "report"
        assert "frozen" in said or command[0] == "report"
    view = view_of(world.site)
    assert "FROZEN" in [one["what"] for one in view["events"]]
    assert ["ice", "freeze"] == [one["kind"] for one in view["holds"]]
    assert "FREEZE" == view["control"]["command"]
    assert 1 == main.main(["resume", MIGRATION, "--as", "ann"])
    assert "FREEZE, which this version does not know" in capsys.readouterr().err


# Who it was


def test_a_name_that_is_given_stands_beside_the_one_that_aws_knows(world, capsys):
    """In status, in words and for programs, in the report, and in what others are told."""
    main.main(["pause", MIGRATION, "--as", "the CEO", "--reason", "sale"])
    main.main(["resume", MIGRATION, "--as", "the CEO"])
    main.main(["stop", MIGRATION, "--as", "the CEO", "--yes"])
    capsys.readouterr()

    main.main(["status", MIGRATION, "--json"])
    shown = json.loads(capsys.readouterr().out)
    main.main(["report", MIGRATION])
    report = capsys.readouterr().out

    pressed = [event for event in shown["events"] if event["what"] not in {"STARTED", "ENDED"}]
    assert {("the CEO", ARN)} == {(event["by"], event["caller"]) for event in pressed}
    assert 3 == len(pressed)
    assert f"by the CEO [{ARN}]" in shown["reason"]
    assert f"paused by the CEO \\[{ARN}\\]: Paused attempt 1" in report
    assert f"stopped by the CEO \\[{ARN}\\]: Stopped attempt 1" in report


def test_a_name_cannot_pass_for_what_aws_knows(world):
    """The last in brackets is AWS's."""
    main.main(["pause", MIGRATION, "--as", "bob [arn:aws:iam::123456789012:user/bob]"])

    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    assert f"paused by bob (arn:aws:iam::123456789012:user/bob) [{ARN}]" == control.reason


def refuse():
    raise client_error("AccessDenied")


@pytest.mark.parametrize("answer", [refuse, dict, threading.Event().wait])
def test_where_aws_does_not_tell_it_is_unknown(world, monkeypatch, capsys, answer):
    """A stop does not wait for it: it may be refused, or out of reach."""
    asked_of(monkeypatch, world, answer)
    monkeypatch.setattr(steering, "_CALLER_SECONDS", 0.05)

    assert 0 == main.main(["pause", MIGRATION, "--as", "ann"])

    assert ("ann", "unknown") == [
        (event.by, event.caller) for event in events(world.site.ledger, MIGRATION)
    ][-1]
    assert Command.HOLD is command_of(world)


def test_status_as_json(world, capsys):
    """For programs: what is unknown is null."""
    world.site.ledger.note(MIGRATION, PLAN, plan(facts(gib=1)).to_json())
    world.lane(0, counts=Counts(seen=600, changed=600))

    main.main(["status", MIGRATION, "--json"])

    found = json.loads(capsys.readouterr().out)
    assert ("RUNNING", 1, 600, 400) == (
        found["status"],
        found["segments"]["done"],
        found["counts"]["seen"],
        found["write_units_per_second"],
    )
    assert ("", {}, 0) == (found["hold"], found["throttles"], found["conflicts"])
    assert found["pulse"]["items_now"] is None
    assert found["pulse"]["planned_dollars"] > 0
    assert 2 == len(found["pulse"]["seconds_left"])
    assert ["STARTED"] == [event["what"] for event in found["events"]]


def test_a_status_of_nothing(world, capsys):
    """With what to do."""
    assert 1 == main.main(["status", "unknown"])
    assert "knows no migration unknown" in capsys.readouterr().err


def watched(world: SiteWorld, out: io.StringIO, work) -> str:
    """Return what is drawn; ``work`` is called with the number of each wait."""
    waits = iter(range(1_000))

    def sleep(seconds: float) -> None:
        world.clock.advance(seconds)
        work(next(waits))

    StatusView(at(world.site, world.clock, sleep)).watch(out)
    return out.getvalue()


def test_a_terminal_is_drawn_again_until_it_is_over(world):
    """The whole view each time, with the rate since the last one."""

    def work(number: int) -> None:
        if number < 2:
            world.lane(0, LaneState.PENDING, counts=Counts(seen=50 * (number + 1)))
        else:
            finish(world)

    views = watched(world, Terminal(), work).split("\x1b[2J\x1b[H")[1:]

    assert 4 == len(views)
    assert "Items per second: 10 now" in views[1]
    assert "SUCCEEDED" in views[3]


def test_without_a_terminal_it_is_plain_lines(world):
    """One every half minute, and the last one at once."""

    def work(number: int) -> None:
        world.lane(0, LaneState.PENDING, counts=Counts(seen=number + 1))
        if number == 9:
            finish(world)

    lines = watched(world, io.StringIO(), work).splitlines()

    assert "\x1b" not in "".join(lines)
    seen = [re.search(r"([\d,]+) items seen", line)[1] for line in lines]
    assert ["0", "6", "40"] == seen


def test_an_outage_does_not_end_the_view(world):
    """It is told, and AWS is asked again."""

    def work(number: int) -> None:
        world.dynamodb.before = refuse if number == 0 else lambda name, arguments: None
        if number == 1:
            finish(world)

    def refuse(name: str, arguments: object) -> None:
        raise client_error("InternalServerError", "GetItem")

    said = watched(world, io.StringIO(), work)

    assert "AWS did not answer; trying again: " in said
    assert "4 of 4 segments done (100 %)" in said


def test_ctrl_c_ends_the_view_alone(world):
    """Whoever only looks changes nothing."""

    def work(number: int) -> None:
        raise KeyboardInterrupt

    assert watched(world, io.StringIO(), work).endswith("The migration continues.\n")
    assert Command.RUN is command_of(world)


# Steering


def test_pause_resume_and_retune(world, capsys, monkeypatch):
    """Each says what was done, by the user of the machine unless told otherwise."""
    monkeypatch.setattr(steering.getpass, "getuser", lambda: "eve")
    world.stepfunctions.map_run_counts = {"running": 4}

    assert 0 == main.main(["pause", MIGRATION])
    assert Command.HOLD is command_of(world)
    assert 0 == main.main(["resume", MIGRATION, "--as", "ann"])
    assert Command.RUN is command_of(world)
    arguments = ["--write-units-per-second", "50", "--max-concurrency", "2"]
    assert 0 == main.main(["retune", MIGRATION, *arguments])

    said = capsys.readouterr().out
    assert "write_units_per_second 400 -> 50, max_concurrency -> 2" in said
    told = [(event.what, event.by) for event in events(world.site.ledger, MIGRATION)]
    assert [("PAUSED", "eve"), ("RESUMED", "ann"), ("RETUNED", "eve")] == told[1:]


@pytest.mark.parametrize(("answer", "stopped"), [("yes", 1), ("no", 0), (None, 0)])
def test_a_stop_is_asked_for(world, capsys, monkeypatch, answer, stopped):
    """Unless --yes; nobody there to answer is a no."""

    def ask(question: str) -> str:
        if answer is None:
            raise EOFError
        return answer

    monkeypatch.setattr("builtins.input", ask)

    assert 0 == main.main(["stop", MIGRATION])

    assert stopped == len(world.stepfunctions.stopped)
    assert ("Nothing was stopped." in capsys.readouterr().out) is not bool(stopped)


@pytest.mark.parametrize("given", ["--yes", ""])
def test_forgetting_is_asked_for_and_refused_while_it_runs(world, capsys, monkeypatch, given):
    """An answer other than yes, or none at all, deletes nothing; nor does --yes of what runs."""
    monkeypatch.setattr("builtins.input", lambda _: "y")
    command = ["forget", MIGRATION, "--as", "ann", *filter(None, [given])]

    assert bool(given) == main.main(command)

    said = capsys.readouterr()
    assert "Nothing was deleted" in said.out + said.err
    assert None is world.site.ledger.erasure(MIGRATION)


def test_what_is_over_cannot_be_steered(world, capsys):
    """The message says how to go on, and the exit code is 1."""
    world.end()

    assert 1 == main.main(["stop", MIGRATION, "--yes"])
    assert "is over (FAILED)" in capsys.readouterr().err
    assert 1 == main.main(["retune", MIGRATION])
    assert "Nothing to retune" in capsys.readouterr().err
