"""Text that would rewrite a terminal, a log or a page: harmless wherever it comes in or out."""

import io
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.cli import main
from airflow_ddb_migrate.cli.status import StatusView
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.execution.conf import require_known_fields
from airflow_ddb_migrate.core.execution.on_kill import on_kill_of
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.owners import require_own, run_of, started_by
from airflow_ddb_migrate.core.ledger.records import LaneState
from airflow_ddb_migrate.core.names import validate_migration_id, validate_table_name
from airflow_ddb_migrate.core.validation import (
    validate_count,
    validate_params,
    validate_switch,
    validate_text,
)
from airflow_ddb_migrate.operators.base.task import task_error
from tests.support.engines.fakes import FakeCloudFormation
from tests.support.factories import LEDGER, MIGRATION, at
from tests.support.worlds.migration_world import moto_dynamodb
from tests.support.worlds.site_world import SiteWorld
from tests.unit.cli.test_views import OUTPUTS

HOSTILE = "\x1b[2J\x1b]0;title\x07\x9b31m\u202eevil\u2066\u200b\r\x00\x7f\x08\u2028[INFO] SUCCEEDED"


def is_harmless(text: str) -> bool:
    """Return whether every line of it is printable."""
    return all(line.isprintable() for line in text.removesuffix("\n").split("\n"))


def test_this_text_is_hostile() -> None:
    assert not is_harmless(HOSTILE)
    assert not any(is_harmless(character) for character in "\x1b\x07\x9b\u202e\u2066\u200b\r\x00")


@pytest.mark.parametrize(
    "check",
    [
        validate_migration_id,
        validate_table_name,
        on_kill_of,
        lambda text: validate_count("segments", text),
        lambda text: validate_switch("verify", text),
        validate_params,
        lambda text: validate_text("transform", text * 10),
        lambda text: require_known_fields({text: 1}, declared=["table"], ours=["table"]),
        lambda text: require_own("m", text, dag_id="d"),
    ],
)
def test_what_is_refused_is_named_harmlessly(check: Callable[[str], Any]) -> None:
    """Values and names of the configuration, ids, tables: in the message of the task that fails."""
    with pytest.raises((InvalidInputError, ValueError)) as refused:
        check(HOSTILE)

    assert is_harmless(str(task_error(str(refused.value), retryable=False)))


def test_a_dag_run_is_named_harmlessly() -> None:
    """Who triggers one may give its id."""
    name = started_by("d", HOSTILE)

    assert is_harmless(name)
    assert "d" == run_of(name)[0]
    assert "DAG d, run manual__é" == started_by("d", "manual__é")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[SiteWorld]:
    """A migration whose records say something hostile wherever the ledger has a text."""
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
        }
        monkeypatch.setattr(main, "_clients", lambda _: Clients(clients.__getitem__))
        world.start()
        world.lane(0, LaneState.FAILED, counts=Counts(seen=1, quarantined=1), cause="x", error="e")
        main.main(["pause", MIGRATION, "--as", "ann", "--reason", "lunch"])
        _make_hostile(world)
        yield world


_TEXTS = (
    *("transform", "params", "started_by", "started_at_iso", "reason", "by", "words", "caller"),
    *("error", "cause", "result", "transform_hash"),
)


def _make_hostile(world: SiteWorld) -> None:
    """Write over texts whatever wrote them: an older version, another program, a person."""
    touched = set()
    for item in world.dynamodb.scan(TableName=LEDGER)["Items"]:
        for name in _TEXTS:
            if "S" in item.get(name, {}):
                text = json.dumps(HOSTILE, ensure_ascii=False) if name == "params" else HOSTILE
                item[name] = {"S": text}
                touched.add(name)
        world.dynamodb.put_item(TableName=LEDGER, Item=item)
    assert {"transform", "started_by", "by", "words", "error", "cause"} <= touched


@pytest.mark.parametrize(
    "command",
    [
        ["status", MIGRATION],
        ["status", MIGRATION, "--json"],
        ["report", MIGRATION],
        ["report", MIGRATION, "--json"],
        ["history", "--table", "orders"],
        ["pause", MIGRATION, "--as", HOSTILE, "--reason", HOSTILE],
        ["retune", MIGRATION, "--max-concurrency", "3", "--as", HOSTILE],
        ["resume", MIGRATION, "--as", HOSTILE],
        ["stop", MIGRATION, "--yes", "--as", HOSTILE, "--reason", HOSTILE],
        ["status", HOSTILE],
        ["history", "--table", HOSTILE],
        ["status", MIGRATION, "--stack-name", HOSTILE],
    ],
)
def test_no_command_prints_it(
    world: SiteWorld, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """Whatever the ledger says, and whatever was given."""
    capsys.readouterr()

    main.main(command)

    said = capsys.readouterr()
    assert said.out + said.err
    assert is_harmless(said.out), said.out
    assert is_harmless(said.err), said.err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_live_view_sends_its_own_sequence_alone(world: SiteWorld) -> None:
    """It clears the screen, and nothing else does."""
    world.end(1, ExecutionStatus.FAILED)
    screen = Terminal()

    StatusView(at(world.site, time.time())).watch(screen)

    assert screen.getvalue().startswith("\x1b[2J\x1b[H")
    assert is_harmless(screen.getvalue().replace("\x1b[2J\x1b[H", ""))
