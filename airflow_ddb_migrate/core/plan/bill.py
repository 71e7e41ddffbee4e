"""What a migration costs in dollars, by part. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from airflow_ddb_migrate.core.capacity.snapshot import BillingMode, TableClass
from airflow_ddb_migrate.core.ledger.usage import (
    CONTROL_READ_UNITS,
    LEASE_READ_UNITS,
    looks_of_hold,
    save_seconds,
)
from airflow_ddb_migrate.core.limits import (
    HELD_LAP_TRANSITIONS,
    HELD_LOOK_SECONDS,
    HOLD_SECONDS,
    INVOCATION_COUNTS,
    INVOCATION_LOG_BYTES,
    INVOCATION_READS,
    INVOCATION_SAVES,
    LANE_ROW_UNITS,
    METRIC_LINE_BYTES,
    METRIC_SECONDS,
    SCAN_PAGE_ITEMS,
    UNDO_LOG_DAYS,
)
from airflow_ddb_migrate.core.metrics import catalog
from airflow_ddb_migrate.core.plan.estimate import Effort, Load
from airflow_ddb_migrate.core.plan.prices import Prices

_MILLION = 1_000_000
_THOUSAND = 1_000
_HOUR = 3_600
_GB = 1_024**3
_MB = 1_024
_MONTH_DAYS = 30
_MONTH_HOURS = 24 * _MONTH_DAYS
_PAGE_BYTES = 1_024**2  # [DDB] one page of a Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What a migration's cost depends on, beside its work.

    ``hourly_difference`` and ``once`` are prewarm's dollars. A PROVISIONED table's capacity is paid
    for anyway: only what prewarm adds costs more. ``prices`` are those of the table class Standard,
    which the ledger has, too. ``metric_sets`` are the dimension sets of the workers' metrics.
    """

    prices: Prices
    billing_mode: BillingMode
    lambda_memory_mb: int
    hourly_difference: float = 0.0
    once: float = 0.0
    table_class: TableClass = TableClass.STANDARD
    undo_log_days: int = UNDO_LOG_DAYS
    metric_sets: int = 0

    @property
    def table_prices(self) -> Prices:
        """The prices of the migrated table's class."""
        return self.prices.of_class(self.table_class)


def bill(load: Load, effort: Effort, tariff: Tariff, *, seconds: float) -> Mapping[str, float]:
    """Return dollars by part; ``seconds`` is how long prewarmed capacity stays raised."""
    prices, table = tariff.prices, tariff.table_prices
    requests = tariff.billing_mode is BillingMode.PAY_PER_REQUEST
    transitions = effort.transitions / _THOUSAND
    return {
        "writes": _per_million(load.billed_write_units, table.write_request_million) * requests,
        "vector_indexes": _per_million(load.vector_write_units, prices.write_request_million),
        "reads": _per_million(load.read_units, table.read_request_million) * requests,
        "prewarm": tariff.hourly_difference * seconds / _HOUR,
        "warm_throughput": tariff.once,
        "lambda": _lambda(effort.lambda_seconds, effort.invocations, tariff),
        "step_functions": transitions * prices.step_functions_transition_thousand,
        "undo_log": _undo_log(load, prices, tariff.undo_log_days),
        "ledger": _ledger(effort, prices, workers=effort.lambda_seconds / max(1.0, seconds)),
        "cloudwatch": _logs(effort, tariff) + _metrics(tariff, seconds),
    }


def bill_of_hold(children: int, tariff: Tariff, *, seconds: float = HOLD_SECONDS) -> float:
    """Return the most dollars that this number of children cost while they are held.

    Each poll is an invocation that reads a little of the ledger, and three state transitions.
    Raised capacity is not included.
    """
    looks, prices = children * looks_of_hold(seconds), tariff.prices
    transitions = looks * HELD_LAP_TRANSITIONS / _THOUSAND
    return (
        transitions * prices.step_functions_transition_thousand
        + _lambda(looks * HELD_LOOK_SECONDS, looks, tariff)
        + _per_million(looks * INVOCATION_READS, prices.read_request_million)
    )


def _lambda(seconds: float, invocations: int, tariff: Tariff) -> float:
    gb_seconds = seconds * tariff.lambda_memory_mb / _MB
    calls = _per_million(invocations, tariff.prices.lambda_request_million)
    return gb_seconds * tariff.prices.lambda_gb_second + calls


def _undo_log(load: Load, prices: Prices, days: int) -> float:
    """Return the undo log's dollars: one object for each page with a change, until it expires."""
    pages = max(load.items / SCAN_PAGE_ITEMS, load.bytes / _PAGE_BYTES)
    objects = min(pages, load.changed)
    months = days / _MONTH_DAYS
    kept = load.changed * load.logged_bytes / _GB * months * prices.s3_storage_gb_month
    return objects / _THOUSAND * prices.s3_put_thousand + kept


def _ledger(effort: Effort, prices: Prices, *, workers: float) -> float:
    """Return the ledger's dollars.

    A worker saves its lane row regularly and reads the control record and the lease. An invocation
    also reads its records, takes its lane and gives it back.
    """
    seconds, calls = effort.lambda_seconds, effort.invocations
    saves = seconds / save_seconds(round(workers)) + calls * INVOCATION_SAVES
    reads = seconds * (CONTROL_READ_UNITS + LEASE_READ_UNITS) + calls * INVOCATION_READS
    writes = saves * LANE_ROW_UNITS + calls * INVOCATION_COUNTS
    return _per_million(writes, prices.write_request_million) + _per_million(
        reads, prices.read_request_million
    )


def _logs(effort: Effort, tariff: Tariff) -> float:
    """Return the logs' dollars: Lambda's lines and, with metrics, one per minute and slice."""
    lines = effort.invocations + effort.lambda_seconds / METRIC_SECONDS
    written = lines * METRIC_LINE_BYTES if tariff.metric_sets else 0
    bytes_ = written + effort.invocations * INVOCATION_LOG_BYTES
    return bytes_ / _GB * tariff.prices.cloudwatch_logs_gb


def _metrics(tariff: Tariff, seconds: float) -> float:
    """Return the metrics' dollars: of each dimension set, for each hour in which it is sent."""
    hours = math.ceil(seconds / _HOUR)
    metrics = tariff.metric_sets * len(catalog.WORKER)
    return metrics * hours / _MONTH_HOURS * tariff.prices.cloudwatch_metric_month


def _per_million(number: float, price: float) -> float:
    return number / _MILLION * price
