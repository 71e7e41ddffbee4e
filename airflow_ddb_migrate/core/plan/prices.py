"""What AWS charges, in dollars, and what a change of capacity costs, in figures and in words.

The figures are list prices and stand in ``prices.json`` alone; table classes, discounts and taxes
differ. A guide for the person who reads the log, never a bill.
"""

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Self, assert_never

from airflow_ddb_migrate.core.capacity.changes import (
    CapacityChange,
    Change,
    ModeChange,
    ScalingChange,
)
from airflow_ddb_migrate.core.capacity.snapshot import BillingMode, CapacityUnits, Setting
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.validation import is_number

KNOWN_REGION: Final = "us-east-1"  # whose figures stand in for a region that has none

_FILE: Final = Path(__file__).with_name("prices.json")
_NO_FIGURES: Final = frozenset({"as_of", "region", "note"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Dollars. ``*_million`` and ``*_thousand`` are per so many, ``*_hour`` per unit and hour.

    ``warm_*_unit`` is charged once, per unit of the difference. Lambda is arm64. ``region`` is
    whose figures these are; ``note`` says what is special about them, empty: nothing.
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


def hourly(units: CapacityUnits, prices: Prices) -> float:
    """Return what provisioned units cost per hour."""
    return units.read * prices.read_unit_hour + units.write * prices.write_unit_hour


def hourly_difference(changes: Iterable[Change], prices: Prices) -> float:
    """Return how much more per hour provisioned capacity costs after the changes."""
    return sum(
        hourly(change.after, prices) - hourly(change.before, prices)
        for change in changes
        if isinstance(change, CapacityChange) and change.setting is Setting.PROVISIONED
    )


def once(changes: Iterable[Change], prices: Prices) -> float:
    """Return what raised warm throughput costs once."""
    return sum(
        (change.after.read - change.before.read) * prices.warm_read_unit
        + (change.after.write - change.before.write) * prices.warm_write_unit
        for change in changes
        if isinstance(change, CapacityChange) and change.setting is Setting.WARM_THROUGHPUT
    )


def cost_words(change: Change, prices: Prices) -> str:
    """Say what a raise costs and whether it can be undone."""
    match change:
        case ScalingChange():
            return "free by itself; restore brings it back"
        case ModeChange():
            return _mode_words(change, prices)
        case CapacityChange(setting=Setting.PROVISIONED):
            more = hourly_difference([change], prices)
            return f"${more:,.2f} more per hour until restore lowers it"
        case CapacityChange(setting=Setting.WARM_THROUGHPUT):
            return f"${once([change], prices):,.2f} once; permanent, AWS never lowers it again"
        case CapacityChange():
            return "free by itself, allows more requests to be charged; restore brings it back"
    assert_never(change)


def _mode_words(change: ModeChange, prices: Prices) -> str:
    saved = sum(hourly(units, prices) for units in change.provisioned.values())
    if change.after is BillingMode.PROVISIONED:
        return f"${saved:,.2f} per hour"
    return (
        f"${prices.write_request_million} per million write and ${prices.read_request_million} per "
        f"million read units instead of ${saved:,.2f} per hour; restore switches back"
    )
