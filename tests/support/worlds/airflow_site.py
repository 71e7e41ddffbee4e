"""The whole product for tests: emulator, deployed stack, and a real Airflow, asked by REST."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_ddb_migrate import resources
from airflow_ddb_migrate.aws.site import Identity, Site, open_site
from airflow_ddb_migrate.core.names import DEFAULT_STACK_NAME
from airflow_ddb_migrate.local import airflow as airflows
from airflow_ddb_migrate.local.airflow import Airflow
from airflow_ddb_migrate.local.emulated_aws import emulator as emulators
from airflow_ddb_migrate.local.emulated_aws.emulator import Emulator
from airflow_ddb_migrate.local.stack import deploy_to
from tests.support.waiting import await_that
from tests.support.worlds.chain_world import ChainWorld, chain_world

DAG_ID = "ddb_migration"
DAG_IDS = (DAG_ID, "ddb_migration_undo", "ddb_migration_replay")
ADMIN, OTHER_ADMIN, VIEWER = "ada", "bob", "vic"
USERS = {ADMIN: "admin", OTHER_ADMIN: "admin", VIEWER: "viewer"}
ENDED = frozenset({"success", "failed"})

_POLL_SECONDS = 0.5
_POKE_SECONDS = 4.0  # longer than a busy scheduler takes to notice that a task waits


@dataclass(frozen=True, slots=True)
class AirflowSite:
    """``chain`` makes tables and reads them; ``airflow`` is the REST API of the running one.

    ``transforms`` is the folder that is deployed.
    """

    chain: ChainWorld
    airflow: Airflow
    emulator: Emulator
    transforms: Path

    def deploy(self, **sources: str) -> None:
        """Write transforms by name, and deploy all there are."""
        for name, text in sources.items():
            (self.transforms / f"{name}.py").write_text(text)
        deploy_to(self.emulator, transforms_dir=self.transforms, quiet=True)

    def trigger(self, conf: Mapping[str, Any], dag_id: str = DAG_ID) -> "DagRun":
        return DagRun(self, dag_id, self.airflow.trigger(dag_id, conf))


@dataclass(frozen=True, slots=True)
class DagRun:
    """One DAG run, followed and answered from outside."""

    site: AirflowSite
    dag_id: str
    run_id: str

    def state(self) -> str:
        return self.site.airflow.run_state(self.dag_id, self.run_id)

    def tasks(self) -> dict[str, str]:
        """Return the state of every task."""
        return self.site.airflow.task_states(self.dag_id, self.run_id)

    def task_instances(self) -> list[dict[str, Any]]:
        """Return every task instance as REST shows it, those of mapped tasks each by itself."""
        found: list[dict[str, Any]] = self._get("taskInstances?limit=200")["task_instances"]
        return found

    def finish(self) -> str:
        """Wait until the run is over; return its state."""
        self._until(lambda: self.state() in ENDED, "the end of the run")
        return self.state()

    def until(self, task_id: str, *states: str) -> str:
        """Wait until a task is in one of the states, while its run lasts; return it."""

        def is_there() -> bool:
            return self.tasks().get(task_id) in states

        self._until(lambda: is_there() or self.state() in ENDED, f"{task_id} in {states}")
        assert is_there(), (f"{task_id} was never in {states}", self.tasks())
        return self.tasks()[task_id]

    def question(self, task_id: str) -> dict[str, Any]:
        """Wait until a task asks; return subject, body, options and defaults."""
        self.until(task_id, "awaiting_input", "deferred")
        return self._get(f"taskInstances/{task_id}/-1/hitlDetails")

    def answer(self, task_id: str, option: str) -> None:
        """Wait until a task asks, and answer ``Approve`` or ``Reject``."""
        self.question(task_id)
        self.site.airflow.answer(self.dag_id, self.run_id, task_id, option)

    def result(self, task_id: str) -> Any:
        """Return what a task returned."""
        path = f"taskInstances/{task_id}/xcomEntries/return_value?deserialize=true&stringify=false"
        return self._get(path)["value"]

    def clear(self, *task_ids: str, downstream: bool = True) -> None:
        """Clear tasks, and by default those below, so that they run again."""
        body = {
            "dry_run": False,
            "dag_run_id": self.run_id,
            "task_ids": list(task_ids),
            "only_failed": False,
            "include_downstream": downstream,
            "reset_dag_runs": True,
        }
        self.site.airflow.call("POST", f"dags/{self.dag_id}/clearTaskInstances", body)

    def mark(self, task_id: str, state: str) -> None:
        """Mark a task ``success`` or ``failed`` by hand."""
        path = f"dags/{self.dag_id}/dagRuns/{self.run_id}/taskInstances/{task_id}"
        self.site.airflow.call("PATCH", path, {"new_state": state})

    def migration(self, table: str, migration_id: str = "") -> Site:
        """Return the site of this run's migration of a table."""
        return open_site(
            self.site.chain.clients,
            table_name=table,
            stack_name=DEFAULT_STACK_NAME,
            identity=Identity(dag_id=self.dag_id, run_id=self.run_id, migration_id=migration_id),
        )

    def _get(self, path: str) -> dict[str, Any]:
        return self.site.airflow.call("GET", f"dags/{self.dag_id}/dagRuns/{self.run_id}/{path}")

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        await_that(
            holds,
            lambda: (what, self.state(), self.tasks()),
            poll_seconds=_POLL_SECONDS,
        )


@contextmanager
def airflow_site(
    folder: Path, transforms: Path, more_dags: Iterable[Path] = ()
) -> Iterator[AirflowSite]:
    """Start everything on free ports, with the example DAGs and more files of DAGs; end it all.

    People sign in to this Airflow; who asks its API here is ``ADMIN``.
    ``transforms`` is an empty folder: the chain's test transforms are deployed from it.
    """
    dags = folder / "dags"
    shutil.copytree(resources.folder("dags"), dags, ignore=shutil.ignore_patterns("__pycache__"))
    for path in more_dags:
        shutil.copy(path, dags)
    with chain_world(folder / "emulator", transforms) as chain:
        running = emulators.find_emulator((folder / "emulator").resolve())
        assert running is not None
        airflow = airflows.start_airflow(
            folder / "airflow",
            emulator=running,
            poke_seconds=_POKE_SECONDS,
            dags=dags,
            users=USERS,
        )
        try:
            for dag_id in (*DAG_IDS, *(path.stem for path in more_dags)):  # named after its DAG
                airflow.await_dag(dag_id)
            yield AirflowSite(chain, airflow, running, transforms)
        finally:
            airflow.stop()
