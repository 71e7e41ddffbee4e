"""How often DynamoDB throttled a migration, by reason. The counts are kept in a lane's row.

A reason is DynamoDB's own, such as ``TableWriteKeyRangeThroughputExceeded``, followed by the
index's name if it is about an index. It is just ``Read`` or ``Write`` if DynamoDB returns none, as
for the statements of a batch.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self, TypedDict

from airflow_ddb_migrate.core.limits import THROTTLE_REASONS

READ: Final = "Read"
WRITE: Final = "Write"
OTHERS: Final = "others"

# Source of the reasons: DynamoDB's API, ThrottlingReason; AWS documents each word.
_WORDS: Final = {
    "ProvisionedThroughputExceeded": "provisioned capacity",
    "AccountLimitExceeded": "account limit",
    "KeyRangeThroughputExceeded": "key range",
    "MaxOnDemandThroughputExceeded": "on-demand maximum",
}
WHYS: Final = tuple(_WORDS)
_REASON: Final = re.compile(rf"(?P<of>Table|Index)(?P<verb>Read|Write)(?P<why>{'|'.join(_WORDS)})")
_NAMED: Final = (
    "TableRead",
    "TableWrite",
    "IndexRead",
    "IndexWrite",
)  # limits that AWS adds later, too
_INDEX: Final = "/index/"  # arn:…:table/orders/index/by_origin


@dataclass(frozen=True, slots=True)
class Throttles:
    """Numbers of throttled requests, each for one item or one page, by reason.

    Every refusal counts: a write that was throttled twice before it succeeded counts twice.
    """

    by_reason: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Self) -> Self:
        """Return the sums of at most THROTTLE_REASONS reasons. Further ones count as ``others``."""
        if not other.by_reason or not self.by_reason:
            return self if not other.by_reason else other
        sums = dict(self.by_reason)
        for reason, number in other.by_reason.items():
            known = reason in sums or len(sums) < THROTTLE_REASONS
            name = reason if known else OTHERS
            sums[name] = sums.get(name, 0) + number
        return type(self)(sums)

    def __bool__(self) -> bool:
        return bool(self.by_reason)

    @property
    def total(self) -> int:
        return sum(self.by_reason.values())

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Self:
        return cls({reason: int(number) for reason, number in values.items()})

    def to_dict(self) -> dict[str, int]:
        return dict(self.by_reason)


class Trouble(TypedDict):
    """What slowed a migration down, as plain data. ``trouble`` is text; empty if nothing did."""

    throttles: dict[str, int]
    conflicts: int
    trouble: str


def names_reason(told: str) -> bool:
    """Return whether an error says what was throttled, and not only that something was."""
    return told.startswith(_NAMED)


def why_of(reason: str) -> str:
    """Return what was exceeded by a table or an index, one of WHYS; empty if it is not known."""
    known = _REASON.match(reason)
    return known["why"] if known else ""


def reason_of(told: str, otherwise: str) -> str:
    """Return the reason in an error's text: DynamoDB's with its resource, or ``otherwise``.

    Of several reasons the first one counts. ``otherwise`` is READ or WRITE, for errors that have no
    reason.
    """
    reason, _, resource = told.partition(",")[0].partition(" ")
    if not _REASON.fullmatch(reason):
        return otherwise
    index = resource.partition(_INDEX)[2]
    return f"{reason} {index}" if index else reason


def throttles_words(throttles: Throttles) -> str:
    """Return text such as "throttled 120 writes: key range 100, …", the largest first; or ""."""
    groups = (
        _group_words(throttles, verb, words)
        for verb, words in ((WRITE, "writes"), (READ, "reads"), ("", "requests"))
    )
    said = " and ".join(group for group in groups if group)
    return f"throttled {said}" if said else ""


def trouble_words(throttles: Throttles, conflicts: int) -> str:
    """Return text on throttled requests and conflicts with live writes; empty without both."""
    noun = "item" if conflicts == 1 else "items"
    met = f"{conflicts:,} {noun} transformed again after a live write" if conflicts else ""
    return "; ".join(part for part in (throttles_words(throttles), met) if part)


def as_sentence(words: str) -> str:
    """Return the text of ``trouble_words`` as a sentence; empty for an empty text."""
    return f"{words[0].upper()}{words[1:]}." if words else ""


def trouble_of(throttles: Throttles, conflicts: int) -> Trouble:
    return {
        "throttles": throttles.to_dict(),
        "conflicts": conflicts,
        "trouble": trouble_words(throttles, conflicts),
    }


def _group_words(throttles: Throttles, verb: str, words: str) -> str:
    mine = {name: n for name, n in throttles.by_reason.items() if _verb_of(name) == verb}
    if not mine:
        return ""
    parts = sorted(mine.items(), key=lambda row: (-row[1], row[0]))
    shown = ", ".join(f"{_reason_words(name)} {number:,}" for name, number in parts)
    return f"{sum(mine.values()):,} {words}: {shown}"


def _verb_of(name: str) -> str:
    known = _REASON.match(name)
    return known["verb"] if known else name if name in {READ, WRITE} else ""


def _reason_words(name: str) -> str:
    if name in {READ, WRITE}:
        return "no reason given"
    known = _REASON.match(name)
    if known is None:
        return name
    index = name.partition(" ")[2]
    why = _WORDS[known["why"]]
    if known["of"] == "Table":
        return why
    return f"index {index or 'unnamed'} ({why})"
