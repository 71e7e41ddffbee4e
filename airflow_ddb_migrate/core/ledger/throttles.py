"""How often DynamoDB throttled a migration, by its reason: small counts, kept with a lane's row.

A reason is one of DynamoDB's (``TableWriteKeyRangeThroughputExceeded``), followed by the index's
name where it is an index's; ``Read`` or ``Write`` alone where DynamoDB gave none, as in the answers
to a batch's statements.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self, TypedDict

from airflow_ddb_migrate.core.limits import THROTTLE_REASONS

READ: Final = "Read"
WRITE: Final = "Write"
OTHERS: Final = "others"

# Source of the reasons: DynamoDB's API, ThrottlingReason; AWS documents each word by itself.
_WORDS: Final = {
    "ProvisionedThroughputExceeded": "provisioned capacity",
    "AccountLimitExceeded": "account limit",
    "KeyRangeThroughputExceeded": "key range",
    "MaxOnDemandThroughputExceeded": "on-demand maximum",
}
WHYS: Final = tuple(_WORDS)
_REASON: Final = re.compile(rf"(?P<of>Table|Index)(?P<verb>Read|Write)(?P<why>{'|'.join(_WORDS)})")
_NAMED: Final = ("TableRead", "TableWrite", "IndexRead", "IndexWrite")  # newer limits, too
_INDEX: Final = "/index/"  # arn:…:table/orders/index/by_origin


@dataclass(frozen=True, slots=True)
class Throttles:
    """Requests for one item, or for one page, that were throttled, by reason.

    Each time that DynamoDB refused counts: a write that was refused twice before it was applied
    counts twice.
    """

    by_reason: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Self) -> Self:
        """Add up, within THROTTLE_REASONS reasons; what is beyond them counts as ``others``."""
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
    """What slowed a migration down, as plain data; ``trouble`` says it, empty: nothing did."""

    throttles: dict[str, int]
    conflicts: int
    trouble: str


def names_reason(told: str) -> bool:
    """Return whether an error told what was throttled, and not only that something was."""
    return told.startswith(_NAMED)


def why_of(reason: str) -> str:
    """Return what was exceeded, one of WHYS, whether in a table or an index; empty: not told."""
    known = _REASON.match(reason)
    return known["why"] if known else ""


def reason_of(told: str, otherwise: str) -> str:
    """Read what an error told: a reason of DynamoDB's with its resource, or only a code.

    Of several reasons the first one counts. ``otherwise`` is READ or WRITE, for what has none.
    """
    reason, _, resource = told.partition(",")[0].partition(" ")
    if not _REASON.fullmatch(reason):
        return otherwise
    index = resource.partition(_INDEX)[2]
    return f"{reason} {index}" if index else reason


def throttles_words(throttles: Throttles) -> str:
    """Say it, the largest first: "throttled 120 writes: key range 100, …"; empty for none."""
    groups = (
        _group_words(throttles, verb, words)
        for verb, words in ((WRITE, "writes"), (READ, "reads"), ("", "requests"))
    )
    said = " and ".join(group for group in groups if group)
    return f"throttled {said}" if said else ""


def trouble_words(throttles: Throttles, conflicts: int) -> str:
    """Say how often it was throttled and met live writes; empty when neither."""
    noun = "item" if conflicts == 1 else "items"
    met = f"{conflicts:,} {noun} transformed again after a live write" if conflicts else ""
    return "; ".join(part for part in (throttles_words(throttles), met) if part)


def as_sentence(words: str) -> str:
    """Return words of trouble as a sentence of their own; empty without any."""
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
