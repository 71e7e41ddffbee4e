"""A worker as far as its pace goes: one lane, slice by slice, bite by bite."""

import random
from collections.abc import Generator
from dataclasses import dataclass, field

from airflow_ddb_migrate.core.execution.pacing import Pacer, Reservation
from airflow_ddb_migrate.core.limits import CONTROL_SECONDS, HOLD_WAIT_SECONDS, WRITE_TRIES
from ddb_transform.guard import Order, Pacers, hold_wait_seconds
from ddb_transform.patience import Patience
from tests.simulation.control import SimControl
from tests.simulation.lanes import Cut
from tests.simulation.latency import Bounds, Costs, Latency
from tests.simulation.live import LiveLoad
from tests.simulation.loop import Loop
from tests.simulation.series import Series
from tests.simulation.table import SimTable

Waits = Generator[float, None, float | None]


@dataclass(slots=True, kw_only=True)
class World:
    """What all workers of a run have in common, and what is seen of them."""

    loop: Loop
    table: SimTable
    control: SimControl
    cut: Cut
    costs: Costs
    latency: Latency
    random: random.Random
    bite_seconds: float
    slice_seconds: float
    written: Series
    throttled: Series
    load: LiveLoad | None = None
    live: list[tuple[float, int]] = field(default_factory=list)
    items: float = 0.0
    read_units: float = 0.0
    throttled_read_units: float = 0.0
    lambda_seconds: float = 0.0
    invocations: int = 0
    laps: int = 0
    hopeless: int = 0

    def draw(self, bounds: Bounds) -> float:
        return self.random.uniform(*bounds)

    def note_live(self) -> None:
        self.live.append((self.loop.now, self.control.record.live))


@dataclass(slots=True)
class SimWorker:
    """Works through a lane. Each slice is an invocation, and so has pacers of its own."""

    world: World
    lane: int
    _stretches: list[tuple[float, float]] = field(init=False)
    _pacers: Pacers = field(init=False)
    _patience: Patience = field(init=False)
    _looked_at: float = field(default=float("-inf"), init=False)
    _order: Order = field(default=Order.GO, init=False)
    _unread: float = field(default=0.0, init=False)  # units that were throttled, to be read again
    _unwritten: float = field(default=0.0, init=False)  # items that were read, and throttled
    _of_page: float = field(default=0.0, init=False)  # items that are done of the page in hand
    _tries: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._stretches = self.world.cut.stretches(self.lane)
        self._patience = Patience(jitter=self.world.random.uniform)

    def life(self) -> Waits:
        """Work slice after slice, waiting in between as the answer of each says."""
        while True:
            began = self.world.loop.now
            seconds = yield from self._slice()
            self.world.lambda_seconds += self.world.loop.now - began
            self.world.invocations += 1
            if seconds is None:
                return None
            self.world.laps += 1
            yield seconds + self.world.draw(self.world.latency.warm)

    def _slice(self) -> Waits:
        world, control = self.world, self.world.control
        control.read_alarms()  # held children go on reading them
        if control.order is Order.HOLD:
            return float(hold_wait_seconds(control.record, world.loop.now))
        yield world.draw(world.latency.begin)
        control.taken += 1
        seconds = control.join()
        world.note_live()
        self._pacers = Pacers(Pacer(world.loop.clock), Pacer(world.loop.clock))
        self._pacers.share(control.record, world.loop.now)
        self._looked_at, self._order = world.loop.now, Order.GO
        # A slice begins by reading behind the cursor.
        self._unread = self._unwritten = self._of_page = 0.0
        yield seconds
        result = yield from self._work(world.loop.now + world.slice_seconds - seconds)
        yield self._pacers.debt_seconds() if result is None else 0.0
        control.leave()
        world.note_live()
        control.taken -= 1
        yield world.draw(world.latency.end)
        return result

    def _work(self, ends_at: float) -> Waits:
        """Return the seconds until the next slice; None: the lane is done."""
        control, loop = self.world.control, self.world.loop
        while self._stretches:
            self._look()
            if self._order is Order.HOLD:
                return float(hold_wait_seconds(control.record, loop.now))
            if loop.now > ends_at:
                return 0.0
            seconds = yield from self._bite()
            if self._tries > WRITE_TRIES:
                self.world.hopeless += 1
                self._tries = 0
                return float(HOLD_WAIT_SECONDS[0])
            if seconds:
                yield seconds
        return None

    def _look(self) -> None:
        """Look at the control record, as the product's guard does."""
        world = self.world
        if world.loop.now - self._looked_at < CONTROL_SECONDS:
            return
        self._looked_at = world.loop.now
        world.control.read_alarms()
        world.control.renew()
        self._pacers.share(world.control.record, world.loop.now)
        self._order = world.control.order
        if self._order is Order.GO and self._pacers.suffering():
            world.control.hold_for_others()
            self._order = Order.HOLD

    def _bite(self) -> Generator[float, None, float]:
        """Read and write some items; return the seconds until the next ones."""
        world, costs = self.world, self.world.costs
        begin, end = self._stretches[0]
        partition = world.table.partition_at(begin / world.cut.items)
        items = min(end - begin, self._bite_items(partition))
        read, write = self._pacers.read, self._pacers.write
        fresh = max(0.0, items - self._unwritten)
        reads = read.reserve(fresh * costs.read_units + self._unread)
        writes = write.reserve(items * costs.write_units)
        busy = world.latency.busy_seconds(costs, items, world.random)
        yield from self._wait(reads, writes, busy)
        self._read(partition, reads)
        done, backoff = items, 0.0
        if writes.estimated:
            given, backoff = self._write(partition, writes)
            done = items * given / writes.estimated
        self._unwritten = max(self._unwritten, items) - done
        self._advance(done)
        return backoff + self._held_up(done)

    def _bite_items(self, partition: int) -> float:
        """Return how many items take one bite's time at the rate in force; at least one.

        Where a few bites more may be throttled, they are small: a large one would be throttled as a
        whole, before the pacer hears of the first unit.
        """
        costs = self.world.costs
        seconds = costs.cpu_seconds
        if rate := self._pacers.write.rate:
            seconds = max(seconds, costs.write_units * costs.writes_at_busiest / rate)
        if rate := self._pacers.read.rate:
            seconds = max(seconds, costs.read_units / rate)
        items = max(1.0, self.world.bite_seconds / seconds)
        low = _BITES_AHEAD * items * costs.write_units
        if self.world.table.is_low(self.world.loop.now, partition, low):
            return max(1.0, min(items, _SMALL_BITE_SECONDS / seconds))
        return items

    def _wait(self, reads: Reservation, writes: Reservation, busy: float) -> Generator[float]:
        """Wait for both shares and the work itself, looking at the control record meanwhile."""
        pacers = self._pacers
        left = [(r.wait_seconds, p.stretch_of(r)) for r, p in _pairs(reads, writes, pacers)]
        while (seconds := max(busy, *(wait for wait, _ in left))) > CONTROL_SECONDS:
            yield float(CONTROL_SECONDS)
            self._look()
            busy -= CONTROL_SECONDS
            left = [((wait - CONTROL_SECONDS) * by(), by) for wait, by in left]
        yield max(0.0, seconds)

    def _read(self, partition: int, reads: Reservation) -> None:
        world, pacer = self.world, self._pacers.read
        wanted = reads.estimated
        given, reason = world.table.read(world.loop.now, partition, wanted)
        pacer.settle(reads, given)
        world.read_units += given
        self._unread = wanted - given
        if reason:
            world.throttled_read_units += self._unread
            pacer.throttled(self._unread, reason)

    def _write(self, partition: int, writes: Reservation) -> tuple[float, float]:
        """Return the table's units that were written, and the seconds to back off."""
        world, pacer, now = self.world, self._pacers.write, self.world.loop.now
        given, reason = world.table.write(now, partition, writes.estimated)
        factor = world.costs.writes_at_busiest
        pacer.settle(writes, given * factor)
        world.written.add(now, given * factor)
        if not reason:
            self._tries = 0
            return given, 0.0
        refused = writes.estimated - given
        world.throttled.add(now, refused * factor)
        pacer.throttled(refused, reason)  # one of the batch is tried alone, and told why
        self._tries = 0 if given else self._tries
        backoff = self._patience.back_off(self._tries)
        self._tries += 1
        return given, backoff

    def _held_up(self, items: float) -> float:
        world = self.world
        ends, self._of_page = divmod(self._of_page + items, world.costs.page_items)
        return world.latency.held_up_seconds(world.costs, items, int(ends), world.random)

    def _advance(self, items: float) -> None:
        begin, end = self._stretches[0]
        self.world.items += items
        if end - begin - items < _LEAST_ITEMS:
            self.world.items += end - begin - items
            self._stretches.pop(0)
        else:
            self._stretches[0] = (begin + items, end)


# A statement of a batch that is throttled tells its code, and neither key range nor index.
_BITES_AHEAD = 4  # of other workers, too, that are about to bite
_SMALL_BITE_SECONDS = 0.1
_LEAST_ITEMS = 1e-3  # less is a rounding of floats


def _pairs(
    reads: Reservation, writes: Reservation, pacers: Pacers
) -> list[tuple[Reservation, Pacer]]:
    return [(reads, pacers.read), (writes, pacers.write)]
