"""AWS's prices in dollars, and what a change of capacity costs, as numbers and in words.

The figures are list prices, kept in ``prices.json``; discounts and taxes are not included. They are
a guide for the reader, not a bill.

A global table's writes and warm throughput are charged in each region, its reads only in the region
that reads. Source: "Understanding Amazon DynamoDB billing for global tables", "Understanding
DynamoDB warm throughput".
"""

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Self, assert_never

from airflow_ddb_migrate.core.capacity.changes import (
    CapacityChange,
    Change,
    ModeChange,
    ScalingChange,
)
from airflow_ddb_migrate.core.capacity.snapshot import (
    BillingMode,
    CapacityUnits,
    Setting,
    TableClass,
)
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.text.figures import dollars_words
from airflow_ddb_migrate.core.validation import is_number

KNOWN_REGION: Final = "us-east-1"  # used for a region whose prices are not known

_FILE: Final = Path(__file__).with_name("prices.json")
_IA: Final = "ia_"
_NO_FIGURES: Final = frozenset({"as_of", "region", "note"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices in dollars; ``*_million`` and ``*_thousand`` per that many, ``*_hour`` per hour.

    ``warm_*_unit`` is charged once per unit of the difference. ``ia_*`` are those of the table
    class Standard-IA. AWS publishes no price of its warm throughput, so that is assumed to be
    higher by the same factor as its capacity. Lambda is arm64. ``region`` is the region of the
    prices; ``note`` says what is special about them, empty: nothing.
    """

    as_of: str
    region: str
    note: str = ""
    write_request_million: float  # on-demand
    read_request_million: float
    write_unit_hour: float  # provisioned
    read_unit_hour: float
    warm_write_unit: float
    warm_read_unit: float
    lambda_gb_second: float
    lambda_request_million: float
    step_functions_transition_thousand: float
    s3_put_thousand: float
    s3_storage_gb_month: float
    pitr_storage_gb_month: float
    backup_storage_gb_month: float
    ia_write_request_million: float = 0.0  # plans of older versions do not have these
    ia_read_request_million: float = 0.0
    ia_write_unit_hour: float = 0.0
    ia_read_unit_hour: float = 0.0
    ia_warm_write_unit: float = 0.0
    ia_warm_read_unit: float = 0.0
    cloudwatch_metric_month: float = 0.0
    cloudwatch_logs_gb: float = 0.0

    def overridden(self, figures: object) -> Self:
        """Return the prices with some of them replaced by your own.

        :raises InvalidInputError: a name is unknown, or a figure is not a number of at least 0.
        """
        if not isinstance(figures, Mapping):
            raise InvalidInputError(
                f"prices is {figures!r}; it must be a JSON object of prices in dollars, as in "
                '{"write_request_million": 0.7}.'
            )
        for name, value in figures.items():
            _require_figure(name, value)
        if not figures:
            return self
        own = ", ".join(sorted(figures))
        note = f"{self.note} " if self.note else ""
        return replace(self, note=f"{note}Given for this run: {own}.", **figures)

    def of_class(self, table_class: TableClass) -> Self:
        """Return the prices of a table of this class."""
        if table_class is TableClass.STANDARD:
            return self
        own = {f.name: getattr(self, f"{_IA}{f.name}", 0.0) for f in fields(self)}
        known: dict[str, Any] = {name: figure for name, figure in own.items() if figure}
        note = f"{self.note} " if self.note else ""
        return replace(self, **known, note=f"{note}Table class Standard-IA.")

    @property
    def words(self) -> str:
        """The region of the prices, and their date."""
        return f"{self.region}, {self.as_of}" + (f" ({self.note})" if self.note else "")


def prices_for(region: str) -> Prices:
    """Return a region's list prices; if they are unknown, us-east-1's with a ``note``."""
    known = _known()
    if region in known["regions"]:
        return Prices(as_of=known["as_of"], region=region, **known["regions"][region])
    return Prices(
        as_of=known["as_of"],
        region=KNOWN_REGION,
        note=f"Prices of {region or 'this region'} are not known; they may be some 10 to 50 % "
        "higher.",
        **known["regions"][KNOWN_REGION],
    )


@functools.cache
def _known() -> dict[str, Any]:
    return json.loads(_FILE.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def _require_figure(name: object, value: object) -> None:
    known = [f.name for f in fields(Prices) if f.name not in _NO_FIGURES]
    if name not in known:
        raise InvalidInputError(
            f"prices has {name!r}, which is unknown. Known prices: {', '.join(known)}."
        )
    if not is_number(value) or value < 0:
        raise InvalidInputError(
            f"prices has {name}={value!r}; it must be a number of dollars, at least 0."
        )


def hourly(units: CapacityUnits, prices: Prices, replicas: Sequence[str] = ()) -> float:
    """Return the price of provisioned units per hour; the write units count in each replica."""
    writes = units.write * (1 + len(replicas))
    return units.read * prices.read_unit_hour + writes * prices.write_unit_hour


def hourly_difference(
    changes: Iterable[Change], prices: Prices, replicas: Sequence[str] = ()
) -> float:
    """Return by how much the changes raise the price of provisioned capacity per hour."""
    return sum(
        hourly(change.after, prices, replicas) - hourly(change.before, prices, replicas)
        for change in changes
        if isinstance(change, CapacityChange) and change.setting is Setting.PROVISIONED
    )


def once(changes: Iterable[Change], prices: Prices, replicas: Sequence[str] = ()) -> float:
    """Return the one-time price of raised warm throughput; AWS raises it in every replica."""
    return (1 + len(replicas)) * sum(
        (change.after.read - change.before.read) * prices.warm_read_unit
        + (change.after.write - change.before.write) * prices.warm_write_unit
        for change in changes
        if isinstance(change, CapacityChange) and change.setting is Setting.WARM_THROUGHPUT
    )


def everywhere(replicas: Sequence[str]) -> str:
    """Return the words after a price that say where it is paid; empty for one region."""
    if not replicas:
        return ""
    return f" in {1 + len(replicas)} regions (here and in {', '.join(replicas)})"


def cost_words(change: Change, prices: Prices, replicas: Sequence[str] = ()) -> str:
    """Return what a raise costs in all regions together, and whether it can be undone."""
    where = everywhere(replicas)
    match change:
        case ScalingChange():
            return "free; restore reverts it"
        case ModeChange():
            return _mode_words(change, prices)
        case CapacityChange(setting=Setting.PROVISIONED):
            more = hourly_difference([change], prices, replicas)
            return f"{dollars_words(more)} more per hour{where} until restore lowers it"
        case CapacityChange(setting=Setting.WARM_THROUGHPUT):
            paid = once([change], prices, replicas)
            return (
                f"{dollars_words(paid)} once{where}; permanent: AWS never lowers it, and restore "
                "does not refund it"
            )
        case CapacityChange():
            return "free, but allows more requests, which are charged; restore reverts it"
    assert_never(change)


def _mode_words(change: ModeChange, prices: Prices) -> str:
    saved = sum(hourly(units, prices) for units in change.provisioned.values())
    if change.after is BillingMode.PROVISIONED:
        return f"{dollars_words(saved)} per hour"
    return (
        f"${prices.write_request_million} per million write and ${prices.read_request_million} per "
        f"million read units instead of {dollars_words(saved)} per hour; restore switches back"
    )
