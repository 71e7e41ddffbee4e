"""The product on a real Airflow: a person is asked and answers; the story from look to undo."""

from typing import Any

import pytest
from airflow_ddb_migrate.core.names import part_name
from airflow_ddb_migrate.local import sample
from tests.support.waiting import await_that
from tests.support.worlds.airflow_site import AirflowSite

Items = dict[tuple[str, str], dict[str, Any]]

ITEMS = 1_500
SEGMENTS = 8
POLL_SECONDS = 0.5

SPEED = """
def transform(item, context):
    if "air_time" in item:
        item["speed"] = round(60 * int(item["distance"]) / int(item["air_time"]))
        item.pop("time_hour", None)
    return item
"""

CHOOSY = """
def transform(item, context):
    if item["carrier"] == "HA":
        raise ValueError("flights of this airline cannot be read")
    item["seen"] = True
    return item
"""

FIXED = """
def transform(item, context):
    item["seen"] = True
    return item
"""

GONE_ON = dict.fromkeys(("approve", "start", "eager", "report", "restore"), "success")
ENDED = {**GONE_ON, "start": "skipped", "eager": "skipped"}


@pytest.mark.parametrize(
    ("option", "answer", "states"),
    [("Approve", "approved", GONE_ON), ("Reject", "rejected", ENDED)],
)
def test_a_person_answers(airflow, option, answer, states):
    """Approve lets everything run; Reject skips all but report and teardown; the run is green."""
    run = airflow.trigger({}, "gated")
    question = run.question("approve")
    assert (f"Go on with {run.run_id}?", ["Approve", "Reject"]) == (
        question["subject"],
        question["options"],
    )
    run.answer("approve", option)
    assert ("success", states) == (run.finish(), run.tasks())
    result = run.result("approve")
    assert answer == result["answer"]
    assert result["by"]
    assert result["at"]


@pytest.mark.parametrize(
    ("conf", "answer", "states"),
    [
        ({"enabled": False}, "not asked", GONE_ON),
        ({"end_here": True}, "ended", ENDED),
        ({"response_timeout": 8}, "timed out", ENDED),
    ],
    ids=str,
)
def test_nobody_answers(airflow, conf, answer, states):
    """Who is not to be asked is not; silence is a rejection."""
    run = airflow.trigger(conf, "gated")
    assert ("success", states) == (run.finish(), run.tasks())
    assert {"answer": answer, "by": "", "at": ""} == run.result("approve")


def test_a_cleared_question_is_asked_again(airflow):
    """After a rejection a person may think again; what was skipped runs then."""
    run = airflow.trigger({}, "gated")
    run.answer("approve", "Reject")
    run.finish()
    run.clear("approve")
    run.answer("approve", "Approve")
    assert ("success", GONE_ON) == (run.finish(), run.tasks())


def test_clearing_a_task_below_does_not_get_past_a_rejection(airflow):
    """It is skipped again; only the rule all_done, which nothing that writes may have, runs."""
    run = airflow.trigger({}, "gated")
    run.answer("approve", "Reject")
    run.finish()
    run.clear("start")
    assert ("success", {**ENDED, "eager": "success"}) == (run.finish(), run.tasks())


def test_look_ask_migrate_verify_and_go_back(airflow: AirflowSite) -> None:
    """A dry run is shown and approved by REST; the undo leaves the table as it was."""
    airflow.deploy(speed=SPEED)
    before = loaded(airflow, "flights")
    changing = sum("air_time" in item for item in before.values())
    conf = {"table": "flights", "segments": SEGMENTS, "transform": "speed", "prewarm": True}
    asks = {"dry_run": True, "approve": True, "canary_lanes": 1, "canary_approve": True}
    run = airflow.trigger({**conf, **asks})
    question = run.question("approve")["body"]
    looked = items(airflow, "flights")
    run.answer("approve", "Approve")
    canary = run.question("go")["body"]
    tried = items(airflow, "flights")
    run.answer("go", "Approve")
    state = run.finish()
    after = items(airflow, "flights")
    report = run.result("report")

    assert before == looked
    assert f"{changing:,}" in question
    assert "speed" in question
    assert "time_hour" in question
    assert "clean" in canary
    assert 0 < sum("speed" in item for item in tried.values()) < changing
    assert ("success", {"success"}) == (state, set(run.tasks().values()))
    assert before.keys() == after.keys()
    assert changing == sum("speed" in item for item in after.values())
    assert (ITEMS, changing) == (report["counts"]["seen"], report["counts"]["changed"])
    assert 0 == run.result("verify")["would_change"]
    assert (sample.READ_UNITS, sample.WRITE_UNITS) == units(airflow, "flights")
    _await_runs(airflow, "after_flights", 1)
    _await_runs(airflow, "after_any", 1)

    undo = airflow.trigger({"migration_id": report["migration_id"]}, "ddb_migration_undo")

    assert "success" == undo.finish()
    assert before == items(airflow, "flights")
    assert changing == undo.result("undo")["counts"]["changed"]
    _await_runs(airflow, "after_flights", 2)
    events = airflow.airflow.call("GET", "assets/events?limit=100")["asset_events"]
    ours = {e["source_run_id"]: e["extra"] for e in events if e["extra"]["table"] == "flights"}
    assert {run.run_id: "MIGRATE", undo.run_id: "UNDO"} == {n: e["mode"] for n, e in ours.items()}
    assert report["counts"] == ours[run.run_id]["counts"]


def test_set_aside_mend_and_replay(airflow: AirflowSite) -> None:
    """What a transform cannot change is set aside; fixed and deployed, a replay changes it."""
    airflow.deploy(choosy=CHOOSY)
    before = loaded(airflow, "delays")
    bad = {key for key, item in before.items() if item["carrier"]["S"] == "HA"}
    run = airflow.trigger(
        {"table": "delays", "segments": SEGMENTS, "transform": "choosy", "prewarm": True}
    )
    state = run.finish()
    site = run.migration("delays")
    aside = {_key(row["key"]) for row in airflow.chain.objects(site, "quarantine/")}

    assert bad
    assert "success" == state
    assert bad == aside
    assert bad == _unseen(airflow)

    airflow.deploy(choosy=FIXED)
    replay = airflow.trigger({"migration_id": site.migration_id}, "ddb_migration_replay")
    state = replay.finish()
    result = replay.result("replay")

    assert "success" == state
    assert (len(bad), len(bad), 0) == (
        result["counts"]["seen"],
        result["counts"]["changed"],
        result["counts"]["quarantined"],
    )
    assert set() == _unseen(airflow)
    assert [] == airflow.chain.objects(site.named(result["migration_id"]), "quarantine/")


def test_rejected(airflow: AirflowSite) -> None:
    """Nothing was touched, the run says so, and it is no failure."""
    before = loaded(airflow, "kept", 50)
    run = airflow.trigger({"table": "kept", "approve": True, "prewarm": True, "dry_run": True})
    run.answer("approve", "Reject")
    state = run.finish()
    tasks = run.tasks()
    site = run.migration("kept")

    assert ("success", "skipped", "skipped", "success", "success") == (
        state,
        tasks["prewarm"],
        tasks["start"],
        tasks["report"],
        tasks["restore"],
    )
    assert "rejected" == run.result("approve")["answer"]
    assert "PLANNED" == run.result("report")["status"]
    assert before == items(airflow, "kept")
    assert (sample.READ_UNITS, sample.WRITE_UNITS) == units(airflow, "kept")
    assert site.ledger.migration(site.migration_id) is None
    assert site.ledger.migration(part_name(site.migration_id, "dry"))


def _await_runs(airflow: AirflowSite, dag_id: str, number: int) -> None:
    """Wait until a DAG has run so often since a table was migrated, or oftener."""
    await_that(
        lambda: _runs(airflow, dag_id).count("success") >= number,
        lambda: f"{number} runs of {dag_id}; {_runs(airflow, dag_id)}",
        poll_seconds=POLL_SECONDS,
    )


def _runs(airflow: AirflowSite, dag_id: str) -> list[str]:
    """Return the states of the runs that assets have triggered."""
    runs = airflow.airflow.call("GET", f"dags/{dag_id}/dagRuns")["dag_runs"]
    return [run["state"] for run in runs if run["run_type"] == "asset_triggered"]


def loaded(airflow: AirflowSite, table: str, number: int = ITEMS) -> Items:
    """Make a table of real flights; return what is in it."""
    dynamodb = airflow.chain.clients.dynamodb
    sample.create_table(dynamodb, table)
    sample.load_sample(dynamodb, number, table)
    return items(airflow, table)


def items(airflow: AirflowSite, table: str) -> Items:
    pages = airflow.chain.clients.dynamodb.get_paginator("scan").paginate(TableName=table)
    return {_key(item): item for page in pages for item in page["Items"]}


def units(airflow: AirflowSite, table: str) -> tuple[int, int]:
    """Return the table's read and write units."""
    answer = airflow.chain.clients.dynamodb.describe_table(TableName=table)["Table"]
    throughput = answer["ProvisionedThroughput"]
    return throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]


def _key(item: dict[str, Any]) -> tuple[str, str]:
    return item["carrier_flight"]["S"], item["time_hour_origin"]["S"]


def _unseen(airflow: AirflowSite) -> set[tuple[str, str]]:
    return {key for key, item in items(airflow, "delays").items() if "seen" not in item}
