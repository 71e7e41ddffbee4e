"""A worker's metrics: lines of its log."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.core.ledger.records import Command
from airflow_ddb_migrate.core.ledger.throttles import WHYS
from airflow_ddb_migrate.core.limits import METRIC_SECONDS
from airflow_ddb_migrate.core.metrics import catalog
from airflow_ddb_migrate.core.metrics.catalog import Detail, Metric
from airflow_ddb_migrate.core.mode import Mode
from ddb_transform import handler
from ddb_transform.meter import Meter
from ddb_transform.worker import Worker
from tests.support.embedded_metrics import checked, embedded
from tests.support.factories import client_error
from tests.support.worlds.migration_world import MigrationWorld


def metered(
    world: MigrationWorld, worker: Worker, detail: Detail = Detail.MIGRATION
) -> list[dict[str, Any]]:
    """Work a slice; return its lines, each of them checked."""
    lines: list[str] = []
    pacer = worker.guard.pacers.write
    worker.meter = Meter(
        detail, "ddb-migrate", world.record, world.attempt, lambda: pacer.share, lines.append
    )
    worker.run()
    return [checked(line) for line in lines]


def test_a_slice_is_one_line(world: Callable[..., MigrationWorld]) -> None:
    """With what it has counted."""
    made = world()
    made.put_many(30)

    (line,) = metered(made, made.worker())

    counts = made.row().counts
    assert (30, 30, 0) == (line["ItemsSeen"], line["ItemsChanged"], line["ItemsQuarantined"])
    assert 30 == counts.seen
    assert made.row().units.written == line["WriteUnits"]
    assert ("MIGRATE", 1, 0, "DONE") == tuple(
        line[name] for name in ("mode", "attempt", "lane", "state")
    )
    assert ("ddb-migrate", made.table_name, made.record.migration_id) == tuple(
        line[name] for name in ("Stack", "Table", "Migration")
    )


@pytest.mark.usefixtures("small_pages")
def test_a_long_slice_is_a_line_a_minute(world: Callable[..., MigrationWorld]) -> None:
    """Whose sums are the lane's counts: nothing is told twice."""
    made = world()
    made.put_many(40)

    def pass_time(name: str, arguments: dict[str, Any]) -> None:
        if name == "scan" and "ExclusiveStartKey" in arguments:
            made.clock.advance(METRIC_SECONDS / 2)

    made.dynamodb.before = pass_time

    lines = metered(made, made.worker())

    assert 1 < len(lines) <= 4
    assert 40 == sum(line["ItemsSeen"] for line in lines) == made.row().counts.seen
    assert made.row().worked_seconds == sum(line["SliceSeconds"] for line in lines)


@pytest.mark.usefixtures("small_pages")
def test_a_slice_tells_of_itself_alone(world: Callable[..., MigrationWorld]) -> None:
    """Not of the lane's slices before."""
    made = world()
    made.put_many(20)
    (first,) = metered(made, made.worker(out_of_time=lambda: made.row().counts.seen > 0))
    (second,) = metered(made, made.worker())

    assert [10, 10] == [line["ItemsSeen"] for line in (first, second)]
    assert ["PENDING", "DONE"] == [line["state"] for line in (first, second)]


def test_a_child_that_is_held_tells_nothing(world: Callable[..., MigrationWorld]) -> None:
    """It has no lane; thousands of them look every two minutes."""
    made = world()
    made.command(Command.HOLD)

    assert [] == metered(made, made.worker())


def test_off_is_off(world: Callable[..., MigrationWorld]) -> None:
    """Not a line without dimensions, which would be a metric of all stacks of the account."""
    made = world()
    made.put_many(1)

    assert [] == metered(made, made.worker(), Detail.OFF)


def test_by_table_the_migration_is_no_dimension(world: Callable[..., MigrationWorld]) -> None:
    """But the log can be searched for it."""
    made = world()
    (line,) = metered(made, made.worker(), Detail.TABLE)

    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert [["Stack"], ["Stack", "Table"]] == directive["Dimensions"]
    assert made.record.migration_id == line["Migration"]


def test_no_value_and_no_key_is_in_it(world: Callable[..., MigrationWorld]) -> None:
    """Also where items are quarantined, with their key."""

    def refuse(item: Any, context: Any) -> Any:
        raise ValueError(f"a value nobody may see: {item['secret']}")

    made = world(
        transform=refuse, options={"max_quarantined": 10, "max_quarantined_percentage": 100}
    )
    made.put({"id": {"S": "customer-4711"}, "secret": {"S": "hunter2"}})

    (line,) = metered(made, made.worker())

    assert 1 == line["ItemsQuarantined"]
    assert not any(text in json.dumps(line) for text in ("customer-4711", "hunter2", "nobody"))


def test_a_dry_run_changes_nothing(world: Callable[..., MigrationWorld]) -> None:
    """What it would change is in its report."""
    made = world()
    made.put_many(3)
    made.follow_with(Mode.DRY_RUN)

    (line,) = metered(made, made.worker())

    assert (3, "DRY_RUN") == (line["ItemsSeen"], line["mode"])
    assert "ItemsChanged" not in line


@pytest.mark.parametrize("metric", catalog.THROTTLES_BY_REASON, ids=lambda metric: metric.name)
def test_each_reason_of_a_throttle_is_a_metric(
    world: Callable[..., MigrationWorld], metric: Metric
) -> None:
    """Of the table and of an index alike; which index it was is in the log."""
    made = world()
    made.put_many(5)
    left = iter(range(2))
    reason = f"IndexWrite{metric.name}" if metric.name in WHYS else ""
    rows = [{"reason": reason, "resource": f"{made.record.table_arn}/index/by_origin"}]

    def refuse(name: str, arguments: dict[str, Any]) -> None:
        is_write = name == "update_item" and arguments["TableName"] == made.table_name
        if is_write and next(left, None) is not None:
            code = "ProvisionedThroughputExceededException"
            raise client_error(code, name, **({"ThrottlingReasons": rows} if reason else {}))

    made.dynamodb.before = refuse

    (line,) = metered(made, made.worker())

    sent = {each.name for each in catalog.THROTTLES_BY_REASON} & line.keys()
    assert ({metric.name}, 2, 2) == (sent, line[metric.name], line["Throttles"])
    named = f"{reason} by_origin" if reason else "Write"
    assert {named: 2} == line["throttle_reasons"]


@pytest.mark.parametrize(("metrics", "lines"), [(None, 0), ("off", 0), ("table", 1)])
def test_metrics_are_what_the_stack_was_deployed_with(
    world: Callable[..., MigrationWorld],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    metrics: str | None,
    lines: int,
) -> None:
    """None where it says nothing of them, as a stack of an older version."""
    made = world()
    made.put_many(3)
    monkeypatch.setenv("LEDGER_TABLE", "ddb-migrate-ledger")
    monkeypatch.delenv("METRICS", raising=False)
    if metrics:
        monkeypatch.setenv("METRICS", metrics)
    worker = made.worker()
    worker.meter = handler._meter(made.record, made.attempt, worker.guard.pacers.write)

    worker.run()

    assert lines == len([*embedded(capsys.readouterr().out.splitlines())])
    assert Detail.OFF == handler._NO_METRICS
