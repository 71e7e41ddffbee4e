"""What a migration did: plain data for XCom, the bucket and the ledger."""

from collections.abc import Mapping
from typing import Any, TypedDict

from airflow_ddb_migrate.core.capacity.snapshot import CapacitySnapshot
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.results import CANARY, NotBegun, Outcome
from airflow_ddb_migrate.core.ledger.throttles import Trouble


class UnitsShown(TypedDict):
    read: int
    write: int


class ResourceCapacity(TypedDict):
    """The billing mode, and the units of the table and of its indexes by name."""

    billing_mode: str
    table: UnitsShown
    indexes: dict[str, UnitsShown]


class CapacityReport(TypedDict):
    """The capacity by stage. None: nothing was raised, or it is not restored yet."""

    before: ResourceCapacity | None
    during: ResourceCapacity | None
    after: ResourceCapacity | None


class Try(TypedDict):
    """One attempt, with the segments that it was given. Times are ISO 8601; empty: not yet."""

    number: int
    canary: bool
    segments: int
    started_at: str
    ended_at: str
    result: str


class Cost(TypedDict):
    """Dollars by part and seconds, planned and measured; the former are empty without a plan."""

    planned: dict[str, float]
    measured: dict[str, float]
    planned_total: float | None
    measured_total: float
    planned_seconds: float | None
    prices: str


class Part(TypedDict):
    """A dry run, check, replay or undo that belongs to this migration."""

    migration_id: str
    mode: str
    status: str
    reason: str
    counts: dict[str, int]
    started_by: str
    started_at: str


class QuarantineReport(TypedDict):
    """Quarantined items. ``replay`` says how to retry them; ``replays`` are the retries."""

    count: int
    where: str
    replay: str
    replays: list[Part]


class UndoReport(TypedDict):
    """``how`` is empty if nothing can be undone; ``undos`` are the undos that were started."""

    how: str
    undos: list[Part]


class Links(TypedDict):
    """Where to find more; empty if there is nothing, ``unknown: …`` if AWS refused to say."""

    execution: str
    map_run_arn: str
    bucket: str
    log_group: str


class Steered(TypedDict):
    """A pause, a resume, a retuning or a stop. ``by`` and ``caller`` are those of an Event."""

    at: str
    what: str
    by: str
    caller: str
    words: str


class Report(Trouble):
    """The whole report. Times are in seconds, units as DynamoDB reported them.

    ``status`` is a value of Outcome or NotBegun, or CANARY (``left`` segments were not begun).
    ``seconds`` are from the first start to the last end. ``counts_words`` says whether the counts
    add up. ``backup`` is what the backup gate found; None if it did not run. ``runtime`` describes
    Lambda's Python and botocore; empty if unknown.
    """

    migration_id: str
    table: str
    segments: int
    transform: str
    mode: str
    of: str
    status: str
    reason: str
    left: int
    attempts: int
    tries: list[Try]
    counts: dict[str, int]
    counts_words: str
    units: dict[str, float]
    writer: str
    runtime: str
    capacity: CapacityReport
    seconds: float
    started_at: str
    started_by: str
    execution_arn: str
    cost: Cost
    backup: dict[str, Any] | None
    parts: list[Part]
    quarantine: QuarantineReport
    undo: UndoReport
    steered: list[Steered]
    links: Links


def show_noted_capacity(snapshot: CapacitySnapshot | None) -> ResourceCapacity | None:
    return show_capacity(snapshot) if snapshot else None


def show_capacity(snapshot: CapacitySnapshot) -> ResourceCapacity:
    """Return the provisioned units, which are zero in an on-demand table."""
    units: Mapping[str, UnitsShown] = {
        name: {"read": value.read, "write": value.write}
        for name, value in snapshot.provisioned.items()
    }
    return {
        "billing_mode": snapshot.billing_mode.value,
        "table": units[""],
        "indexes": {name: value for name, value in units.items() if name},
    }


def counts_words(counts: Counts) -> str:
    """Return a sentence on whether every item that was seen is accounted for."""
    others = sum(number for name, number in counts.to_dict().items() if name != "seen")
    if others == counts.seen:
        return f"Every one of {counts.seen:,} items seen is accounted for."
    return (
        f"The counts do not add up: {counts.seen:,} items were seen and {others:,} are accounted "
        "for. Please report this as a bug, with the migration's lane rows in the ledger."
    )


def failure(report: Report, failed_tasks: Mapping[str, str]) -> str:
    """Return why a run that ends with this report has failed; empty if it has not.

    ``failed_tasks`` are states of tasks by name. A migration that was never started is not a
    failure, nor is a canary that was not continued.
    """
    parts = [
        f"Tasks of this run failed: {_states(failed_tasks)}. See their logs." * bool(failed_tasks),
        _unfinished(report),
    ]
    return " ".join(part for part in parts if part)


def _states(failed_tasks: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({state})" for name, state in sorted(failed_tasks.items()))


def _unfinished(report: Report) -> str:
    if report["status"] in {Outcome.SUCCEEDED, CANARY, *NotBegun}:
        return ""
    word = "failed" if report["status"] == Outcome.FAILED else "is not finished"
    return f"Migration {report['migration_id']} {word} ({report['status']}). {report['reason']}"
