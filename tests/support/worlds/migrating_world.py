"""A world in which every execution has ended as soon as it is started."""

import json
from typing import Any

from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.hooks.migration import SiteAddress
from tests.support.worlds.airflow_world import AirflowWorld, finish_lanes


class MigratingWorld(AirflowWorld):
    """Executions that have migrated everything as soon as they are started."""

    status = "SUCCEEDED"
    failing: frozenset[str] = frozenset()  # tables whose execution fails
    running: list[str]  # the tables of all executions, in the order of their starts

    def install(self, monkeypatch: Any) -> None:
        super().install(monkeypatch)
        self.running = []
        start = self.stepfunctions.start_execution

        def start_and_end(**arguments):
            answer = start(**arguments)
            payload = json.loads(arguments["input"])
            self.running.append(payload["table_name"])
            status = "FAILED" if payload["table_name"] in self.failing else self.status
            if status == "SUCCEEDED":
                self._work(payload)
            self.stepfunctions.end_all(status, error="States.Runtime", cause="no more Lambda")
            return answer

        monkeypatch.setattr(self.stepfunctions, "start_execution", start_and_end)

    def _work(self, payload) -> None:
        site = SiteAddress(
            table_name=payload["table_name"],
            stack_name="ddb-migrate",
            dag_id="",
            run_id="",
            migration_id=payload["migration_id"],
        ).open()
        finish_lanes(site, payload["segments"], attempt=payload["attempt"], **self.outcomes(site))

    def outcomes(self, site) -> dict[str, int]:
        """A check finds nothing to change."""
        record = site.ledger.required_migration(site.migration_id)
        return {"unchanged": 10} if record.mode is Mode.VERIFY else {"changed": 10}
