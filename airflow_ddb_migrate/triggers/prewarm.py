"""Wait for raised capacity without occupying a worker."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_ddb_migrate.aws.capacity.wait import CapacityWait
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.changes import changes_from_json, changes_to_json
from airflow_ddb_migrate.core.errors import AwsRequestError, MigrationError
from airflow_ddb_migrate.hooks.migration import SiteAddress
from airflow_ddb_migrate.triggers._events import failed, in_thread, succeeded


class CapacityRaisedTrigger(BaseTrigger):
    """
    Fires when the table and every index are ACTIVE and show the raised capacity.

    :param before: the original capacity as JSON, passed on in the event.
    :param changes: the changes as JSON, passed on in the event.
    :param deadline: time in seconds since the epoch at which the wait fails.
    :param poke_interval: seconds between two checks; some jitter is added.
    :param address: the fields of SiteAddress.
    """

    def __init__(
        self, *, before: str, changes: str, deadline: float, poke_interval: float, **address: Any
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.before = before
        self.address = SiteAddress(**address)
        self.wait = CapacityWait(
            changes=changes_from_json(changes), deadline=deadline, poke_interval=poke_interval
        )

    def serialize(self) -> tuple[str, dict[str, Any]]:
        kwargs = {
            "before": self.before,
            "changes": changes_to_json(self.wait.changes),
            "deadline": self.wait.deadline,
            "poke_interval": self.wait.poke_interval,
            **asdict(self.address),
        }
        return f"{type(self).__module__}.{type(self).__qualname__}", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        try:
            await self._wait()
        except MigrationError as exc:
            yield failed(str(exc), retryable=exc.retryable)
        else:
            yield succeeded(
                "Capacity is raised.",
                before=self.before,
                changes=changes_to_json(self.wait.changes),
            )

    async def _open(self) -> Site:
        """Open the site. If AWS does not answer, keep trying until the deadline."""
        while True:
            try:
                return await in_thread(self.address.open)
            except AwsRequestError as exc:
                if time.time() >= self.wait.deadline:
                    raise
                self.log.warning("AWS did not answer; trying again later: %s", exc)
            await asyncio.sleep(self.wait.pause())

    async def _wait(self) -> None:
        site = await self._open()
        told: tuple[str, ...] = ()
        await asyncio.sleep(self.wait.pause())  # for the same reason as in MigrationEndedTrigger
        while waiting := await in_thread(self.wait.look, site):
            if waiting != told:
                self.log.info("Waiting: %s.", "; ".join(waiting))
                told = waiting
            await asyncio.sleep(self.wait.pause())
