"""A migration as the tab in Airflow's UI shows it. Times are seconds since the epoch.

Each lane is one letter, so that 10,000 lanes are 10 kB. The figures of a lane are requested one
lane at a time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final, TypedDict

from airflow_ddb_migrate.core.execution.hold import Hold, ended_by
from airflow_ddb_migrate.core.execution.rates import Pulse, Reading
from airflow_ddb_migrate.core.ledger.events import BudgetStep
from airflow_ddb_migrate.core.ledger.holds import RESUMABLE
from airflow_ddb_migrate.core.ledger.records import (
    AttemptRecord,
    CapacityState,
    ControlRecord,
    LaneRow,
    LaneState,
    LeaseRecord,
    MigrationRecord,
)
from airflow_ddb_migrate.core.ledger.throttles import Trouble, trouble_of
from airflow_ddb_migrate.core.report.migration_report import Part
from airflow_ddb_migrate.core.text.bills import bill_words

LETTERS: Final = {
    LaneState.PENDING: "p",
    LaneState.RUNNING: "r",
    LaneState.DONE: "d",
    LaneState.FAILED: "f",
}
_PLAN_FIELDS = (
    "items",
    "bytes",
    "total_segments",
    "max_concurrency",
    "read_units_per_second",
    "write_units_per_second",
    "read_units",
    "write_units",
    "seconds",
    "bound_by",
    "cost_usd",
    "total_cost_usd",
    "prices",
    "raises",
    "warnings",
    "unknown",
    "alarms",
    "planned_by",
    "planned_at_iso",
)


class About(TypedDict):
    """The migration and its latest attempt."""

    migration_id: str
    table: str
    mode: str
    of: str
    transform: str
    params: str
    started_at: float
    started_by: str
    total_segments: int
    attempt: int
    attempt_started_at: float
    ended_at: float


class Control(TypedDict):
    """What the workers must do. Budgets are units per second of all workers together; 0: none."""

    command: str
    reason: str
    since: float
    until: float
    read_units_per_second: float
    write_units_per_second: float
    live: int
    sharers: int
    max_cost_usd: float


class HoldView(TypedDict):
    """One hold in force. ``ends`` says what ends it; ``resumable``: a person can end it."""

    kind: str
    by: str
    reason: str
    since: float
    until: float
    ends: str
    resumable: bool


class LaneView(Trouble):
    """One lane. ``segment`` is in work; ``error`` and ``cause`` have no values of items."""

    lane: int
    state: str
    segment: int
    attempt: int
    laps: int
    counts: dict[str, int]
    units: dict[str, float]
    worked_seconds: float
    error: str
    cause: str
    updated_at: float


class EventView(TypedDict):
    at: float
    what: str
    by: str
    caller: str
    words: str
    budget: dict[str, float]


class PulseView(TypedDict):
    """The current figures, see Pulse. Budgets are those in force; 0: none.

    None is unknown. ``seconds_left`` are the least and the most seconds.
    """

    items_now: float | None
    items_on_average: float | None
    written_now: float | None
    read_now: float | None
    write_share: float | None
    read_share: float | None
    write_units_per_second: float
    read_units_per_second: float
    workers: int
    dollars: float | None
    planned_dollars: float | None
    seconds_left: tuple[float, float] | None


class MigrationView(About, Trouble):
    """What the tab shows, as of ``observed_at``.

    - ``outcome``: a value of Outcome or NotBegun, or CANARY.
    - ``lanes``: a letter (LETTERS) for each lane, in order; ``in_scope``: how many of them the
      latest attempt works on.
    - ``capacity``: what capacity is not restored yet; empty: none.
    - ``plan``: empty without a plan; ``pulse``: missing if the migration never began.
    - ``budget``: the budget over time.
    - ``holds``: the holds in force; ``hold``: sentences about them, empty without any.
    """

    outcome: str
    reason: str
    is_live: bool
    lanes: str
    in_scope: int
    counts: dict[str, int]
    units: dict[str, float]
    control: Control | None
    capacity: str
    hold: str
    holds: list[HoldView]
    plan: dict[str, Any]
    pulse: PulseView | None
    parts: list[Part]
    events: list[EventView]
    budget: list[BudgetStep]
    observed_at: float


class QuarantineView(TypedDict):
    """The first quarantined items: keys as typed JSON, and why. ``unknown``: cannot be read."""

    rows: list[dict[str, Any]]
    where: str
    unknown: str


def about_view(record: MigrationRecord, attempt: AttemptRecord) -> About:
    return {
        "migration_id": record.migration_id,
        "table": record.table_name,
        "mode": record.mode.value,
        "of": record.of,
        "transform": record.transform,
        "params": record.params,
        "started_at": record.started_at,
        "started_by": record.started_by,
        "total_segments": record.total_segments,
        "attempt": attempt.number,
        "attempt_started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
    }


def lane_letters(rows: Iterable[LaneRow], lanes: int) -> str:
    """Return a letter for each lane; a lane without a row is pending."""
    letters = [LETTERS[LaneState.PENDING]] * lanes
    for row in rows:
        if row.lane < lanes:
            letters[row.lane] = LETTERS.get(row.state, LETTERS[LaneState.PENDING])
    return "".join(letters)


def lane_view(lane: int, row: LaneRow | None) -> LaneView:
    """Return the view of a lane; without a row it was never begun."""
    row = row or LaneRow(lane=lane, state=LaneState.PENDING, attempt=0, segment=lane)
    return {
        "lane": row.lane,
        "state": row.state.value,
        "segment": row.segment,
        "attempt": row.attempt,
        "laps": row.total_laps,
        "counts": row.counts.to_dict(),
        "units": row.units.to_dict(),
        **trouble_of(row.throttles, row.conflicts),
        "worked_seconds": row.worked_seconds,
        "error": row.error,
        "cause": row.cause,
        "updated_at": row.updated_at,
    }


def control_view(control: ControlRecord | None) -> Control | None:
    if control is None:
        return None
    return {
        "command": control.command.value,
        "reason": control.reason,
        "since": control.since,
        "until": control.until,
        "read_units_per_second": control.read_units_per_second,
        "write_units_per_second": control.write_units_per_second,
        "live": control.live,
        "sharers": control.sharers,
        "max_cost_usd": control.max_cost_usd,
    }


def hold_view(hold: Hold) -> HoldView:
    return {
        "kind": hold.kind,
        "by": hold.by,
        "reason": hold.reason,
        "since": hold.since,
        "until": hold.until,
        "ends": ended_by(hold),
        "resumable": hold.kind in RESUMABLE,
    }


def pulse_view(pulse: Pulse, look: Reading) -> PulseView:
    return {
        **asdict(pulse),  # type: ignore[typeddict-item]
        "write_units_per_second": look.write_units_per_second,
        "read_units_per_second": look.read_units_per_second,
    }


def plan_view(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan's main figures; plans of other versions may lack some."""
    shown = {name: plan[name] for name in _PLAN_FIELDS if name in plan}
    return shown | ({"cost_parts": bill_words(plan["cost_usd"])} if "cost_usd" in plan else {})


def capacity_words(lease: LeaseRecord | None, migration_id: str) -> str:
    """Return a sentence on capacity that is not restored yet, and who raised it."""
    if lease is None or not lease.owes_capacity:
        return ""
    whose = "this migration" if lease.migration_id == migration_id else lease.migration_id
    if lease.capacity_state is CapacityState.RESTORING:
        return f"Raised by {whose}; it is being restored."
    return f"Raised by {whose}; it is not restored yet."


def owes_capacity(lease: LeaseRecord | None, migration_id: str) -> bool:
    """Return whether this migration has raised capacity that is not restored yet."""
    return lease is not None and lease.owes_capacity and lease.migration_id == migration_id
