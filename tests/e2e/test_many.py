"""Three tables in one run of a real Airflow, of which one fails."""

import os
from typing import Any

from airflow_ddb_migrate.local import sample
from tests.browser.browser import require_browser
from tests.browser.cdp import browser
from tests.browser.page import person
from tests.e2e import ui
from tests.support.worlds.airflow_site import ADMIN, AirflowSite, DagRun

TABLES = ["jan", "feb", "mar"]
ITEMS = 300

PARTLY = """
def transform(item, context):
    if item["carrier"] == context.params.get("not"):
        raise ValueError("flights of this airline cannot be read")
    item["seen"] = True
    return item
"""


def test_one_table_fails_and_the_others_are_migrated(airflow: AirflowSite) -> None:
    """One approval over all; the run is red, each table is restored, two are migrated."""
    airflow.deploy(partly=PARTLY)
    for name in TABLES:
        sample.create_table(airflow.chain.clients.dynamodb, name)
        sample.load_sample(airflow.chain.clients.dynamodb, ITEMS, name)
    bad = {"table": "feb", "params": {"not": "UA"}}
    run = airflow.trigger(
        {
            "tables": ["jan", bad, "mar"],
            "transform": "partly",
            "segments": 4,
            "max_quarantined": 0,
            "max_quarantined_percentage": 0,
            "max_parallel_tables": 2,
            "prewarm": True,
            "approve": True,
            "verify": False,
        },
        "ddb_migration_many",
    )
    question = run.question("approve")["body"]
    assert [0, 0, 0] == [seen(airflow, name) for name in TABLES]
    run.answer("approve", "Approve")

    assert "failed" == run.finish()
    assert all(name in question for name in TABLES)
    assert [ITEMS, ITEMS] == [seen(airflow, name) for name in ("jan", "mar")]
    assert seen(airflow, "feb") < ITEMS
    assert {(sample.READ_UNITS, sample.WRITE_UNITS)} == {units(airflow, n) for n in TABLES}
    assert "failed" == run.tasks()["summary"]
    events = airflow.airflow.call("GET", "assets/events?limit=100")["asset_events"]
    migrated = {e["extra"]["table"] for e in events if e["source_run_id"] == run.run_id}
    assert {"jan", "mar"} == migrated
    found = instances(run)
    assert {"jan": "success", "feb": "failed", "mar": "success"} == found["table.wait"]
    assert {"jan": "success", "feb": "success", "mar": "success"} == found["table.restore"]
    if "SCREENSHOTS" in os.environ:
        _take_picture(airflow, run)


def _take_picture(airflow: AirflowSite, run: DagRun) -> None:
    """Show the instances of the task that failed for one table."""
    require_browser()
    with browser() as connection, person(connection) as page:
        ui.sign_in(page, airflow, ADMIN)
        path = f"{airflow.airflow.url}/dags/ddb_migration_many/runs/{run.run_id}"
        page.open(f"{path}/tasks/table.wait/mapped")
        page.until("doc.body.innerText.includes('feb') && doc.body.innerText.includes('mar')")
        ui.shot(page, "many")


def test_a_rejection_touches_no_table(airflow: AirflowSite) -> None:
    """Also where the tasks below are not mapped yet."""
    run = airflow.trigger(
        {"tables": TABLES, "segments": 2, "approve": True, "prewarm": True}, "ddb_migration_many"
    )
    run.question("approve")
    run.answer("approve", "Reject")

    run.finish()
    assert {"skipped"} == {
        state for name in ("table.start", "table.prewarm") for state in states(run, name)
    }
    assert {(sample.READ_UNITS, sample.WRITE_UNITS)} == {units(airflow, n) for n in TABLES}


def instances(run: DagRun) -> dict[str, dict[str, str]]:
    """Return states by task and by the name that Airflow shows of a mapped instance."""
    found: dict[str, dict[str, str]] = {}
    for ti in run.task_instances():
        found.setdefault(ti["task_id"], {})[str(ti["rendered_map_index"])] = ti["state"]
    return found


def states(run: DagRun, task_id: str) -> list[str]:
    return [ti["state"] for ti in run.task_instances() if ti["task_id"] == task_id]


def seen(airflow: AirflowSite, table: str) -> int:
    pages = airflow.chain.clients.dynamodb.get_paginator("scan").paginate(TableName=table)
    return sum("seen" in item for page in pages for item in page["Items"])


def units(airflow: AirflowSite, table: str) -> tuple[int, int]:
    found: Any = airflow.chain.clients.dynamodb.describe_table(TableName=table)["Table"]
    units = found["ProvisionedThroughput"]
    return units["ReadCapacityUnits"], units["WriteCapacityUnits"]
