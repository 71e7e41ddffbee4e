"""The figures of a worker, from its lane's row before and now. Pure."""

from collections.abc import Mapping
from dataclasses import fields

from airflow_ddb_migrate.core.ledger.records import LaneRow
from airflow_ddb_migrate.core.ledger.throttles import WHYS, why_of
from airflow_ddb_migrate.core.metrics import catalog
from airflow_ddb_migrate.core.metrics.catalog import Metric
from airflow_ddb_migrate.core.mode import Mode

_PERCENT = 100


def slice_values(
    before: LaneRow, after: LaneRow, mode: Mode, share: float | None
) -> dict[Metric, float]:
    """Return the work that was done between two rows of one lane.

    :param share: the worker's share of the write budget, in units per second; None: no budget.
    """
    seconds = after.worked_seconds - before.worked_seconds
    counts, units = _grown(before.counts, after.counts), _grown(before.units, after.units)
    values: dict[Metric, float] = {
        catalog.ITEMS_SEEN: counts["seen"],
        catalog.READ_UNITS: units["read"],
        catalog.SLICE_SECONDS: seconds,
        **_throttles(before, after),
    }
    if not mode.writes:
        return values
    values |= {
        catalog.ITEMS_CHANGED: counts["changed"],
        catalog.ITEMS_DELETED: counts["deleted"],
        catalog.ITEMS_QUARANTINED: counts["quarantined"],
        catalog.CONFLICTS: after.conflicts - before.conflicts,
        catalog.WRITE_UNITS: units["written"],
    }
    if share and seconds > 0:
        values[catalog.WRITE_BUDGET_USED] = _PERCENT * units["busiest"] / (share * seconds)
    return values


def throttle_reasons(before: LaneRow, after: LaneRow) -> dict[str, int]:
    """Return the throttled requests in between, by DynamoDB's reason and the index."""
    then = before.throttles.by_reason
    grown = {name: n - then.get(name, 0) for name, n in after.throttles.by_reason.items()}
    return {name: number for name, number in grown.items() if number}


def _throttles(before: LaneRow, after: LaneRow) -> Mapping[Metric, float]:
    """Return the number of all throttled requests, and of each reason that occurred."""
    sums = dict.fromkeys((*WHYS, ""), 0)
    for reason, number in throttle_reasons(before, after).items():
        sums[why_of(reason)] += number
    by_reason = zip(catalog.THROTTLES_BY_REASON, sums.values(), strict=True)
    return {
        catalog.THROTTLES: sum(sums.values()),
        **{metric: number for metric, number in by_reason if number},
    }


def _grown(before: object, after: object) -> dict[str, float]:
    """Return by how much each field of a record of figures has grown."""
    names = (f.name for f in fields(after))  # type: ignore[arg-type]
    return {name: getattr(after, name) - getattr(before, name) for name in names}
