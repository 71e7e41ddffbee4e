"""The plan of a migration: work, time and cost. Pure.

All figures are computed from a few inputs (``load``, ``pace``, ``layout``, ``tariff``), so they
cannot contradict each other. The results of a dry run replace the load only.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from airflow_ddb_migrate.core.capacity.snapshot import BillingMode, TableClass
from airflow_ddb_migrate.core.hours.nights import Night
from airflow_ddb_migrate.core.limits import FIRST_LAP_TRANSITIONS
from airflow_ddb_migrate.core.plan.bill import Tariff, bill
from airflow_ddb_migrate.core.plan.estimate import (
    Duration,
    Effort,
    Load,
    Pace,
    duration,
    effort,
)
from airflow_ddb_migrate.core.plan.prices import Prices
from airflow_ddb_migrate.core.plan.segmentation import Layout
from airflow_ddb_migrate.core.plan.table_facts import IndexFacts, vector_writes, writes_by_resource

_ENOUGH_LANES = 0.01  # of all lanes: fewer say too little about the number of items


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRunFigures:
    """A dry run's figures: it read ``items`` in ``sampled_lanes`` lanes (0: in all).

    ``write_units`` are the units that the changes would cost in the table, without its indexes.
    """

    items: int
    changed: int
    deleted: int
    write_units: float
    changed_attributes: tuple[str, ...] = ()
    sampled_lanes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationPlan:
    """What a migration will do. Budgets are units per second of the whole migration; 0: none.

    - ``item_count``: AWS's own figure, up to six hours old.
    - ``raises``: the changes of capacity, in words.
    - ``replicas``: the table's other regions.
    - ``warnings`` and ``unknown``: sentences.
    - ``writes``: the writes of one change by resource; None in plans of older versions.
    - ``transform_hash``: the hash of the transform that was deployed; ``params_hash``: that of its
      parameters.
    - ``alarms``: the alarms that hold the migration, with their states when it was planned.
    - ``max_cost_usd``: the cost at which it is put on hold; None: no limit.
    - ``windows``: lists of windows in which it may work; none: always. Then ``nights`` share the
      work, which is done at ``latest_done_at`` (seconds since the epoch) at the latest.
    """

    migration_id: str
    table_name: str
    transform: str
    read_units_per_second: float
    write_units_per_second: float
    load: Load
    pace: Pace
    layout: Layout
    tariff: Tariff
    item_count: int
    transform_hash: str = ""
    params_hash: str = ""
    planned_by: str = ""
    planned_at_iso: str = ""
    indexes: tuple[IndexFacts, ...] = ()
    writes: Mapping[str, int] | None = None
    replicas: tuple[str, ...] = ()
    raises: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    alarms: Mapping[str, str] = field(default_factory=dict)
    windows: tuple[tuple[str, ...], ...] = ()
    nights: tuple[Night, ...] = ()
    latest_done_at: float = 0.0
    max_cost_usd: float | None = None

    @property
    def total_segments(self) -> int:
        return self.layout.total_segments

    @property
    def max_concurrency(self) -> int:
        return self.layout.max_concurrency

    @property
    def seconds(self) -> Duration:
        return duration(self.load, self.pace, self.layout)

    @property
    def effort(self) -> Effort:
        """What the workers use. Each night but the first starts the unfinished lanes again."""
        whole = effort(self.load, self.layout, self.seconds.low)
        again = math.ceil(sum(map(self._left_after, range(1, len(self.nights)))))
        return replace(
            whole,
            invocations=whole.invocations + again,
            transitions=whole.transitions + again * FIRST_LAP_TRANSITIONS,
        )

    @property
    def cost_usd(self) -> Mapping[str, float]:
        """Dollars by part."""
        kept = sum(night.seconds for night in self.nights) or self.seconds.expected
        return bill(self.load, self.effort, self.tariff, seconds=kept)

    @property
    def night_costs_usd(self) -> tuple[float, ...]:
        """Dollars of each night: raised capacity by its hours, the rest by its share of the work.

        One-time costs are in the first night.
        """
        costs = self.cost_usd
        raised, once = costs["prewarm"], costs["warm_throughput"]
        seconds = sum(night.seconds for night in self.nights)
        return tuple(
            raised * night.seconds / seconds
            + (self.total_cost_usd - raised - once) * night.share
            + once * (number == 0)
            for number, night in enumerate(self.nights)
        )

    def _left_after(self, nights: int) -> float:
        """Return how many lanes are unfinished after a number of nights."""
        return self.layout.lanes * (1 - sum(night.share for night in self.nights[:nights]))

    @property
    def total_cost_usd(self) -> float:
        return sum(self.cost_usd.values())

    def to_dict(self) -> dict[str, Any]:
        """Return plain data: the figures, and the inputs as ``basis``."""
        load, seconds = self.load, self.seconds
        return {
            "migration_id": self.migration_id,
            "table_name": self.table_name,
            "transform": self.transform,
            "transform_hash": self.transform_hash,
            "params_hash": self.params_hash,
            "planned_by": self.planned_by,
            "planned_at_iso": self.planned_at_iso,
            "total_segments": self.total_segments,
            "max_concurrency": self.max_concurrency,
            "lanes": self.layout.lanes,
            "read_units_per_second": self.read_units_per_second,
            "write_units_per_second": self.write_units_per_second,
            "items": load.items,
            "bytes": load.bytes,
            "changed_share": load.changed_share,
            "units_per_item": load.units_per_item,
            "writes_per_change": load.writes_per_change,
            "writes_at_busiest": load.writes_at_busiest,
            "regions": load.regions,
            "replicas": list(self.replicas),
            "partitions": self.pace.partitions,
            "read_units": round(load.read_units),
            "write_units": round(load.write_units),
            "billed_write_units": round(load.billed_write_units),
            "seconds": {
                "low": round(seconds.low),
                "expected": round(seconds.expected),
                "high": round(seconds.high),
            },
            "bound_by": seconds.bound_by,
            "windows": list(map(list, self.windows)),
            "nights": [asdict(night) for night in self.nights],
            "latest_done_at": self.latest_done_at,
            "cost_usd": {part: round(dollars, 6) for part, dollars in self.cost_usd.items()},
            "total_cost_usd": round(self.total_cost_usd, 6),
            "prices": self.tariff.table_prices.words,
            "raises": list(self.raises),
            "warnings": list(self.warnings),
            "unknown": list(self.unknown),
            "alarms": dict(self.alarms),
            "max_cost_usd": self.max_cost_usd,
            "basis": self._basis(),
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a plan; its figures are computed from ``basis`` again."""
        data = json.loads(text)
        basis = data["basis"]
        tariff = basis["tariff"]
        return cls(
            migration_id=data["migration_id"],
            table_name=data["table_name"],
            transform=data["transform"],
            transform_hash=data.get("transform_hash", ""),
            params_hash=data.get("params_hash", ""),
            planned_by=data["planned_by"],
            planned_at_iso=data["planned_at_iso"],
            read_units_per_second=data["read_units_per_second"],
            write_units_per_second=data["write_units_per_second"],
            load=Load(**basis["load"]),
            pace=Pace(**basis["pace"]),
            layout=Layout(**basis["layout"]),
            tariff=Tariff(
                **{
                    **tariff,
                    "prices": Prices(**tariff["prices"]),
                    "billing_mode": BillingMode(tariff["billing_mode"]),
                    "table_class": TableClass(tariff.get("table_class", TableClass.STANDARD)),
                }
            ),
            item_count=basis["item_count"],
            indexes=tuple(_index(row) for row in basis["indexes"]),
            writes=basis.get("writes"),
            replicas=tuple(data.get("replicas", ())),
            raises=tuple(data["raises"]),
            warnings=tuple(data["warnings"]),
            unknown=tuple(data["unknown"]),
            alarms=data.get("alarms", {}),
            windows=tuple(map(tuple, data.get("windows", ()))),
            nights=tuple(Night(**night) for night in data.get("nights", ())),
            latest_done_at=data.get("latest_done_at", 0.0),
            max_cost_usd=data.get("max_cost_usd"),
        )

    def _basis(self) -> dict[str, Any]:
        return {
            "load": asdict(self.load),
            "pace": asdict(self.pace),
            "layout": asdict(self.layout),
            "tariff": asdict(self.tariff),
            "item_count": self.item_count,
            "indexes": [asdict(index) for index in self.indexes],
            "writes": self.writes,
        }


def corrected(plan: MigrationPlan, seen: DryRunFigures) -> MigrationPlan:
    """Return the plan with a dry run's figures; budgets and segments stay.

    The dry run decides the number of items if it read all lanes, if AWS's own figure is 0, or if it
    read at least 1 % of the lanes.
    """
    if not seen.items:
        return plan
    writes = seen.changed + seen.deleted
    items = _items(plan, seen)
    old, kinds = plan.load, _kinds_of_change(seen)
    by_resource = [writes_by_resource(plan.indexes, changed) for changed in kinds]
    load = replace(
        old,
        items=items,
        bytes=round(old.bytes / old.items * items) if old.items else old.bytes,
        changed_share=writes / seen.items,
        units_per_item=seen.write_units / writes if writes else old.units_per_item,
        writes_per_change=max(sum(found.values()) for found in by_resource),
        writes_at_busiest=max(max(found.values()) for found in by_resource),
        vector_writes=max(vector_writes(plan.indexes, changed) for changed in kinds),
    )
    return replace(plan, load=load, writes=_most(by_resource))


def _items(plan: MigrationPlan, seen: DryRunFigures) -> int:
    lanes = plan.layout.lanes
    if not 0 < seen.sampled_lanes < lanes:
        return seen.items
    if plan.item_count and seen.sampled_lanes < _ENOUGH_LANES * lanes:
        return plan.load.items
    return round(seen.items * lanes / seen.sampled_lanes)


def _kinds_of_change(seen: DryRunFigures) -> tuple[tuple[str, ...] | None, ...]:
    """Return which attributes a change writes; a deletion writes all: it affects every index.

    If part of the table was read and no change was found, it is unknown what the rest changes.
    """
    is_known = seen.changed or not seen.sampled_lanes
    changed = seen.changed_attributes if is_known else None
    return (changed, None) if seen.deleted else (changed,)


def _most(kinds: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {resource: max(one[resource] for one in kinds) for resource in kinds[0]}


def _index(row: Mapping[str, Any]) -> IndexFacts:
    projected = row["projected"]
    return IndexFacts(
        name=row["name"],
        key_names=tuple(row["key_names"]),
        projected=None if projected is None else tuple(projected),
        is_local=row["is_local"],
        is_vector=row.get("is_vector", False),
    )
