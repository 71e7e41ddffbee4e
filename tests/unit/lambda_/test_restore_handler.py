"""The safety net's entry in Lambda."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.capacity.prewarm import prewarm
from airflow_ddb_migrate.core.errors import RestoreError
from airflow_ddb_migrate.core.ledger.notes import SAFETY_NET
from ddb_restore import handler
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

    def refuse(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_table":
            raise client_error("LimitExceededException", "UpdateTable")

    world.dynamodb.before = refuse
    with pytest.raises(RestoreError, match=r"Table orders: .*LimitExceededException"):
        handler.handle(RULE, PLENTY)

    assert "FAILED" == json.loads(capsys.readouterr().out)["fate"]


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
