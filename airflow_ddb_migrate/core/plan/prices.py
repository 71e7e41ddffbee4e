"""What AWS charges, in dollars, and what a change of capacity costs, in figures and in words.

The figures are list prices and stand in ``prices.json`` alone; discounts and taxes differ. A guide
for the person who reads the log, never a bill.

A global table is charged for its writes, and for warm throughput, in each region of a replica; what
it reads only where it is read. Source: "Understanding Amazon DynamoDB billing for global tables",
"Understanding DynamoDB warm throughput".
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

KNOWN_REGION: Final = "us-east-1"  # whose figures stand in for a region that has none

_FILE: Final = Path(__file__).with_name("prices.json")
_IA: Final = "ia_"
_NO_FIGURES: Final = frozenset({"as_of", "region", "note"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Dollars. ``*_million`` and ``*_thousand`` are per so many, ``*_hour`` per unit and hour.

    ``warm_*_unit`` is charged once, per unit of the difference. ``ia_*`` are those of the table
    class Standard-IA; nobody has told what its warm throughput costs, so that is taken as dearer by
    as much as its capacity. Lambda is arm64. ``region`` is whose figures these are; ``note`` says
    what is special about them, empty: nothing.
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
    ia_write_request_million: float = 0.0  # a plan of before they were known has none
    ia_read_request_million: float = 0.0
    ia_write_unit_hour: float = 0.0
    ia_read_unit_hour: float = 0.0
    ia_warm_write_unit: float = 0.0
    ia_warm_read_unit: float = 0.0
    cloudwatch_metric_month: float = 0.0
    cloudwatch_logs_gb: float = 0.0

    def overridden(self, figures: object) -> Self:
        """Return the prices with some of them replaced by the person's own.

        :raises InvalidInputError: a name is unknown, or a figure is no number of at least 0.
        """
        if not isinstance(figures, Mapping):
            raise InvalidInputError(
                f"prices is {figures!r}; it must be an object of figures in dollars, as in "
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
        """Return what a table of this class is charged by."""
        if table_class is TableClass.STANDARD:
            return self
        own = {f.name: getattr(self, f"{_IA}{f.name}", 0.0) for f in fields(self)}
        known: dict[str, Any] = {name: figure for name, figure in own.items() if figure}
        note = f"{self.note} " if self.note else ""
        return replace(self, **known, note=f"{note}Table class Standard-IA.")

    @property
    def words(self) -> str:
        """Say whose figures these are, and of when."""
        return f"{self.region}, {self.as_of}" + (f" ({self.note})" if self.note else "")


def prices_for(region: str) -> Prices:
    """Return a region's list prices; if unknown us-east-1's, and then ``note`` says so."""
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
        raise InvalidInputError(f"prices holds {name!r}; there are only {', '.join(known)}.")
    if not is_number(value) or value < 0:
        raise InvalidInputError(
            f"prices holds {name}={value!r}; it must be a number of dollars, at least 0."
        )


def hourly(units: CapacityUnits, prices: Prices, replicas: Sequence[str] = ()) -> float:
    """Return what provisioned units cost per hour; replicas get the writes, too."""
    writes = units.write * (1 + len(replicas))
    return units.read * prices.read_unit_hour + writes * prices.write_unit_hour


def hourly_difference(
    changes: Iterable[Change], prices: Prices, replicas: Sequence[str] = ()
) -> float:
    """Return how much more per hour provisioned capacity costs after the changes."""
    return sum(
        hourly(change.after, prices, replicas) - hourly(change.before, prices, replicas)
        for change in changes
        if isinstance(change, CapacityChange) and change.setting is Setting.PROVISIONED
    )


def once(changes: Iterable[Change], prices: Prices, replicas: Sequence[str] = ()) -> float:
    """Return what raised warm throughput costs once; AWS raises it in every replica."""
    return (1 + len(replicas)) * sum(
        (change.after.read - change.before.read) * prices.warm_read_unit
        + (change.after.write - change.before.write) * prices.warm_write_unit
        for change in changes
        if isinstance(change, CapacityChange) and change.setting is Setting.WARM_THROUGHPUT
    )


def everywhere(replicas: Sequence[str]) -> str:
    """Say where a price is paid, behind it; nothing for a table in one region."""
    if not replicas:
        return ""
    return f" in {1 + len(replicas)} regions (here and in {', '.join(replicas)})"


def cost_words(change: Change, prices: Prices, replicas: Sequence[str] = ()) -> str:
    """Say what a raise costs, in all regions together, and whether it can be undone."""
    where = everywhere(replicas)
    match change:
        case ScalingChange():
            return "free by itself; restore brings it back"
        case ModeChange():
            return _mode_words(change, prices)
        case CapacityChange(setting=Setting.PROVISIONED):
            more = hourly_difference([change], prices, replicas)
            return f"{dollars_words(more)} more per hour{where} until restore lowers it"
        case CapacityChange(setting=Setting.WARM_THROUGHPUT):
            paid = once([change], prices, replicas)
            return (
                f"{dollars_words(paid)} once{where}; permanent, AWS never lowers it again, and "
                "restore gives nothing of that back"
            )
        case CapacityChange():
            return "free by itself, allows more requests to be charged; restore brings it back"
    assert_never(change)


def _mode_words(change: ModeChange, prices: Prices) -> str:
    saved = sum(hourly(units, prices) for units in change.provisioned.values())
    if change.after is BillingMode.PROVISIONED:
        return f"{dollars_words(saved)} per hour"
    return (
        f"${prices.write_request_million} per million write and ${prices.read_request_million} per "
        f"million read units instead of {dollars_words(saved)} per hour; restore switches back"
    )
