"""The migration tab in a real Airflow: what it shows from the plan to the end."""

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

from airflow_ddb_migrate.local import sample
from tests.support.waiting import HANG_SECONDS
from tests.support.worlds.airflow_site import ADMIN, AirflowSite, DagRun

ITEMS = 300
SEGMENTS = 4


def ask(site: AirflowSite, path: str, body: object = None) -> tuple[int, Any]:
    """Ask the plugin as a browser of a signed-in person does; return status and answer."""
    request = urllib.request.Request(
        f"{site.airflow.url}/ddb-migrate/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Cookie": f"_token={site.airflow.token(ADMIN)}",
            "Content-Type": "application/json",
            "X-DDB-Migrate": "1",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=HANG_SECONDS) as answer:
            status, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as exc:
        status, text = exc.code, exc.read().decode()
    return status, json.loads(text) if text.startswith("{") else text


def tab(run: DagRun, rest: str = "", body: object = None) -> tuple[int, Any]:
    place = f"{run.dag_id}/{quote(run.run_id, safe='')}"
    return ask(run.site, f"api/{place}/migrations{rest}", body)


def test_the_tab_shows_a_migration_from_plan_to_end(airflow: AirflowSite) -> None:
    """Airflow finds plugin, migration and connection by itself; what is over cannot be pressed."""
    dynamodb = airflow.chain.clients.dynamodb
    sample.create_table(dynamodb, "shown")
    sample.load_sample(dynamodb, ITEMS, "shown")
    run = airflow.trigger({"table": "shown", "segments": SEGMENTS, "approve": True})
    run.question("approve")
    _, listed = tab(run)
    one = f"/{listed['migrations'][0]['migration_id']}"
    _, planned = tab(run, one)
    early = tab(run, f"{one}/pause", {})
    run.answer("approve", "Approve")
    state = run.finish()
    _, lane = tab(run, f"{one}/lanes/0")
    late = tab(run, f"{one}/pause", {})
    _, shown = tab(run, one)
    status, page = ask(airflow, f"ui/{run.dag_id}/{quote(run.run_id, safe='')}")
    _, everything = ask(airflow, "api/list")

    assert True is listed["may_steer"]
    assert ("PLANNED", "p" * SEGMENTS) == (planned["outcome"], planned["lanes"])
    assert (404, 409) == (early[0], late[0])
    assert ("success", "SUCCEEDED", "d" * SEGMENTS) == (state, shown["outcome"], shown["lanes"])
    assert ("DONE", ITEMS) == (lane["state"], shown["counts"]["seen"])
    assert ["APPROVED", "STARTED", "ENDED"] == [event["what"] for event in shown["events"]]
    assert 200 == status
    assert "<canvas" in page
    assert one[1:] in {row["migration_id"] for row in everything["migrations"]}
