"""A pacer on a clock that goes on only while it waits or is told to."""

from airflow_ddb_migrate.core.execution.pacing import Pacer

TABLE_LIMIT = "TableWriteProvisionedThroughputExceeded"
KEY_RANGE = "TableWriteKeyRangeThroughputExceeded"


class Pacing:
    """One worker's pacer; ``now`` is its time in seconds."""

    def __init__(self, share: float | None = 100.0) -> None:
        self.now = 1_000.0
        self.pacer = Pacer(lambda: self.now, share)

    def spend(self, units: float, *, reported: float | None = None) -> None:
        """Reserve, wait as told, settle."""
        reservation = self.pacer.reserve(units)
        self.now += reservation.wait_seconds
        self.pacer.settle(reservation, units if reported is None else reported)

    def spend_for(self, seconds: float, *, units: float = 10.0) -> None:
        """Spend as fast as it may for a time."""
        ends_at = self.now + seconds
        while self.now < ends_at:
            self.spend(units)

    def throttle_for(self, seconds: float, reason: str) -> None:
        """Try ten units a second, every second time in vain."""
        for place in range(int(seconds)):
            self.now += 1
            self.pacer.settle(self.pacer.reserve(10), 10)
            if place % 2:
                self.pacer.throttled(10, reason)
