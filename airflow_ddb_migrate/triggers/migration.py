"""Watch a migration without occupying a worker."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_ddb_migrate._compat import trigger_stats
from airflow_ddb_migrate.aws.execution.observe import Observation
from airflow_ddb_migrate.aws.execution.watcher import Watcher
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.execution.hold import Hold, first_news
from airflow_ddb_migrate.core.execution.on_kill import OnKill, on_kill_of
from airflow_ddb_migrate.hooks.migration import SiteAddress
from airflow_ddb_migrate.stats import StatsTeller
from airflow_ddb_migrate.triggers._events import failed, held, in_thread, succeeded

# Airflow gives on_kill 30 s ([triggerer] on_kill_timeout). Workers obey STOP within seconds.
_KILL_PATIENCE_SECONDS = 15.0


class MigrationEndedTrigger(BaseTrigger):
    """
    Fires when the migration has succeeded or failed, and optionally when it is put on hold.

    If someone marks the waiting task as failed or successful, or clears it, the migration is
    stopped or paused (``on_kill``). After a restart of the triggerer, the trigger only continues to
    watch. Airflow distinguishes these two cases from version 3.3 on. Before, ending the task does
    not stop the migration.

    :param poke_interval: seconds between two observations.
    :param on_kill: ``"stop"``, ``"pause"`` or ``"leave"`` the migration when someone ends the
        waiting task.
    :param tell_holds: fire for a hold, too. The task then calls the author's callbacks and defers
        again, because such code should not run in the triggerer.
    :param told: the last reported hold of each kind, as dicts of its fields, so that none is
        reported twice. Version 0.2.0 passed one dict.
    :param waits_for_begin: also wait for a migration that the ledger does not know yet.
    :param address: the fields of SiteAddress.
    """

    def __init__(
        self,
        *,
        poke_interval: float,
        on_kill: str = OnKill.STOP,
        tell_holds: bool = False,
        told: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None = None,
        waits_for_begin: bool = False,
        **address: Any,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.poke_interval = poke_interval
        self.when_killed = on_kill_of(on_kill)  # on_kill is Airflow's method
        self.tell_holds = tell_holds
        holds = [told] if isinstance(told, Mapping) else told or ()
        self.told = tuple(map(Hold.from_dict, holds))
        self.address = SiteAddress(**address)
        self.waits_for_begin = waits_for_begin
        self.watcher = Watcher(
            self.address.open,
            self.log,
            waits_for_begin=waits_for_begin,
            tell=StatsTeller(trigger_stats).tell,
        )

    def serialize(self) -> tuple[str, dict[str, Any]]:
        kwargs = {
            "poke_interval": self.poke_interval,
            "on_kill": self.when_killed.value,
            "tell_holds": self.tell_holds,
            "told": [asdict(hold) for hold in self.told],
            "waits_for_begin": self.waits_for_begin,
            **asdict(self.address),
        }
        return f"{type(self).__module__}.{type(self).__qualname__}", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        try:
            seen = await self._something_to_tell()
        except MigrationError as exc:
            yield failed(str(exc), retryable=exc.retryable)
        else:
            yield self._event(seen)

    async def on_kill(self) -> None:
        """Stop or pause the migration after someone ended the task that waits for it."""
        run = f"{self.address.dag_id}/{self.address.run_id}"
        if self.when_killed is not OnKill.LEAVE:
            await in_thread(
                self.watcher.task_ended,
                self.when_killed,
                f"its task in DAG run {run} was marked or cleared",
                patience_seconds=_KILL_PATIENCE_SECONDS,
            )

    async def _something_to_tell(self) -> Observation:
        """Observe the migration until there is an event. Wait before the first observation, too.

        The task made an observation just before it deferred. And Airflow fails a task whose trigger
        fires before the scheduler knows that the task is deferred.
        """
        rest = self.poke_interval
        while True:
            await asyncio.sleep(rest)
            seen = await in_thread(self.watcher.poke)
            if seen is not None and (seen.is_over or self._new_hold(seen)):
                return seen
            rest = (
                seen.rest_seconds(self.poke_interval, time.time()) if seen else self.poke_interval
            )

    def _new_hold(self, seen: Observation) -> Hold | None:
        return first_news(seen.holds_of_running, self.told) if self.tell_holds else None

    def _event(self, seen: Observation) -> TriggerEvent:
        if hold := self._new_hold(seen):
            return held(asdict(hold), [asdict(one) for one in self.told])
        if seen.failure:
            return failed(seen.failure, retryable=False)
        counts = seen.progress.counts.to_dict()
        name = self.watcher.site.migration_id
        return succeeded(seen.verdict.reason, counts=counts, migration_id=name)
