"""Watch a migration without taking a worker."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_ddb_migrate.aws.watch import Observation
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.operators._address import SiteAddress
from airflow_ddb_migrate.triggers._events import failed, in_thread, succeeded
from airflow_ddb_migrate.triggers._on_kill import OnKill, on_kill_of
from airflow_ddb_migrate.triggers._watcher import Watcher, failure, is_over

# Airflow gives on_kill 30 s ([triggerer] on_kill_timeout). Workers obey STOP within seconds.
_KILL_PATIENCE_SECONDS = 15.0


class MigrationEndedTrigger(BaseTrigger):
    """
    Fires when the migration has succeeded or failed.

    When a person marks the waiting task failed or successful, or clears it, the migration is
    stopped or paused (``on_kill``); a restart of the triggerer only goes on watching. Airflow tells
    the two apart from version 3.3 on; before, a migration goes on until it is stopped otherwise.

    :param poke_interval: seconds between two looks.
    :param on_kill: ``"stop"``, ``"pause"`` or ``"leave"`` the migration when a person ends the
        waiting task.
    :param address: the fields of SiteAddress.
    """

    def __init__(self, *, poke_interval: float, on_kill: str = OnKill.STOP, **address: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.poke_interval = poke_interval
        self.when_killed = on_kill_of(on_kill)  # on_kill is Airflow's method
        self.address = SiteAddress(**address)
        self.watcher = Watcher(self.address.open, self.log)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        kwargs = {
            "poke_interval": self.poke_interval,
            "on_kill": self.when_killed.value,
            **asdict(self.address),
        }
        return f"{type(self).__module__}.{type(self).__qualname__}", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        try:
            seen = await self._ended()
        except MigrationError as exc:
            yield failed(str(exc), retryable=exc.retryable)
        else:
            yield self._event(seen)

    async def on_kill(self) -> None:
        """A person ended the task that waits for the migration."""
        if self.when_killed is not OnKill.LEAVE:
            await in_thread(
                self.watcher.task_ended,
                self.when_killed,
                f"its task in DAG run {self.address.dag_id}/{self.address.run_id} was ended",
                patience_seconds=_KILL_PATIENCE_SECONDS,
            )

    async def _ended(self) -> Observation:
        """Wait before the first look, too: who defers has just looked.

        Airflow fails a task whose trigger fires before the scheduler has heard that it is deferred.
        """
        while True:
            await asyncio.sleep(self.poke_interval)
            seen = await in_thread(self.watcher.poke)
            if seen is not None and is_over(seen):
                return seen

    def _event(self, seen: Observation) -> TriggerEvent:
        name = self.watcher.site.migration_id
        if message := failure(seen, name):
            return failed(message, retryable=False)
        counts = seen.progress.counts.to_dict()
        return succeeded(seen.verdict.reason, counts=counts, migration_id=name)
