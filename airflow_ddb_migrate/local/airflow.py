"""An Airflow for the embedded stack: starts it, calls its REST API, stops it.

Airflow runs as another process and is never imported here.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from airflow_ddb_migrate import resources
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.local.airflow_environment import environment
from airflow_ddb_migrate.local.emulated_aws.emulator import Emulator
from airflow_ddb_migrate.local.processes.background import Background, free_port, launch
from airflow_ddb_migrate.local.processes.folders import private_folder

_START_SECONDS = 600.0  # a crash is noticed at once; only a hang takes this long
_NOTICE_SECONDS = 15.0
_ANSWER_SECONDS = 120.0  # the first answer of an API server that has just begun takes long
_POLL_SECONDS = 0.5
_LOG = "standalone.log"
_PASSWORDS = "simple_auth_manager_passwords.json.generated"  # as Airflow calls it
_ASKS = ("state=awaiting_input", "state=deferred")  # from 3.3 on; before 3.3
_COMPONENTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")


@dataclass(slots=True)
class Airflow:
    """A running ``airflow standalone``. ``url`` is the address of its UI and API.

    ``user`` is the user of the API here; empty if nobody signs in and everyone is an admin.
    """

    url: str
    process: Background
    home: Path
    user: str = ""
    _token: str = ""

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call the REST API; raises MigrationError with the API's own message if it refuses."""
        self._token = self._token or self.token(self.user)
        answer = httpx.request(
            method,
            f"{self.url}/api/v2/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=_ANSWER_SECONDS,
        )
        if answer.is_error:
            raise MigrationError(f"Airflow answered {answer.status_code}: {answer.text}")
        return dict(answer.json())

    def trigger(self, dag_id: str, conf: Mapping[str, Any]) -> str:
        """Trigger a DAG run with a configuration and return its id."""
        body = {"logical_date": None, "conf": conf}
        return str(self.call("POST", f"dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        return str(self.call("GET", f"dags/{dag_id}/dagRuns/{run_id}")["state"])

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """Return the state of every task of a run; ``none`` before a task is scheduled."""
        answer = self.call("GET", f"dags/{dag_id}/dagRuns/{run_id}/taskInstances")
        return {row["task_id"]: row["state"] or "none" for row in answer["task_instances"]}

    def answer(self, dag_id: str, run_id: str, task_id: str, option: str) -> None:
        """Answer a task that asks a person, with ``Approve`` or ``Reject``.

        Airflow 3.3.2 fails a task that is answered before the scheduler has noticed that it waits,
        which can take some seconds. So this waits for the scheduler first.
        """
        task = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
        tries = self.call("GET", task)["try_number"]
        self._await_notice(f"task_id={task_id}, run_id={run_id}, ", f"try_number={tries},")
        self.call("PATCH", f"{task}/-1/hitlDetails", {"chosen_options": [option]})

    def await_dag(self, dag_id: str) -> None:
        """Wait until every component is healthy and the DAG is known.

        :raises MigrationError: a DAG file is broken, or it took too long.
        """
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.process.is_alive:
            if self._is_healthy():
                if self._knows(dag_id):
                    return
                self._refuse_broken_dags()
            time.sleep(_POLL_SECONDS)
        raise MigrationError(
            f"Airflow was not ready at {self.url} within {_START_SECONDS:.0f} s. "
            f"See {self.home / _LOG}."
        )

    def stop(self) -> None:
        self.process.stop()
        (self.home / "airflow.pid.json").unlink(missing_ok=True)

    def _await_notice(self, *marks: str) -> None:
        """Wait, but not forever, until the scheduler logs that the task's first part ended."""
        marks = ("TaskInstance Finished", *marks)
        deadline = time.monotonic() + _NOTICE_SECONDS
        while time.monotonic() < deadline:
            with (self.home / _LOG).open(errors="replace") as log:
                seen = (line for line in log if all(mark in line for mark in marks))
                if any(asks in line for line in seen for asks in _ASKS):
                    return
            time.sleep(_POLL_SECONDS)

    def token(self, user: str = "") -> str:
        """Sign in to the API; without a name only if everyone is an admin."""
        url = f"{self.url}/auth/token"
        if user:
            login = {"username": user, "password": self.password(user)}
            answer = httpx.post(url, json=login, timeout=_ANSWER_SECONDS)
        else:
            answer = httpx.get(url, timeout=_ANSWER_SECONDS)
        return str(answer.raise_for_status().json()["access_token"])

    def password(self, user: str) -> str:
        """Return the password that Airflow generated for a user when it started."""
        return str(json.loads((self.home / _PASSWORDS).read_text())[user])

    def _is_healthy(self) -> bool:
        try:
            health = httpx.get(f"{self.url}/api/v2/monitor/health").raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            return False
        return all(health.get(part, {}).get("status") == "healthy" for part in _COMPONENTS)

    def _refuse_broken_dags(self) -> None:
        """Raise MigrationError at once for a DAG file that cannot be imported."""
        for row in self.call("GET", "importErrors")["import_errors"]:
            raise MigrationError(
                f"Airflow cannot import {row['filename']}: {row['stack_trace'].strip()}"
            )

    def _knows(self, dag_id: str) -> bool:
        try:
            return not self.call("GET", f"dags/{dag_id}")["is_paused"]
        except (MigrationError, httpx.HTTPError):
            return False


def start_airflow(
    home: Path,
    *,
    emulator: Emulator,
    poke_seconds: float,
    dags: Path | None = None,
    users: Mapping[str, str] | None = None,
) -> Airflow:
    """Start Airflow with the example DAGs and a connection to the emulator; does not wait.

    ``dags`` is another folder of DAGs. ``users`` are the users who can sign in, each with a role
    such as ``viewer``; the first is an admin and calls the API. Without users, everyone is an
    admin. An Airflow that an earlier start left running is stopped first. The database is new each
    time, copied from one that the first start made.
    """
    home = home.resolve()
    clear(home)
    private_folder(home)
    port = free_port()
    env = {
        **environment(home, port, emulator=emulator, poke_seconds=poke_seconds, users=users or {}),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags or resources.folder("dags")),
    }
    _new_database(home, env)
    log = home / _LOG
    log.unlink(missing_ok=True)
    process = launch([_executable(), "standalone"], env=env, log=log)
    process.remember(home / "airflow.pid.json")
    return Airflow(f"http://127.0.0.1:{port}", process, home, next(iter(users or ()), ""))


def clear(home: Path) -> None:
    """Stop an Airflow that an earlier start left running."""
    former = Background.recall(home / "airflow.pid.json")
    if former:
        former.stop()


def _executable() -> str:
    return str(Path(sys.executable).with_name("airflow"))


def _new_database(home: Path, env: Mapping[str, str]) -> None:
    pristine = home / "pristine.db"
    if not pristine.exists():
        (home / "airflow.db").unlink(missing_ok=True)
        with (home / "migrate.log").open("wb") as log:
            answer = subprocess.run(  # noqa: S603  # Airflow of this environment
                [_executable(), "db", "migrate"], env=env, stdout=log, stderr=log, check=False
            )
        if answer.returncode:
            raise MigrationError(f"airflow db migrate failed. See {home / 'migrate.log'}.")
        shutil.copy(home / "airflow.db", pristine)
    for leftover in home.glob("airflow.db*"):
        leftover.unlink()
    shutil.copy(pristine, home / "airflow.db")
