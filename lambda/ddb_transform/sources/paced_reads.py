"""Reads of the migrated table: paced, and retried while that may help."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from airflow_ddb_migrate.core.execution.pacing import Pacer
from ddb_transform.failures import Kind, kind_of_exception, throttling_reason
from ddb_transform.patience import Patience

_TRIES = 10

Answer = Mapping[str, Any]


@dataclass(slots=True, eq=False, repr=False)
class PacedReads:
    """Paces requests by the cost of the last one."""

    pacer: Pacer
    patience: Patience
    _units: float = field(default=1.0, init=False)

    def read(
        self, ask: Callable[[], Answer], otherwise: Callable[[Answer], float]
    ) -> tuple[Answer, float]:
        """Return an answer and its units; ``otherwise`` returns those if DynamoDB does not.

        :raises ClientError: DynamoDB refused it for good, or after ten retries.
        :raises StoppedError: the slice ends.
        """
        for tries in range(_TRIES):
            try:
                return self._paced(ask, otherwise)
            except (ClientError, BotoCoreError) as exc:
                kind = kind_of_exception(exc)
                if not kind.passes:
                    raise
                if kind is Kind.THROTTLED:
                    self.pacer.throttled(self._units, throttling_reason(exc))
                self.patience.wait(self.patience.back_off(tries))
        return self._paced(ask, otherwise)

    def _paced(
        self, ask: Callable[[], Answer], otherwise: Callable[[Answer], float]
    ) -> tuple[Answer, float]:
        reservation = replace(self.pacer.reserve(self._units), estimated=0.0)
        self.patience.wait(reservation.wait_seconds, self.pacer.stretch_of(reservation))
        try:
            answer = ask()
        except (ClientError, BotoCoreError):
            self.pacer.settle(reservation, 0.0)
            raise
        reported = answer.get("ConsumedCapacity", {}).get("CapacityUnits")
        self._units = otherwise(answer) if reported is None else float(reported)
        # Without an estimate no ratio is learned: the next request reserves what this one cost.
        self.pacer.settle(reservation, self._units)
        return answer, self._units
