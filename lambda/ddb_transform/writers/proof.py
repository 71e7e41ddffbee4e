"""Which shapes of statements this engine is proven to treat like the reference writer's requests.

The self-check finds out; the ledger stores the result. Unproven shapes go to the reference writer.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue
from ddb_transform.contract.intent import Change, Intent

VERSION = 1  # of statements and self-check; a proof of another version is ignored

_ODD = {'"': "name with a quote", ".": "name with a dot"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """``unproven`` names features; a statement with any of them is not for the fast writer.

    ``differences`` lists what the self-check found; ``repeated_key`` is the result of a batch with
    one key twice, which a migration never sends.
    """

    fast: bool = False
    unproven: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    repeated_key: str = ""
    checked_at: float = 0.0
    version: int = VERSION

    def covers(self, intent: Intent) -> bool:
        """Return whether the fast writer may write this intent."""
        if not self.fast:
            return False
        return not self.unproven or features(intent.key, intent.change).isdisjoint(self.unproven)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Proof":
        """Read a stored proof; if there is none, or of another version, nothing is proven."""
        fields = json.loads(text) if text else {}
        if fields.get("version") != VERSION:
            return UNPROVEN
        lists = {name: tuple(fields[name]) for name in ("unproven", "differences")}
        return cls(**{**fields, **lists})


UNPROVEN = Proof()


def features(key: TypedItem, change: Change) -> frozenset[str]:
    """Return what an engine might treat differently in this write's statement."""
    return frozenset(_features(key, change))


def _features(key: TypedItem, change: Change) -> Iterator[str]:
    yield "delete" if change.outcome == "deleted" else "update"
    for name in (*key, *change.assigned, *change.expected):
        yield from oddities(name)
    yield from _values("if", "if missing", key)
    yield from _values("if", "if missing", change.expected)
    yield from _values("set", "remove", change.assigned)
    if len({value is None for value in change.assigned.values()}) > 1:
        yield "set and remove"


def _values(word: str, absent: str, values: Mapping[str, TypedValue | None]) -> Iterator[str]:
    """Yield the types of values; the contents of lists and maps are part of them."""
    for value in values.values():
        yield absent if value is None else f"{word} {next(iter(value))}"


def oddities(name: str) -> Iterator[str]:
    """Yield what an engine might not accept in an attribute name."""
    if name.isidentifier() and name.isascii():
        return
    rest = name
    for sign, feature in _ODD.items():
        if sign in name:
            yield feature
            rest = rest.replace(sign, "")
    if not (rest.isidentifier() and rest.isascii()):
        yield "odd name"
