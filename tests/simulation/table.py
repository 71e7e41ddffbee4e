"""A DynamoDB table as far as its throughput goes: token buckets, no items."""

from dataclasses import dataclass, field

from airflow_ddb_migrate.core.limits import PARTITION_READ_UNITS, PARTITION_WRITE_UNITS
from tests.simulation.heat import Places

TABLE = "TableWriteProvisionedThroughputExceeded"
KEY_RANGE = "TableWriteKeyRangeThroughputExceeded"
INDEX = "IndexWriteProvisionedThroughputExceeded"
READS = "TableReadProvisionedThroughputExceeded"
READ_KEY_RANGE = "TableReadKeyRangeThroughputExceeded"


@dataclass(slots=True)
class Bucket:
    """Earns ``rate`` units a second and keeps at most ``most``; it begins full.

    ``given`` is what it gave in all, for the laws that a test holds it to.
    """

    rate: float
    most: float
    level: float = field(init=False)
    at: float = field(default=0.0, init=False)
    given: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.level = self.most

    def available(self, now: float) -> float:
        self.level = min(self.most, self.level + (now - self.at) * self.rate)
        self.at = now
        return self.level

    def take(self, units: float) -> None:
        self.level -= units
        self.given += units


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a table takes, in units per second.

    Partitions hold equal parts of the bytes. ``used`` says by partition which share of its capacity
    live traffic takes. ``indexes`` are the write units of each global one, every one of which gets
    one write per change. A bucket keeps ``burst_seconds`` of its rate. For ``split_seconds`` see
    ``Places``.
    """

    partitions: int
    read: float
    write: float
    indexes: tuple[float, ...] = ()
    used: dict[int, float] = field(default_factory=dict)
    burst_seconds: float = 300.0
    split_seconds: float = 0.0


class SimTable:
    """Gives units, or less of them and why."""

    def __init__(self, limits: Limits) -> None:
        def bucket(rate: float) -> Bucket:
            return Bucket(rate, rate * limits.burst_seconds)

        self.used = [limits.used.get(number, 0.0) for number in range(limits.partitions)]
        free = [1 - used for used in self.used]
        self.limits = limits
        self.places = Places(limits.partitions, limits.split_seconds)
        self.reads = bucket(limits.read)
        self.writes = bucket(limits.write)
        self.indexes = [bucket(rate) for rate in limits.indexes]
        self.partition_reads = [bucket(PARTITION_READ_UNITS * share) for share in free]
        self.partition_writes = [bucket(PARTITION_WRITE_UNITS * share) for share in free]

    def partition_at(self, place: float) -> int:
        """Return the partition at a place of the table, 0 to 1, by bytes."""
        return self.places.at(place)

    def is_low(self, now: float, partition: int, units: float) -> bool:
        """Tell whether a write of so many units may be throttled."""
        bounds = (self.partition_writes[partition], self.writes, *self.indexes)
        return any(bucket.available(now) < units for bucket in bounds)

    def write(self, now: float, partition: int, units: float) -> tuple[float, str]:
        """Return the table's units that were written, and why not all of them.

        An index that has nothing left throttles the table's writes.
        """
        bounds = [(self.partition_writes[partition], KEY_RANGE), (self.writes, TABLE)]
        bounds += [(index, INDEX) for index in self.indexes]
        given, reason = _give(now, units, bounds)
        if reason == KEY_RANGE and self.places.splits(now, partition):
            self._split(now, partition)
        return given, reason

    def _split(self, now: float, partition: int) -> None:
        """Make two of one, each as fast as that; live traffic is spread over both."""
        used = self.used[partition] = self.used[partition] / 2
        self.used.append(used)
        reads, writes = self.partition_reads[partition], self.partition_writes[partition]
        self.partition_reads.append(_half(reads, now, PARTITION_READ_UNITS * (1 - used)))
        self.partition_writes.append(_half(writes, now, PARTITION_WRITE_UNITS * (1 - used)))

    def read(self, now: float, partition: int, units: float) -> tuple[float, str]:
        """Return the units that were read, and why not all of them."""
        bounds = [(self.partition_reads[partition], READ_KEY_RANGE), (self.reads, READS)]
        return _give(now, units, bounds)


def _half(bucket: Bucket, now: float, rate: float) -> Bucket:
    """Let a bucket go on at another rate, and return one that is like it, with nothing in it."""
    bucket.available(now)
    bucket.rate, bucket.most = rate, bucket.most * rate / bucket.rate
    half = Bucket(rate, bucket.most)
    half.level, half.at = 0.0, now
    return half


def _give(now: float, units: float, bounds: list[tuple[Bucket, str]]) -> tuple[float, str]:
    given, reason = units, ""
    for bucket, why in bounds:
        left = bucket.available(now)
        if left < given:
            given, reason = max(0.0, left), why
    for bucket, _ in bounds:
        bucket.take(given)
    return given, reason
