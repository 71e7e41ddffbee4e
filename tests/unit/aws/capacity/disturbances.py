"""What can be in the way of a prewarm, and on which tables: the cases, as a table."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from tests.support.factories import client_error
from tests.support.worlds.capacity_world import INDEXES, Place
from tests.support.worlds.migration_world import Proxy

QUOTA = "The requested read capacity exceeds the table limit of 400."
SWITCHES = "Subscriber limit exceeded: Update to PayPerRequest mode are limited to once in 1 day"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of table, and what is asked for it."""

    mode: str
    options: dict[str, bool] = field(default_factory=dict)
    has_low_maximum: bool = False


KINDS = {
    "PROVISIONED": Kind("PROVISIONED"),
    "absent": Kind("absent"),
    "warm throughput": Kind("PAY_PER_REQUEST", {"warm": True}),
    "low maximum": Kind("PAY_PER_REQUEST", {"warm": True}, has_low_maximum=True),
    "switch": Kind("PROVISIONED", {"switch_to_on_demand": True}),
}


@dataclass(frozen=True, slots=True)
class Case:
    kind: str
    indexes: int
    is_scaled: bool
    disturbance: str

    @property
    def is_on_demand(self) -> bool:
        return KINDS[self.kind].mode == "PAY_PER_REQUEST"

    @property
    def makes_sense(self) -> bool:
        """Each line is a reason to leave a combination out."""
        return not (
            (self.is_scaled and self.is_on_demand)  # nobody scales an on-demand table
            or (self.disturbance == "an index is CREATING" and not self.indexes)
            or (self.disturbance == "a quota" and self.kind == "switch")  # asks for no units
            or (self.disturbance == "a switch too many" and self.kind != "switch")
            or (self.disturbance == "the second call" and not self._has_second_call)
        )

    @property
    def _has_second_call(self) -> bool:
        return self.is_scaled or self.kind == "low maximum"

    def __str__(self) -> str:
        scaled = "scaled" if self.is_scaled else "not scaled"
        return f"{self.kind}-{self.indexes} indexes-{scaled}-{self.disturbance}"


@dataclass(frozen=True, slots=True)
class Disturbance:
    """``begin`` puts it in the way; ``says`` is what an error has to say, if there is one.

    ``passes`` tells whether prewarm gets through in spite of it.
    """

    begin: Callable[[Place], None]
    says: str
    passes: Callable[[Case], bool]


def never(case: Case) -> bool:
    return False


def always(case: Case) -> bool:
    return True


def when_scaled(case: Case) -> bool:
    return case.is_scaled


def when_not_scaled(case: Case) -> bool:
    """Only auto scaling makes prewarm look a second time before it waits."""
    return not case.is_scaled


def updating(place: Place) -> None:
    place.tables.keep_busy(60)


def creating(place: Place) -> None:
    place.tables.keep_busy(60, INDEXES[0])


def updating_after_the_look(place: Place) -> None:
    """The first call that changes something meets a table that somebody just changed."""
    tables = place.tables

    def hook(name: str, arguments: dict[str, Any]) -> None:
        if name in {"register_scalable_target", "update_table"}:
            tables.before = place.autoscaling.before = lambda *_: None
            tables.keep_busy(60)

    tables.before = place.autoscaling.before = hook


def refusing(
    operation: str, code: str, message: str = "no", *, calls: range
) -> Callable[[Place], None]:
    """Refuse the calls of an operation that have these numbers, from 0."""

    def begin(place: Place) -> None:
        _refuse(place.tables, operation, calls, client_error(code, operation, message=message))

    return begin


def second_call(place: Place) -> None:
    """Of auto scaling's, and of UpdateTable where nothing is scaled."""
    error = client_error("LimitExceededException", "x", message="no")
    _refuse(place.autoscaling, "register_scalable_target", range(1, 2), error)
    _refuse(place.tables, "update_table", range(1, 100), error)


def _refuse(proxy: Proxy, operation: str, calls: range, error: Exception) -> None:
    seen: list[str] = []

    def hook(name: str, arguments: dict[str, Any]) -> None:
        if name == operation:
            seen.append(name)
            if len(seen) - 1 in calls:
                raise error

    proxy.before = hook


ALL = range(1_000)
DISTURBANCES = {
    "UPDATING": Disturbance(updating, "UPDATING.* Wait for .* try again", never),
    "UPDATING after the look": Disturbance(
        updating_after_the_look, "wait until it is ACTIVE and try again", when_scaled
    ),
    "an index is CREATING": Disturbance(
        creating, "index by_day is CREATING.* Wait for .* try again", never
    ),
    "a quota": Disturbance(
        refusing("update_table", "LimitExceededException", QUOTA, calls=ALL),
        "the account allows 400 per table; request a quota increase or lower",
        never,
    ),
    "throttled UpdateTable": Disturbance(
        refusing("update_table", "ThrottlingException", calls=range(3)), "", always
    ),
    "throttled first look": Disturbance(
        refusing("describe_table", "ThrottlingException", calls=range(3)), "try again later", never
    ),
    "throttled later looks": Disturbance(
        refusing("describe_table", "ThrottlingException", calls=range(1, 4)),
        "try again later",
        when_not_scaled,
    ),
    "the second call": Disturbance(
        second_call, "restore reverts what was|request a quota increase", never
    ),
    "a switch too many": Disturbance(
        refusing("update_table", "LimitExceededException", SWITCHES, calls=ALL),
        "turn switch_to_on_demand off",
        never,
    ),
}
CASES = [
    case
    for case in (Case(*row) for row in product(KINDS, (0, 1, 3), (False, True), DISTURBANCES))
    if case.makes_sense
]
