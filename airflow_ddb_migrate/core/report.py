"""The report of a migration: composed from the ledger, as data and as markdown."""

from collections.abc import Mapping
from typing import TypedDict

from airflow_ddb_migrate.core.capacity import CapacitySnapshot


class UnitsShown(TypedDict):
    read: int
    write: int


class ResourceCapacity(TypedDict):
    """One billing mode's figures of a table and, by name, its indexes."""

    billing_mode: str
    table: UnitsShown
    indexes: dict[str, UnitsShown]


class CapacityReport(TypedDict):
    """Missing stages are None: nothing was raised, or restore did not run yet."""

    before: ResourceCapacity | None
    during: ResourceCapacity | None
    after: ResourceCapacity | None


class Report(TypedDict):
    """Times in seconds, units as DynamoDB reported them."""

    migration_id: str
    table: str
    segments: int
    transform: str
    status: str
    reason: str
    attempts: int
    counts: dict[str, int]
    units: dict[str, float]
    writer: str
    capacity: CapacityReport
    seconds: float
    started_by: str
    execution_arn: str


def show_capacity(snapshot: CapacitySnapshot) -> ResourceCapacity:
    """Return the provisioned figures; zero in an on-demand table, which has none."""
    units: Mapping[str, UnitsShown] = {
        name: {"read": value.read, "write": value.write}
        for name, value in snapshot.provisioned.items()
    }
    return {
        "billing_mode": snapshot.billing_mode.value,
        "table": units[""],
        "indexes": {name: value for name, value in units.items() if name},
    }


def to_markdown(report: Report) -> str:
    """Return the report as a person reads it in the task's log."""
    counts = "".join(f"| {name} | {value:,} |\n" for name, value in report["counts"].items())
    units = report["units"]
    capacity = "".join(
        f"| {stage} | {_capacity_words(report['capacity'][stage])} |\n"
        for stage in ("before", "during", "after")
    )
    return (
        f"# Migration {report['migration_id']}: {report['status']}\n\n"
        f"{report['reason']}\n\n"
        f"Table {report['table']}, {report['segments']:,} segments, transform "
        f"{report['transform']}, {report['attempts']} attempts, {report['seconds']:.0f} s.\n"
        f"Started by {report['started_by']}. Execution {report['execution_arn']}.\n\n"
        f"| items | |\n|---|---|\n{counts}\n"
        f"Units: {units['read']:,.1f} read, {units['written']:,.1f} written.\n\n"
        f"{report['writer']}\n\n"
        f"| capacity | units per second |\n|---|---|\n{capacity}"
    )


def _capacity_words(shown: ResourceCapacity | None) -> str:
    if shown is None:
        return "-"
    parts = {"table": shown["table"], **shown["indexes"]}
    words = (f"{name} {u['read']:,} read / {u['write']:,} write" for name, u in parts.items())
    return f"{shown['billing_mode']}: {', '.join(words)}"
