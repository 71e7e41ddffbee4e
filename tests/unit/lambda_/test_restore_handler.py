"""The safety net's entry in Lambda."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.capacity.prewarm import prewarm
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.core.errors import RestoreError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.notes import EXPIRY, SAFETY_NET
from airflow_ddb_migrate.core.metrics import catalog
from ddb_restore import handler
from tests.support.embedded_metrics import embedded
from tests.support.factories import LEDGER, MIGRATION, TABLE, client_error, units
from tests.support.worlds.site_world import SiteWorld

PLENTY = SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000)
RULE = {"source": "aws.events", "detail-type": "Scheduled Event"}


@pytest.fixture
def world(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[SiteWorld]:
    """A raised table whose lease ran out long ago on the real clock."""
    world = SiteWorld(
        dynamodb,
        table_settings={
            "BillingMode": "PROVISIONED",
            "ProvisionedThroughput": {"ReadCapacityUnits": 50, "WriteCapacityUnits": 25},
        },
    )
    prewarm(world.site, units(1_000, 500), warm=False)
    monkeypatch.setenv("LEDGER_TABLE", LEDGER)
    monkeypatch.setattr(handler, "_clients", lambda: world.site.clients)
    yield world
    for name in (TABLE, LEDGER):
        dynamodb.delete_table(TableName=name)
    return world


def test_each_lease_that_owes_is_a_line_of_json(
    world: SiteWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the log and in the answer to whoever called by hand."""
    answer = handler.handle(RULE, PLENTY)

    (line,) = capsys.readouterr().out.splitlines()
    assert [json.loads(line)] == answer["findings"]
    assert (TABLE, MIGRATION, "RESTORED") == tuple(
        json.loads(line)[name] for name in ("table", "migration_id", "fate")
    )
    assert {"": (50, 25)} == world.provisioned()


def test_records_of_what_is_over_expire_once_a_day(
    world: SiteWorld, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After what is owed, so many days after the end; a failure of that fails nothing."""
    monkeypatch.setenv("RETENTION_DAYS", "30")
    handler.handle(RULE, PLENTY)
    world.start()
    for lane in range(4):
        world.lane(lane)
    world.end(1, ExecutionStatus.SUCCEEDED)
    tend(world.site)
    world.site.ledger.keep(EXPIRY, "0")
    capsys.readouterr()

    handler.handle(RULE, PLENTY)
    handler.handle(RULE, PLENTY)

    assert ['{"expire": 1}'] == capsys.readouterr().out.splitlines()

    world.site.ledger.keep(EXPIRY, "0")
    world.dynamodb.before = denied_scan_of_history
    handler.handle(RULE, PLENTY)
    assert "Access denied" in json.loads(capsys.readouterr().out)["why"]


def denied_scan_of_history(name: str, arguments: dict[str, Any]) -> None:
    if name == "scan" and ":history" in arguments.get("ExpressionAttributeValues", {}):
        raise client_error("AccessDeniedException", "Scan")


def test_nothing_owed_is_nothing_to_say(
    world: SiteWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    """As nearly always."""
    handler.handle(RULE, PLENTY)
    capsys.readouterr()

    assert {"findings": []} == handler.handle({}, PLENTY)
    assert "" == capsys.readouterr().out


def test_a_failure_fails_the_invocation_after_its_line(
    world: SiteWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that CloudWatch counts an error of the function."""
    world.dynamodb.before = lambda name, _: refuse_update(name)
    with pytest.raises(RestoreError, match=r"Table orders: .*LimitExceededException"):
        handler.handle(RULE, PLENTY)

    assert "FAILED" == json.loads(capsys.readouterr().out)["fate"]


@pytest.mark.parametrize(("metrics", "lines"), [("table", 1), ("migration", 1), ("off", 0)])
def test_what_is_still_owed_is_a_line_of_metrics(
    world: SiteWorld,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    metrics: str,
    lines: int,
) -> None:
    """Also where restoring failed: then above all."""
    monkeypatch.setenv("METRICS", metrics)
    world.dynamodb.before = lambda name, _: refuse_update(name)
    with pytest.raises(RestoreError):
        handler.handle(RULE, PLENTY)

    found = list(embedded(capsys.readouterr().out.splitlines()))
    assert lines == len(found)
    for line in found:
        assert (1, 0) == (line["TablesOwingCapacity"], line["MigrationsStalled"])
        assert line["CapacityOwedSeconds"] > 3_600


@pytest.mark.parametrize(("alarms", "lines"), [("on", 1), ("off", 0)])
def test_that_all_is_well_is_told_to_alarms_alone(
    world: SiteWorld,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    alarms: str,
    lines: int,
) -> None:
    """A metric is charged in each hour in which it is sent."""
    handler.handle(RULE, PLENTY)
    capsys.readouterr()
    monkeypatch.setenv("METRICS", "table")
    monkeypatch.setenv("ALARMS", alarms)

    handler.handle(RULE, PLENTY)

    found = list(embedded(capsys.readouterr().out.splitlines()))
    assert lines == len(found)
    for line in found:
        assert (0, 0, 0) == tuple(line[metric.name] for metric in catalog.SAFETY_NET)


def refuse_update(name: str) -> None:
    if name == "update_table":
        raise client_error("LimitExceededException", "UpdateTable")


def test_every_invocation_is_somebody_else(world: SiteWorld, again: Callable[[], str]) -> None:
    """Also a redelivered event, which has the same request id."""
    assert 2 == len({again(), again()})


@pytest.fixture
def again(world: SiteWorld) -> Callable[[], str]:
    """Raise and restore once more; return who did."""

    def run() -> str:
        prewarm(world.site, units(1_000, 500), warm=False)
        handler.handle(RULE, PLENTY)
        return str(json.loads(world.site.ledger.read_note(MIGRATION, SAFETY_NET))["by"])

    return run
