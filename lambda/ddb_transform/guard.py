"""Fencing and the budget: whether this worker may continue, and how fast. The ledger decides."""

import contextlib
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from airflow_ddb_migrate.aws.ledger.budget_sharing import Sharing
from airflow_ddb_migrate.aws.ledger.leases import Leases
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.execution.budget_sharing import eased
from airflow_ddb_migrate.core.execution.pacing import Pacer, share_of
from airflow_ddb_migrate.core.ledger.holds import HoldKind, HoldRecord, summary_of
from airflow_ddb_migrate.core.ledger.lease import TableKey, is_held_by, renew
from airflow_ddb_migrate.core.ledger.records import Command, ControlRecord, MigrationRecord
from airflow_ddb_migrate.core.ledger.throttles import READ, WRITE, Throttles, reason_of
from airflow_ddb_migrate.core.ledger.usage import (
    held_wait_seconds,
    leave_seconds,
    return_seconds,
)
from airflow_ddb_migrate.core.limits import (
    CONTROL_SECONDS,
    LEASE_LOOK_SECONDS,
    SUFFERING_HOLD_SECONDS,
    SUFFERING_SECONDS,
)

AlarmReader: TypeAlias = Callable[[Sequence[str]], Mapping[str, str]]  # states by name


def no_alarms(names: Sequence[str]) -> Mapping[str, str]:  # noqa: ARG001  # one shape for all
    """Return no states: they are unknown."""
    return {}


class Order(Enum):
    """What the ledger orders a worker to do. QUIT: end, and leave the lane unfinished."""

    GO = "go"
    HOLD = "hold"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Pacers:
    """The rates of one worker."""

    read: Pacer
    write: Pacer

    def share(self, control: ControlRecord, now: float) -> None:
        """Set this worker's share of the migration's budget; less after a hold for health."""
        part = eased(control, now)
        self.read.set_share(share_of(part * control.read_units_per_second, control.sharers))
        self.write.set_share(share_of(part * control.write_units_per_second, control.sharers))

    def debt_seconds(self) -> float:
        """Return the seconds until the budget covers everything that was spent."""
        return max(self.read.debt_seconds(), self.write.debt_seconds())

    def take_throttles(self) -> Throttles:
        """Return how often reads and writes were throttled since the last call."""
        told = ((READ, self.read.take_refused()), (WRITE, self.write.take_refused()))
        one_by_one = (
            Throttles({reason_of(reason, verb): number})
            for verb, refused in told
            for reason, number in refused.items()
        )
        return sum(one_by_one, Throttles())

    def suffering(self) -> str:
        """Return what is throttled although this worker has slowed down; empty if nothing is."""
        words = {"reads": self.read, "writes": self.write}
        return " and ".join(word for word, pacer in words.items() if pacer.others_suffer())


@dataclass(slots=True, eq=False, repr=False)
class Guard:
    """Reads the control record and the lease, each no more often than its limit allows.

    ``jitter`` returns a random integer between two, both included.
    """

    ledger: Ledger
    record: MigrationRecord
    attempt: int
    clock: Callable[[], float]
    pacers: Pacers
    jitter: Callable[[int, int], int] = random.randint
    read_alarms: AlarmReader = no_alarms
    _last_look: float = field(default=float("-inf"), init=False)
    _held_at: float = field(default=float("-inf"), init=False)
    _last_order: Order = field(default=Order.GO, init=False)
    _control: ControlRecord | None = field(default=None, init=False)
    _working: bool = field(default=False, init=False)
    _joined: bool = field(default=False, init=False)

    def order(self) -> Order:
        """Return the order in force, at most ``CONTROL_SECONDS`` old.

        The end of the attempt's hours is known in advance, so it is obeyed to the second.
        """
        now = self.clock()
        if self._control and self._control.is_closed(now):
            self._last_look = float("-inf")
        if now - self._last_look >= CONTROL_SECONDS:
            self._last_order = self._look(now)
            self._last_look = now
        return self._last_order

    def hold_wait_seconds(self) -> int:
        """Return the wait of a held child in seconds, spread so that not all return at once."""
        spread = self.jitter(0, return_seconds(self.workers))
        return hold_wait_seconds(self._control, self.clock()) + spread

    def leave_wait_seconds(self) -> int:
        """Return the seconds to wait before an ordered end, spread so that not all end at once."""
        is_told = self._last_order is not Order.GO
        return self.jitter(0, leave_seconds(self.workers)) if is_told else 0

    @property
    def workers(self) -> int:
        """The number of workers that share the ledger, or could, at the last reading."""
        return max(self._control.sharers, self._control.live) if self._control else 0

    def _looks_outside(self, control: ControlRecord, now: float) -> bool:
        """Read the alarms and add up the cost when due; return whether holds have changed."""
        if control.hold_while:
            from ddb_transform.holds.health import AlarmWatch

            if AlarmWatch(self.sharing, self.clock, self.read_alarms).look(control, now):
                return True
        if control.max_cost_usd:
            from ddb_transform.holds.money import MoneyWatch

            return MoneyWatch(self.sharing, self.clock).look(control, now)
        return False

    @property
    def sharing(self) -> Sharing:
        return Sharing(self.ledger, self.record.migration_id, self.attempt)

    def join(self) -> float:
        """Count this worker among those that share the budget; return the seconds to wait first."""
        self.order()  # reads the control record, unless it was read seconds ago
        self._working = True
        if self._control is None or not self._control.has_budget:
            return 0.0
        self._joined = True
        seconds = self.sharing.join()
        self._last_look = float("-inf")  # the share has changed
        return seconds

    def leave(self) -> None:
        """Stop counting this worker; if that fails, the next count corrects it."""
        self._working = False
        if self._joined:
            self._joined = False
            with contextlib.suppress(MigrationError):
                self.sharing.leave()

    def stop_all(self, reason: str) -> None:
        """Order every worker of this attempt to stop."""
        self.ledger.stop(
            self.record.migration_id, attempt=self.attempt, reason=reason, now=self.clock()
        )

    def _look(self, now: float) -> Order:
        control = self._control = self.ledger.control(self.record.migration_id)
        order = order_of(control, self.attempt, now)
        if order is not Order.QUIT and control is not None and self._looks_outside(control, now):
            control = self._control = self.ledger.control(self.record.migration_id)
            order = order_of(control, self.attempt, now)
        if order is Order.QUIT or (self.record.mode.writes and not self._holds_table(now)):
            return Order.QUIT
        assert control is not None  # else the order is QUIT
        self._share(control, now)
        if order is Order.GO and self._hold_for_others(now):
            return Order.HOLD
        return order

    def _share(self, control: ControlRecord, now: float) -> None:
        if control.has_budget and self._working and not self._joined:
            self._joined = True  # the budget was set after this worker had begun
            self.sharing.join()
        elif control.has_budget and self._joined and self.sharing.renew(control, now):
            control = self.ledger.control(self.record.migration_id) or control
        self.pacers.share(control, now)

    def _hold_for_others(self, now: float) -> bool:
        """Pause the whole migration for a while if slowing down does not end the throttles."""
        what = self.pacers.suffering()
        if not what:
            return False
        reason = (
            f"{what} of table {self.record.table_name} were throttled for "
            f"{SUFFERING_SECONDS:.0f} s although this migration slowed down, so live traffic is "
            f"affected, too. It resumes by itself in {SUFFERING_HOLD_SECONDS} s. Raise the table's "
            "capacity or lower the budget."
        )
        hold = HoldRecord(
            kind=HoldKind.THROTTLED,
            reason=reason,
            by="workers",
            since=now,
            until=now + SUFFERING_HOLD_SECONDS,
        )
        return self.ledger.hold(self.record.migration_id, hold, attempt=self.attempt)

    def _holds_table(self, now: float) -> bool:
        """Return whether this migration holds the table, as of LEASE_LOOK_SECONDS ago at most.

        A migration that takes the table also writes STOP to this one's control record.
        """
        if now - self._held_at < LEASE_LOOK_SECONDS:
            return True
        record = self.record
        table = TableKey(record.table_arn, record.table_id, record.table_name)
        leases = Leases(self.ledger)
        lease = leases.look(table)
        if not is_held_by(lease, record.migration_id):
            lease = leases.get(table)  # the first read is only eventually consistent
        if not is_held_by(lease, record.migration_id):
            return False
        if renew(lease, record.migration_id, now):
            leases.change(table, lambda current: renew(current, record.migration_id, now))
        self._held_at = now
        return True


def order_of(control: ControlRecord | None, attempt: int, now: float) -> Order:
    """Return the order of the control record to a worker of this attempt.

    QUIT if the attempt is older or stopped, its hours are over, or it was on hold for over an hour.
    The end of the hours was written when the attempt began, so it ends in time without Airflow.
    """
    if control is None or control.attempt != attempt or control.command is Command.STOP:
        return Order.QUIT
    if control.is_closed(now):
        return Order.QUIT
    holds = control.in_force(now)
    if any(hold.ends_attempt(now) for hold in holds):
        return Order.QUIT
    return Order.HOLD if holds else Order.GO


def hold_wait_seconds(control: ControlRecord | None, now: float) -> int:
    """Return the wait of a held child in seconds, at most until its holds end by themselves."""
    if control is None or control.command is not Command.HOLD:
        return held_wait_seconds(0)
    holds = control.in_force(now)
    if not holds:
        return 1  # the hold has ended since it was read
    told = summary_of(holds)
    wait = held_wait_seconds(now - told.since)
    ends_in = math.ceil(told.until - now) if told.until else wait
    return max(1, min(wait, ends_in))
