"""Configurations that are wrong, given to a real Airflow: refused by REST, or by the first task."""

import json
from typing import Any

import httpx
from airflow_ddb_migrate.local import sample
from airflow_ddb_migrate.params import about_params, many_params, migration_params
from tests.support.bad_confs import CASES, refused_by_rest, wrong_field
from tests.support.worlds.airflow_site import DAG_ID, AirflowSite, DagRun

TABLE = "untouched"
FIELDS = {
    DAG_ID: migration_params(),
    "ddb_migration_undo": about_params("undo"),
    "ddb_migration_replay": about_params("replay"),
    "ddb_migration_many": many_params(),
}
TOO_DEEP = 2_000
OF_TEARDOWNS = {"note#report", "note#restore"}  # which say what came of a run, whatever it was

# What JSON Schema takes, by what the first task says about it.
ONLY_THE_FIRST_TASK = {
    "'dryrun' (did you mean dry_run?)": {"table": TABLE, "dryrun": True},
    "segments is 100.0 (float)": {"table": TABLE, "segments": 100.0},
    "Task verify (verify_segments): ": {"table": TABLE, "verify_segments": 2.0},
    "max_cost_usd is 1e-300": {"table": TABLE, "max_cost_usd": 1e-300},
    r"table is 'untouched\\n'": {"table": f"{TABLE}\n"},
    "Transform '../x' is not deployed": {"table": TABLE, "transform": "../x"},
}


def test_what_rest_refuses_names_its_field(airflow: AirflowSite) -> None:
    """Every one of them is answered with 400, and no run comes of it."""
    wrong = [
        (dag_id, conf)
        for dag_id, _, conf in CASES
        if "recursion" not in (said := refused_by_rest(FIELDS[dag_id], conf)) and said
    ]
    with client(airflow) as rest:
        runs = {dag_id: number_of_runs(rest, dag_id) for dag_id in FIELDS}
        answers = [post(rest, dag_id, json.dumps(conf)) for dag_id, conf in wrong]
        too_deep = post(rest, DAG_ID, '{"a":' * TOO_DEEP + "1" + "}" * TOO_DEEP)

        assert len(wrong) > 250
        assert [
            (400, f"Invalid input for param {wrong_field(FIELDS[dag_id], conf)}")
            for dag_id, conf in wrong
        ] == [(status, words.partition(": ")[0]) for status, words in answers]
        assert 400 == too_deep[0]
        assert runs == {dag_id: number_of_runs(rest, dag_id) for dag_id in FIELDS}


def test_what_the_first_task_refuses_touches_nothing(airflow: AirflowSite) -> None:
    """Red without another try, nothing after it run, the message in the log."""
    dynamodb = airflow.chain.clients.dynamodb
    sample.create_table(dynamodb, TABLE)
    sample.load_sample(dynamodb, 20, TABLE)
    before = everything(airflow)
    runs = {
        words: airflow.trigger({**conf, "prewarm": True})
        for words, conf in ONLY_THE_FIRST_TASK.items()
    }

    assert dict.fromkeys(runs, "failed") == {words: run.finish() for words, run in runs.items()}
    for words, run in runs.items():
        tasks = {task["task_id"]: task for task in run.task_instances()}
        plan = tasks.pop("plan")
        assert ("failed", 1) == (plan["state"], plan["try_number"]), words
        assert {"report": "failed", "restore": "success"} == {
            name: tasks.pop(name)["state"] for name in ("report", "restore")
        }, words
        assert {"upstream_failed"} == {task["state"] for task in tasks.values()}, words
        assert words in log_of(run, "plan")
    assert before == everything(airflow)


def client(airflow: AirflowSite) -> httpx.Client:
    token = airflow.airflow.token(airflow.airflow.user)
    return httpx.Client(
        base_url=f"{airflow.airflow.url}/api/v2/dags",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        timeout=60,
    )


def post(rest: httpx.Client, dag_id: str, conf: str) -> tuple[int, str]:
    """Trigger with a configuration as JSON, of which NaN and what is too deep are no part."""
    body = f'{{"logical_date": null, "conf": {conf}}}'
    answer = rest.post(f"/{dag_id}/dagRuns", content=body)
    return answer.status_code, str(answer.json().get("detail"))


def number_of_runs(rest: httpx.Client, dag_id: str) -> int:
    return int(rest.get(f"/{dag_id}/dagRuns?limit=1").json()["total_entries"])


def everything(airflow: AirflowSite) -> tuple[Any, ...]:
    """Return the table, its items, and the keys of all that the ledger holds but of teardowns."""
    dynamodb = airflow.chain.clients.dynamodb
    throughput = dynamodb.describe_table(TableName=TABLE)["Table"]["ProvisionedThroughput"]
    units = throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]
    items = sorted(json.dumps(row, sort_keys=True) for row in rows(airflow, TABLE))
    ledger = rows(airflow, airflow.chain.stack.ledger_table)
    keys = {(row["pk"]["S"], row["sk"]["S"]) for row in ledger}
    return units, items, sorted(key for key in keys if key[1] not in OF_TEARDOWNS)


def rows(airflow: AirflowSite, table: str) -> list[dict[str, Any]]:
    pages = airflow.chain.clients.dynamodb.get_paginator("scan").paginate(TableName=table)
    return [row for page in pages for row in page["Items"]]


def log_of(run: DagRun, task_id: str) -> str:
    path = f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task_id}/logs/1"
    return json.dumps(run.site.airflow.call("GET", path)["content"])
