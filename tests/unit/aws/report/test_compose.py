"""The report: whatever happened to a migration, it says what, where, and what to do about it."""

import json
from typing import Any

import pytest
from airflow_ddb_migrate.aws.execution.steering.stop import stop
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.ledger.notes import note_capacity
from airflow_ddb_migrate.aws.preflight.backup_gate import ensure_backup
from airflow_ddb_migrate.aws.report.compose import compose, keep
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.notes import PLAN, REPORT
from airflow_ddb_migrate.core.ledger.records import LaneState
from airflow_ddb_migrate.core.ledger.throttles import Throttles
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.plan.prices import prices_for
from airflow_ddb_migrate.core.report.migration_report import Report, failure
from airflow_ddb_migrate.core.report.page import report_markdown
from tests.support import plans
from tests.support.factories import MIGRATION, TABLE, client_error, snapshot
from tests.support.worlds.site_world import OTHER, SiteWorld, arn_of

COUNTS = Counts(seen=1_000_000, changed=999_990, quarantined=10)
PLANNED = {
    "table_name": TABLE,
    "transform": "add_updated_at",
    "total_segments": 4,
    "cost_usd": {"writes": 3.0, "undo_log": 0.5},
    "seconds": {"low": 50, "expected": 80, "high": 120},
}


def report_of(world: SiteWorld, migration_id: str = MIGRATION) -> Report:
    return compose(world.site_for(migration_id))


def finish(world: SiteWorld, *, lanes: range = range(4), attempt: int = 1, **fields: Any) -> None:
    known: dict[str, Any] = {
        "counts": COUNTS,
        "units": Units(500_000, 1_000_000),
        "worked_seconds": 3_600.0,
    }
    for lane in lanes:
        world.lane(lane, attempt=attempt, **{**known, **fields})
    world.clock.advance(100)
    world.end(attempt, ExecutionStatus.SUCCEEDED)
    tend(world.site)


def succeeded(world: SiteWorld, **fields: Any) -> Report:
    world.start()
    finish(world, **fields)
    return report_of(world)


def test_the_figures_of_a_success(world: SiteWorld) -> None:
    """What, by whom, when, how long, in how many attempts, and that it adds up."""
    report = succeeded(world)

    assert ("SUCCEEDED", "MIGRATE", TABLE, "tests", "2023-11-14T22:13:20.000Z", 100.0, 1) == (
        report["status"],
        report["mode"],
        report["table"],
        report["started_by"],
        report["started_at"],
        report["seconds"],
        report["attempts"],
    )
    assert {"seen": 4_000_000, "changed": 3_999_960, "quarantined": 40}.items() <= (
        report["counts"].items()
    )
    assert "Every one of 4,000,000 items seen is accounted for." == report["counts_words"]
    assert "" == failure(report, {})


def test_what_slowed_it_down_is_told(world: SiteWorld) -> None:
    """Throttles by reason and conflicts; a report of before they were counted has none."""
    reason = "IndexWriteProvisionedThroughputExceeded by_origin"
    report = succeeded(world, throttles=Throttles({reason: 5}), conflicts=1)

    assert ({reason: 4 * 5}, 4) == (report["throttles"], report["conflicts"])
    words = "Throttled 20 writes: index by_origin (provisioned capacity) 20; 4 items transformed"
    assert words in report_markdown(report)
    older: Any = {name: value for name, value in report.items() if name != "trouble"}
    assert "Throttled" not in report_markdown(older)


def test_counts_that_do_not_add_up_are_told(world: SiteWorld) -> None:
    """An item that is not accounted for is worse than a failure."""
    report = succeeded(world, counts=Counts(seen=10, changed=8))

    assert report["counts_words"].startswith(
        "The counts do not add up: 40 items were seen and 32 are accounted for."
    )


def test_every_attempt_is_listed(world: SiteWorld) -> None:
    """How each ended; the time is from the first start to the last end."""
    world.start()
    finish_nothing(world)
    world.start()
    finish(world, attempt=2)

    report = report_of(world)

    assert [(1, "FAILED", 4), (2, "SUCCEEDED", 4)] == [
        (one["number"], one["result"], one["segments"]) for one in report["tries"]
    ]
    assert 200.0 == report["seconds"]
    assert " s. Attempts 1 FAILED, 2 SUCCEEDED." in report_markdown(report)


def finish_nothing(world: SiteWorld) -> None:
    world.clock.advance(100)
    world.end()
    tend(world.site)


def test_what_it_cost_stands_beside_what_was_planned(world: SiteWorld) -> None:
    """By part, on what DynamoDB reported and how long workers worked; what is not known is -."""
    world.site.ledger.note(MIGRATION, PLAN, json.dumps(PLANNED))

    report = succeeded(world)

    cost = report["cost"]
    assert {"writes": 2.5, "reads": 0.25, "lambda": 0.33, "step_functions": 0.0} == {
        name: round(dollars, 2) for name, dollars in cost["measured"].items()
    }
    assert (3.5, 80.0, 3.08) == (
        cost["planned_total"],
        cost["planned_seconds"],
        round(cost["measured_total"], 2),
    )
    page = report_markdown(report)
    for line in (
        "| cost | planned | measured |",
        "| writes | $3.00 | $2.50 |",
        "| undo log | $0.50 | - |",
        "| Step Functions | - | $0.00030 |",
        "| total | $3.50 | $3.08 |",
        "| time | 80 s | 100 s |",
    ):
        assert f"{line}\n" in page
    assert "us-east-1" in page


def test_own_prices_hold_for_the_measure_too(world: SiteWorld) -> None:
    """Or plan and measure could not be compared."""
    plan = plans.plan(
        plans.facts(),
        prices=prices_for("us-east-1").overridden({"write_request_million": 6.25}),
    )
    world.site.ledger.note(MIGRATION, PLAN, plan.to_json())

    cost = succeeded(world)["cost"]

    assert 25.0 == cost["measured"]["writes"]
    assert plan.cost_usd.keys() == cost["planned"].keys()
    assert cost["measured"].keys() <= cost["planned"].keys()
    assert round(plan.seconds.expected) == cost["planned_seconds"]
    assert "Given for this run: write_request_million" in cost["prices"]


def test_requests_to_a_provisioned_table_cost_nothing_more(world: SiteWorld) -> None:
    """Its capacity is paid anyway; what it was while the migration ran counts."""
    note_capacity(world.site.ledger, MIGRATION, "during", snapshot())

    measured = succeeded(world)["cost"]["measured"]

    assert (0, 0) == (measured["writes"], measured["reads"])
    assert measured["lambda"] > 0


def test_the_history_keeps_what_it_cost(world: SiteWorld) -> None:
    """So that a list of migrations shows it."""
    from airflow_ddb_migrate.aws.ledger.history import list_history

    report = succeeded(world)

    (row,) = list_history(world.site.ledger, world.site.table.key.arn)
    assert round(report["cost"]["measured_total"], 6) == round(row.dollars, 6)


@pytest.mark.parametrize(
    ("plan", "status", "reason"),
    [
        (PLANNED, "PLANNED", "It was only planned: no item was changed."),
        (None, "NOT_STARTED", "It was never started: no item was changed."),
    ],
    ids=["planned", "not even that"],
)
def test_what_was_never_started_has_a_report(
    world: SiteWorld, plan: dict[str, Any] | None, status: str, reason: str
) -> None:
    """With what there is all the same: the plan, its dry run, its backup. It is no failure."""
    if plan:
        world.site.ledger.note(MIGRATION, PLAN, json.dumps(plan))
    ensure_backup(world.site, "skip")
    world.start(world.site_for(f"{MIGRATION}-dry"), mode=Mode.DRY_RUN, of=MIGRATION)

    report = report_of(world)

    assert (status, reason, TABLE) == (report["status"], report["reason"], report["table"])
    assert [f"{MIGRATION}-dry"] == [part["migration_id"] for part in report["parts"]]
    assert report["backup"] is not None
    assert "" == failure(report, {})
    assert reason in report_markdown(report)
    assert "items seen, 0 would change" in report_markdown(report)


def test_a_canary_is_no_success(world: SiteWorld) -> None:
    """It says how much is left; by itself it is no failure: a person stopped there."""
    world.start(sample_lanes=1)
    (lane,) = world.site.ledger.latest_attempt(MIGRATION).scope  # type: ignore[union-attr]
    finish(world, lanes=range(lane, lane + 1))

    report = report_of(world)

    assert ("CANARY", 3, [True]) == (
        report["status"],
        report["left"],
        [one["canary"] for one in report["tries"]],
    )
    assert "3 of 4 segments were not begun." in report["reason"]
    assert " s. Attempt 1 (canary) SUCCEEDED." in report_markdown(report)
    assert "" == failure(report, {})


def test_a_failure_is_one(world: SiteWorld) -> None:
    """With the reason that the sensor gave."""
    world.start()
    world.lane(0, LaneState.FAILED, error="AccessDenied", cause="no permission")
    finish_nothing(world)

    why = failure(report_of(world), {})

    assert why.startswith(f"Migration {MIGRATION} failed (FAILED). 4 of 4 segments are unfinished")
    assert "AccessDenied" in why


def test_what_still_runs_is_not_finished(world: SiteWorld) -> None:
    """As after a wait that was ended without stopping it."""
    world.start()

    assert failure(report_of(world), {}).startswith(
        f"Migration {MIGRATION} is not finished (RUNNING). "
    )


def test_failed_tasks_are_a_failure_whatever_the_migration_did(world: SiteWorld) -> None:
    """Both are told."""
    report = succeeded(world)

    assert "Tasks of this run failed: start (upstream_failed), wait (failed). See their logs." == (
        failure(report, {"wait": "failed", "start": "upstream_failed"})
    )


def test_what_belongs_to_it_is_in_it(world: SiteWorld) -> None:
    """The check by its name, replays and undos by the history of the table."""
    succeeded(world)
    check = world.site_for(f"{MIGRATION}-verify")
    world.start(check, mode=Mode.VERIFY, of=MIGRATION)
    world.end(1, ExecutionStatus.SUCCEEDED)
    world.site.bucket.put("quarantine/000001/1", [{"key": {}}])
    replay, undo = world.site_for(OTHER), world.site_for(f"{OTHER}-u")
    world.start(replay, mode=Mode.REPLAY, of=MIGRATION)
    stop(replay, reason="a test")
    tend(replay)
    world.start(undo, mode=Mode.UNDO, of=MIGRATION)

    report = report_of(world)

    assert [("VERIFY", "NOT ENDED")] == [(p["mode"], p["status"]) for p in report["parts"]]
    assert [(OTHER, "STOPPED", "tests")] == [
        (p["migration_id"], p["status"], p["started_by"]) for p in report["quarantine"]["replays"]
    ]
    assert [f"{OTHER}-u"] == [p["migration_id"] for p in report["undo"]["undos"]]
    page = report_markdown(report)
    assert f"- REPLAY {OTHER}: STOPPED" in page
    assert f"- UNDO {OTHER}-u: NOT ENDED" in page


def test_quarantine_says_where_and_what_to_do(world: SiteWorld) -> None:
    """The items are named in the bucket alone."""
    quarantine = succeeded(world)["quarantine"]

    assert (40, f"s3://bucket/migrations/{MIGRATION}/quarantine/") == (
        quarantine["count"],
        quarantine["where"],
    )
    assert (
        f'trigger the DAG ddb_migration_replay with {{"migration_id": "{MIGRATION}"}} '
        "(ReplayQuarantineOperator)"
    ) in quarantine["replay"]


def test_undo_says_how(world: SiteWorld) -> None:
    """Where something was changed."""
    how = f'trigger the DAG ddb_migration_undo with {{"migration_id": "{MIGRATION}"}}'

    assert succeeded(world)["undo"]["how"].startswith(how)


def test_nothing_changed_is_nothing_to_undo(world: SiteWorld) -> None:
    """Nor is what only looked."""
    report = succeeded(world, counts=Counts(seen=1, unchanged=1))

    assert ("", 0, "", "") == (
        report["undo"]["how"],
        report["quarantine"]["count"],
        report["quarantine"]["where"],
        report["quarantine"]["replay"],
    )


def test_the_backup_is_in_it(world: SiteWorld) -> None:
    """With the command that restores it; without the gate it says that."""
    assert "the backup gate did not run" in report_markdown(succeeded(world))

    found = ensure_backup(world.site, "auto")

    page = report_markdown(report_of(world))
    assert f"`{found.restore}`" in page
    assert "It was made after the migration had begun." in page


def test_links(world: SiteWorld) -> None:
    """Execution, map run, bucket, logs."""
    world.stepfunctions.map_run_counts = {"succeeded": 4}

    links = succeeded(world)["links"]

    assert links["execution"].startswith(
        "https://console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/details/arn%3A"
    )
    assert (arn_of(1), f"s3://bucket/migrations/{MIGRATION}/") == (
        links["map_run_arn"],
        links["bucket"],
    )
    assert links["log_group"] in report_markdown(report_of(world))


def test_a_link_that_may_not_be_asked_for_is_unknown(
    world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mere nicety fails no report."""
    world.start()

    def refuse(*_: Any, **__: Any) -> None:
        raise client_error("AccessDeniedException", "ListMapRuns")

    monkeypatch.setattr(type(world.stepfunctions), "list_map_runs", refuse)

    assert report_of(world)["links"]["map_run_arn"].startswith("unknown: Access denied")


def test_it_is_kept(world: SiteWorld) -> None:
    """In the ledger, and in the bucket as a person can read it."""
    report = succeeded(world)

    assert "" == keep(world.site, report)
    body = world.s3.objects["bucket", f"migrations/{MIGRATION}/report.json"]
    assert report == json.loads(body) == json.loads(world.site.ledger.read_note(MIGRATION, REPORT))


def test_a_bucket_that_may_not_be_written_to_fails_nothing(world: SiteWorld) -> None:
    """It is in the ledger all the same."""
    report = succeeded(world)

    def refuse(name: str, _: dict[str, Any]) -> None:
        raise client_error("AccessDenied", name)

    world.s3.before = refuse

    assert keep(world.site, report).startswith(
        "It is in the ledger, but not in the bucket: Access denied: s3:PutObject on bucket bucket"
    )
    assert world.site.ledger.read_note(MIGRATION, REPORT)
