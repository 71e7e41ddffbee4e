"""What a migration has cost so far, in dollars by part. Pure.

The parts have the same names as the plan's. Raised capacity, the undo log and the ledger's own
requests are not measured.
"""

from collections.abc import Mapping
from typing import Any, Final

from airflow_ddb_migrate.core.capacity.snapshot import BillingMode
from airflow_ddb_migrate.core.execution.progress import Progress
from airflow_ddb_migrate.core.health.spending import Rates
from airflow_ddb_migrate.core.ledger.counts import Units
from airflow_ddb_migrate.core.limits import FIRST_LAP_TRANSITIONS, MORE_LAP_TRANSITIONS
from airflow_ddb_migrate.core.plan.bill import Tariff

_MILLION: Final = 1_000_000
_THOUSAND: Final = 1_000
_MB: Final = 1_024  # memory of a worker in gigabytes


def rates_of(tariff: Tariff, *, regions: int = 1, **raised: float) -> Rates:
    """Return the same as prices of one of each; ``raised`` is the cost of raised capacity."""

    def dollars(**of: Any) -> float:
        known = {"lanes": 0, "done": 0, "running": 0, "live": 0, "failed": (), "unfinished": ()}
        return sum(measured_cost(Progress(**{**known, **of}), tariff, regions=regions).values())

    lap = dollars(total_laps=1)
    return Rates(
        written=dollars(units=Units(written=1.0)),
        read=dollars(units=Units(read=1.0)),
        second=dollars(worked_seconds=1.0),
        lap=lap,
        child=dollars(total_laps=1, lanes=1) - lap,
        **raised,
    )


def measured_cost(progress: Progress, tariff: Tariff, *, regions: int = 1) -> Mapping[str, float]:
    """Return dollars by part, from what workers have counted.

    Requests to a PROVISIONED table cost nothing beside its capacity, which is paid for anyway. A
    write to a global table is charged in each of its regions; workers count it in one.
    """
    units, laps, prices = progress.units, progress.total_laps, tariff.prices
    table = tariff.table_prices
    is_on_demand = tariff.billing_mode is BillingMode.PAY_PER_REQUEST
    ends = FIRST_LAP_TRANSITIONS - MORE_LAP_TRANSITIONS  # once for each child, in its first lap
    transitions = laps * MORE_LAP_TRANSITIONS + min(laps, progress.lanes) * ends
    gb_seconds = progress.worked_seconds * tariff.lambda_memory_mb / _MB
    return {
        "writes": is_on_demand * regions * units.written / _MILLION * table.write_request_million,
        "reads": is_on_demand * units.read / _MILLION * table.read_request_million,
        "lambda": gb_seconds * prices.lambda_gb_second
        + laps / _MILLION * prices.lambda_request_million,
        "step_functions": transitions / _THOUSAND * prices.step_functions_transition_thousand,
    }
