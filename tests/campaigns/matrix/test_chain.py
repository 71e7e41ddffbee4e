"""The whole example DAG on the Airflow of the interpreter that runs this; ``make matrix`` does.

What a version does in its own way is noted beside its result.
"""

import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from airflow_ddb_migrate.aws.execution.observe import observe
from airflow_ddb_migrate.local import sample
from tests.campaigns.kills.watching import Watch
from tests.e2e.test_airflow import ITEMS, items, loaded, units
from tests.e2e.test_airflow import (
    test_look_ask_migrate_verify_and_go_back as test_approve_and_undo,  # noqa: F401  # collected
)
from tests.e2e.test_airflow import test_rejected as test_reject  # noqa: F401  # collected
from tests.e2e.test_tab import tab
from tests.e2e.test_tab import (
    test_the_tab_shows_a_migration_from_plan_to_end as test_tab,  # noqa: F401  # collected
)
from tests.support.waiting import await_that
from tests.support.worlds.airflow_site import AirflowSite, DagRun

pytestmark = pytest.mark.skipif("MATRIX_CHAIN" not in os.environ, reason="make matrix runs it")

SEGMENTS = 30
POLL_SECONDS = 0.2
PLUGIN = "ddb_migrate"

SLOW = """
import time

def transform(item, context):
    if "done" not in item:
        time.sleep(0.05)
    item["done"] = True
    return item
"""


def test_pause_and_resume(airflow: AirflowSite) -> None:
    """By the tab's own buttons: nothing moves, and then the rest is migrated."""
    run, one = begun(airflow, "paused")
    paused, _ = tab(run, f"{one}/pause", {"reason": "sale"})
    await_that(lambda: "sale" in tab(run, one)[1]["hold"], run.tasks, poll_seconds=1)
    await_that(lambda: no_worker(run, "paused"), run.tasks, poll_seconds=1)
    done = migrated(airflow, "paused")
    resumed, _ = tab(run, f"{one}/resume", {})
    state = run.finish()

    assert (200, 200, "success") == (paused, resumed, state)
    assert 0 < done < ITEMS
    assert ITEMS == migrated(airflow, "paused")
    assert (sample.READ_UNITS, sample.WRITE_UNITS) == units(airflow, "paused")


def test_kill(airflow: AirflowSite, record_property: Callable[[str, Any], None]) -> None:
    """``wait`` is marked failed: the execution ends with work left, the capacity comes back."""
    run, _ = begun(airflow, "killed")
    site = run.migration("killed")
    run.until("wait", "deferred")
    await_that(lambda: is_watched(run), run.tasks, poll_seconds=POLL_SECONDS)
    with Watch(
        airflow.chain.clients.stepfunctions, site.stack.state_machine_arn, site.migration_id
    ) as watch:
        began = time.monotonic()
        run.mark("wait", "failed")
        await_that(lambda: is_ended(watch), run.tasks, poll_seconds=POLL_SECONDS)
        seconds = time.monotonic() - began
    state = run.finish()
    record_property("note", f"stopped in {seconds:.0f} s, {who_was_told(run)}")

    assert ("failed", "success") == (state, run.tasks()["restore"])
    assert 0 < migrated(airflow, "killed") < ITEMS
    assert (sample.READ_UNITS, sample.WRITE_UNITS) == units(airflow, "killed")


def test_clear(airflow: AirflowSite, record_property: Callable[[str, Any], None]) -> None:
    """``wait`` is cleared: the migration is stopped and the run red, or the new try goes on."""
    run, _ = begun(airflow, "cleared")
    run.until("wait", "deferred")
    await_that(lambda: is_watched(run), run.tasks, poll_seconds=POLL_SECONDS)
    run.clear("wait", downstream=False)
    await_that(
        lambda: run.tasks()["wait"] in {"deferred", "success", "failed"},
        run.tasks,
        poll_seconds=POLL_SECONDS,
    )
    state = run.finish()
    is_whole = migrated(airflow, "cleared") == ITEMS
    record_property("note", f"{'goes on' if is_whole else 'stopped'}, {who_was_told(run)}")

    assert ("success" if is_whole else "failed", "success") == (state, run.tasks()["restore"])
    assert (sample.READ_UNITS, sample.WRITE_UNITS) == units(airflow, "cleared")


def test_links(airflow: AirflowSite) -> None:
    """The tab is in Airflow's own list, and ``start`` and ``report`` have their links."""
    plugins = {one["name"]: one for one in airflow.airflow.call("GET", "plugins")["plugins"]}
    run, _ = begun(airflow, "linked", "add_updated_at")
    state = run.finish()
    run_path = f"dags/{run.dag_id}/dagRuns/{quote(run.run_id, safe='')}/taskInstances"
    links = {
        name: url
        for task in ("start", "report")
        for name, url in airflow.airflow.call("GET", f"{run_path}/{task}/links")[
            "extra_links"
        ].items()
        if url
    }

    assert "success" == state
    assert ["Migration", "DynamoDB migrations"] == [
        view["name"] for view in plugins[PLUGIN]["external_views"]
    ]
    assert {"Migration execution", "Migration report"} <= links.keys()


def begun(airflow: AirflowSite, table: str, transform: str = "slow") -> tuple[DagRun, str]:
    """Trigger a migration of a new table; return it and its path in the tab once items changed."""
    airflow.deploy(slow=SLOW)
    loaded(airflow, table)
    conf = {"table": table, "segments": SEGMENTS, "transform": transform, "prewarm": True}
    run = airflow.trigger({**conf, "backup": "skip"})
    run.until("start", "success")
    if transform == "slow":
        await_that(lambda: migrated(airflow, table), run.tasks, poll_seconds=POLL_SECONDS)
    _, listed = tab(run)
    return run, f"/{listed['migrations'][0]['migration_id']}"


def migrated(airflow: AirflowSite, table: str) -> int:
    return sum("done" in item for item in items(airflow, table).values())


def no_worker(run: DagRun, table: str) -> bool:
    return not observe(run.migration(table)).progress.live


def is_watched(run: DagRun) -> bool:
    """Return whether the trigger has begun: until then no version tells it of anything."""
    return "segments done" in trigger_log(run)


def who_was_told(run: DagRun) -> str:
    return f"its trigger was {'told' if 'invoking on_kill' in trigger_log(run) else 'not told'}"


def trigger_log(run: DagRun) -> str:
    logs = run.site.airflow.home / "logs" / f"dag_id={run.dag_id}" / f"run_id={run.run_id}"
    return "".join(p.read_text() for p in (logs / "task_id=wait").glob("*.trigger.*"))


def is_ended(watch: Watch) -> bool:
    return bool(watch.statuses) and "RUNNING" not in watch.statuses.values()
