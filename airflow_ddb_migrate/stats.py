"""Gauges of a migration in Airflow's metrics: StatsD, OpenTelemetry or Datadog.

They are named by table, so their number does not grow with the number of migrations.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from airflow_ddb_migrate._compat import conf
from airflow_ddb_migrate.aws.execution.observe import Observation
from airflow_ddb_migrate.aws.execution.rates import planned_work, reading_of
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.execution.rates import PlannedWork, Pulses
from airflow_ddb_migrate.core.metrics import catalog
from airflow_ddb_migrate.core.metrics.catalog import Metric
from airflow_ddb_migrate.core.metrics.gauges import gauges_of, state_of

PREFIX: Final = "ddb_migrate"
_TABLE_CHARS: Final = 200  # StatsD takes names of 250

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class StatsTeller:
    """Sends gauges to Airflow's metrics. A gauge that cannot be sent is ignored.

    :param stats: a function that returns Airflow's Stats of this process. ``_compat`` has one for
        tasks and one for the triggerer.
    """

    stats: Callable[[], Any]
    _pulses: Pulses = field(default_factory=Pulses, init=False)
    _expected: PlannedWork | None = field(default=None, init=False)

    def tell(self, site: Site, seen: Observation) -> None:
        """Send the progress of a migration. A pass that only reads sends nothing."""
        if seen.record.mode.writes:
            self._send(site, lambda: {**self._figures(site, seen), **_owed_capacity(site)})

    def tell_owed(self, site: Site) -> None:
        """Send whether raised capacity still has to be restored."""
        self._send(site, lambda: _owed_capacity(site))

    def _figures(self, site: Site, seen: Observation) -> dict[Metric, float]:
        self._expected = self._expected or planned_work(site, seen)
        pulse = self._pulses.of(reading_of(site, seen, is_priced=False), self._expected)
        state = state_of(
            seen.verdict.outcome,
            is_held=bool(seen.orders.hold_reason),
            is_stopped=bool(seen.orders.stop_reason),
        )
        return gauges_of(seen.progress, state, pulse.seconds_left)

    def _send(self, site: Site, figures: Callable[[], Mapping[Metric, float]]) -> None:
        try:
            stats, table, drops_tags = self.stats(), site.table.name, _drops_tags()
            for metric, value in figures().items():
                if drops_tags:
                    stats.gauge(f"{PREFIX}.{_in_name(table)}.{metric.name}", value)
                else:
                    stats.gauge(f"{PREFIX}.{metric.name}", value, tags={"table": table})
        except Exception:  # noqa: BLE001  # whatever a backend of metrics raises
            _log.debug("Metrics of migration %s were not sent", site.migration_id, exc_info=True)


def _owed_capacity(site: Site) -> dict[Metric, float]:
    """Return 1 until this migration's raised capacity is restored, then 0."""
    lease = site.leases.look(site.table.key)
    is_ours = lease is not None and lease.migration_id == site.migration_id
    return {catalog.CAPACITY_OWED: int(is_ours and lease is not None and lease.owes_capacity)}


def _drops_tags() -> bool:
    """Return whether Airflow's metrics have no tags, as with plain StatsD."""

    def is_on(name: str) -> bool:
        return bool(conf.getboolean("metrics", name, fallback=False))

    has_tags = is_on("statsd_datadog_enabled") or is_on("statsd_influxdb_enabled")
    return is_on("statsd_on") and not has_tags


def _in_name(table: str) -> str:
    """Return the table name without dots, which would begin another level of the metric's name."""
    return table.replace(".", "__")[:_TABLE_CHARS]
