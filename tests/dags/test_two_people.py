"""Two people where the author of the DAG requires it: whole runs of the example DAG.

People sign in to Airflow's own API and answer there, each with a token of their own. Airflow says
of these runs that ``dag_test`` triggered them.
"""

import itertools
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.definitions.param import ParamsDict
from airflow_ddb_migrate.core.approval.approval import Approval
from airflow_ddb_migrate.params import about_params, migration_params
from moto import mock_aws
from tests.conftest import ROOT
from tests.support.factories import LEDGER, TABLE
from tests.support.worlds.migrating_world import MigratingWorld

REQUESTER, OTHER = "dag_test", "bob"
RULES: dict[str, Any] = {"require": ("approve", "backup"), "tables": [TABLE]}
ADMINS = {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False"}
_DATES = (datetime(2032, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in itertools.count())
_sleep = time.sleep


@pytest.fixture(scope="module")
def client():
    """Airflow's API, where everybody has to sign in."""
    from airflow.api_fastapi.app import create_app, create_auth_manager, purge_cached_app
    from airflow.utils.db import initdb
    from fastapi.testclient import TestClient

    initdb()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ADMINS.items():
            patch.setitem(os.environ, name, value)
        purge_cached_app()
        create_auth_manager().init()
        yield TestClient(create_app(apps="core"))
    purge_cached_app()


def signed_in(name: str) -> dict[str, str]:
    from airflow.api_fastapi.app import create_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    token = create_auth_manager().generate_jwt(SimpleAuthManagerUser(username=name, role="admin"))
    return {"Authorization": f"Bearer {token}"}


class People:
    """Do something by Airflow's API as soon as a task asks."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.bodies: list[str] = []
        self.does: Callable[[str], Any] = lambda path: None
        self._path = ""

    def __call__(self, context: Any) -> None:
        """Be notified of a question."""
        ti = context["ti"]
        run = f"/api/v2/dags/{ti.dag_id}/dagRuns/{ti.run_id}"
        self._path = f"{run}/taskInstances/{ti.task_id}"
        self.bodies.append(context["task"].body)

    def come_by(self, seconds: float) -> None:
        """Take the place of the second that a run waits between two looks."""
        if not self._path or seconds != 1:
            return _sleep(min(seconds, 0.02))
        path, self._path = self._path, ""
        return self.does(path)

    def answers(self, who: str, option: str, meanwhile: Callable[[], Any] = int) -> None:
        def answer(path: str) -> None:
            body = {"chosen_options": [option]}
            patch = self.client.patch
            done = patch(f"{path}/-1/hitlDetails", json=body, headers=signed_in(who))
            assert 200 == done.status_code, done.text
            meanwhile()

        self.does = answer

    def marks(self, who: str, state: str) -> None:
        def mark(path: str) -> None:
            body = {"new_state": state}
            assert 200 == self.client.patch(path, json=body, headers=signed_in(who)).status_code

        self.does = mark


@pytest.fixture
def people(client, monkeypatch) -> People:
    people = People(client)
    monkeypatch.setattr(time, "sleep", people.come_by)
    return people


@pytest.fixture
def world(monkeypatch):
    with mock_aws():
        world = MigratingWorld()
        world.install(monkeypatch)
        world.create_table()
        yield world


@pytest.fixture
def run(people, monkeypatch):
    """Run an example DAG with rules of its author; returns the run's state and its tasks'."""
    bag = DagBag(ROOT / "dags")

    def run_once(dag_id: str = "ddb_migration", rules: Any = RULES, **conf: Any) -> Any:
        dag = bag.dags[dag_id]
        verb = dag_id.rpartition("_")[2]
        params = migration_params(**rules) if verb == "migration" else about_params(verb, **rules)
        monkeypatch.setattr(dag, "params", ParamsDict(params))
        for task in dag.tasks:
            if task.params:  # a task has those of its DAG from when it was made
                monkeypatch.setattr(task, "params", ParamsDict(params))
            monkeypatch.setattr(task, "retries", 0)
            monkeypatch.setattr(task, "poke_interval", 0.01, raising=False)
            monkeypatch.setattr(task, "notifiers", [people], raising=False)
        result = dag.test(logical_date=next(_DATES), run_conf=conf)
        states = {ti.task_id: str(ti.state) for ti in result.get_task_instances()}
        return str(result.state), states

    return run_once


CONF = {"table": TABLE, "segments": 3, "prewarm": True}
NOT_DONE = ("backup", "prewarm", "start", "verify")


def approval(world: MigratingWorld) -> Approval:
    rows = world.dynamodb.scan(TableName=LEDGER)["Items"]
    (note,) = [row["text"]["S"] for row in rows if row["sk"]["S"].endswith("approval")]
    return Approval.from_json(note)


def assert_untouched(world: MigratingWorld) -> None:
    assert ({}, []) == (world.stepfunctions.executions, world.updates)


@pytest.mark.story
def test_another_person_approves(world, people, run) -> None:
    """It starts, and the ledger says who approved what, when, and for which run."""
    people.answers(OTHER, "Approve")

    state, states = run(**CONF)

    noted = approval(world)
    assert ("success", "success") == (state, states["start"])
    assert ("approved", OTHER, REQUESTER, True) == (
        noted.answer,
        noted.by,
        noted.requested_by,
        noted.two_people,
    )
    assert "hash-1" == noted.transform_hash
    assert 64 == len(noted.plan_hash)
    assert noted.run.startswith("DAG ddb_migration, run ")
    assert datetime.fromisoformat(noted.at).tzinfo
    (body,) = people.bodies
    assert body.startswith(f"**`{REQUESTER}` asked for this. Someone else must approve it.**")
    assert noted.plan_hash[:12] in body
    assert "hash-1" in body


def test_the_requester_cannot_approve(world, people, run, capsys) -> None:
    """Nothing below is done, and the task says what to do."""
    people.answers(REQUESTER, "Approve")

    state, states = run(**CONF)

    assert ("failed", "failed") == (state, states["approve"])
    assert {"upstream_failed"} == {states[name] for name in NOT_DONE}
    assert_untouched(world)
    assert "approved by the requester" == approval(world).answer
    assert "dag_test may not approve in approve" in capsys.readouterr().out


@pytest.mark.story
def test_the_requester_may_reject(world, people, run) -> None:
    people.answers(REQUESTER, "Reject")

    state, states = run(**CONF)

    assert ("success", {"skipped"}) == (state, {states[name] for name in NOT_DONE})
    assert_untouched(world)


@pytest.mark.parametrize("rules", [RULES, {}], ids=["required", "asked for by the run"])
def test_a_task_marked_as_success_starts_nothing(world, people, run, capsys, rules) -> None:
    """An answer counts, and no state that somebody set."""
    people.marks(REQUESTER, "success")

    state, states = run(rules=rules, approve=True, **CONF)

    assert ("failed", "success", "failed") == (state, states["approve"], states["prewarm"])
    assert_untouched(world)
    assert "has not been answered" in capsys.readouterr().out


@pytest.mark.story
def test_code_that_changed_after_the_approval_does_not_start(world, people, run, capsys) -> None:
    """What was looked at has another hash than what is deployed by then."""

    def deploy() -> None:
        world.lambda_.answer = {"ok": True, "error": "", "hash": "hash-2"}

    people.answers(OTHER, "Approve", meanwhile=deploy)

    state, states = run(**{**CONF, "prewarm": False})

    assert ("failed", "failed") == (state, states["prewarm"])
    assert_untouched(world)
    words = capsys.readouterr().out
    assert "hash-2" in words
    assert "Clear the task of the plan with its downstream tasks" in words


@pytest.mark.story
def test_its_author_may_allow_changed_code(world, people, run) -> None:
    def deploy() -> None:
        world.lambda_.answer = {"ok": True, "error": "", "hash": "hash-2"}

    people.answers(OTHER, "Approve", meanwhile=deploy)

    state, states = run(rules={**RULES, "allow_changed_transform": True}, **CONF)

    assert ("success", "success") == (state, states["start"])


@pytest.mark.story
def test_an_undo_is_no_way_round(world, people, run, capsys) -> None:
    """Its own DAG has no rules, and yet two people must agree: the migration had them."""
    people.answers(OTHER, "Approve")
    run(**CONF)
    rows = world.dynamodb.scan(TableName=LEDGER)["Items"]
    (migration_id,) = {site_id(row) for row in rows} - {""}
    begun = dict(world.stepfunctions.executions)
    people.answers(REQUESTER, "Approve")

    state, states = run("ddb_migration_undo", {}, migration_id=migration_id)

    assert ("failed", "failed") == (state, states["approve"])
    assert begun == world.stepfunctions.executions
    assert "dag_test may not approve" in capsys.readouterr().out

    people.answers(OTHER, "Approve")
    state, states = run("ddb_migration_undo", {}, migration_id=migration_id)

    assert ("success", "success") == (states["approve"], states["undo"])


def site_id(row: Any) -> str:
    """Return the id of the migration that was planned."""
    name = row["pk"]["S"]
    if row["sk"]["S"] != "migration" or row["mode"]["S"] != "MIGRATE":
        name = ""
    return name.removeprefix("migration#")
