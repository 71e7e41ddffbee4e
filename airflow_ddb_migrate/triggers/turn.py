"""Wait for a table's turn without occupying a worker."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from functools import cached_property
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_ddb_migrate.aws.ledger.dag_runs import Turn, take_turn
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.core.errors import AwsRequestError, MigrationError
from airflow_ddb_migrate.hooks.migration import SiteAddress
from airflow_ddb_migrate.triggers._events import failed, in_thread, succeeded

_PATIENCE_SECONDS = 3_600.0


class TurnTrigger(BaseTrigger):
    """
    Fires when the table gets its turn, or when it gets none because another table failed.

    :param limit: maximum number of tables at the same time.
    :param stop_on_failure: give no turn once a table of the run has failed.
    :param poke_interval: seconds between two checks.
    :param holder: name of the waiting table, made by AwaitTurnOperator.
    :param address: the fields of SiteAddress.
    """

    def __init__(
        self,
        *,
        limit: int,
        stop_on_failure: bool,
        poke_interval: float,
        holder: str,
        **address: Any,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.limit = limit
        self.stop_on_failure = stop_on_failure
        self.poke_interval = poke_interval
        self.holder = holder
        self.address = SiteAddress(**address)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        kwargs = {
            "limit": self.limit,
            "stop_on_failure": self.stop_on_failure,
            "poke_interval": self.poke_interval,
            "holder": self.holder,
            **asdict(self.address),
        }
        return f"{type(self).__module__}.{type(self).__qualname__}", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        try:
            turn = await self._wait()
        except MigrationError as exc:
            yield failed(str(exc), retryable=exc.retryable)
        else:
            yield succeeded("The wait for the turn is over.", turn=turn.value)

    async def _wait(self) -> Turn:
        answered = time.time()
        while True:
            await asyncio.sleep(self.poke_interval)  # for the same reason as MigrationEndedTrigger
            try:
                turn = await in_thread(self._take)
            except AwsRequestError as exc:
                if time.time() - answered >= _PATIENCE_SECONDS:
                    raise
                self.log.warning("AWS did not answer; trying again later: %s", exc)
                continue
            answered = time.time()
            if turn is not Turn.WAIT:
                return turn

    @cached_property
    def _ledger(self) -> Ledger:
        return self.address.open_ledger()

    def _take(self) -> Turn:
        return take_turn(
            self._ledger,
            (self.address.dag_id, self.address.run_id),
            self.holder,
            limit=self.limit,
            stop_on_failure=self.stop_on_failure,
        )
