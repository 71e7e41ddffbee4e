"""Rules that the author of a DAG sets for every run.

A run's configuration can add to them and never take away. The migration's record keeps them as JSON
(``limits``), so that they also apply to later steering.
"""

import difflib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self, TypedDict

from airflow_ddb_migrate.core.errors import ApprovalError, InvalidInputError
from airflow_ddb_migrate.core.health.alarms import joined_alarms, validate_alarms
from airflow_ddb_migrate.core.health.higher_limit import AUTHOR_SETS, higher_limit
from airflow_ddb_migrate.core.hours.windows import validate_windows
from airflow_ddb_migrate.core.limits import TABLE_UNITS
from airflow_ddb_migrate.core.names import validate_table_name
from airflow_ddb_migrate.core.text.figures import dollars_words
from airflow_ddb_migrate.core.validation import (
    is_number,
    is_whole,
    shown,
    validate_at_least_zero,
    validate_switch,
    validate_text,
)


class RequiredStep(StrEnum):
    """A step that the rules can require, by the name of its field in the form."""

    APPROVE = "approve"
    BACKUP = "backup"
    CANARY = "canary"
    CANARY_APPROVE = "canary_approve"
    DRY_RUN = "dry_run"


class RuleArguments(TypedDict, total=False):
    """The rules in the form in which an author gives them; see :class:`AuthorRules`."""

    require: Sequence[str]
    tables: Sequence[str] | None
    transforms: Sequence[str] | None
    max_prewarm: int | None
    max_cost_usd: float | None
    max_units_per_second: float | None
    allow_changed_transform: bool
    hold_while: Sequence[str]
    windows: Sequence[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorRules:
    """What every run must keep to. None and empty: no rule.

    - ``require``: steps that cannot be left out.
    - ``tables`` and ``transforms``: the only ones that are allowed.
    - ``max_prewarm``: the most read or write units per second to prewarm to (0: no prewarm).
    - ``max_cost_usd``: the most dollars that a plan may cost, and the highest cost limit.
    - ``max_units_per_second``: the highest read or write budget, at the start and when retuned.
    - ``allow_changed_transform``: a transform that changed since the plan or approval may start.
    - ``hold_while``: alarms that hold every run, beside the alarms that a run names.
    - ``windows``: lists of windows; work is done only while a window of each list is open.
    - ``later``: names of rules in a record that only a later version knows.
    """

    require: tuple[str, ...] = ()
    tables: tuple[str, ...] | None = None
    transforms: tuple[str, ...] | None = None
    max_prewarm: int | None = None
    max_cost_usd: float | None = None
    max_units_per_second: float | None = None
    allow_changed_transform: bool = False
    hold_while: tuple[str, ...] = ()
    windows: tuple[tuple[str, ...], ...] = ()
    later: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: "AuthorRules | Mapping[str, Any] | None") -> Self:
        """Return the rules; raises InvalidInputError for a rule that is unknown or not valid."""
        if isinstance(given, cls):
            return given
        if not isinstance(given, Mapping | None):
            raise InvalidInputError(
                f"rules is {shown(given)}; it must be an object such as "
                '{"require": ["approve"], "tables": ["orders"]}.'
            )
        values = dict(given or {})
        _require_known(values)
        return cls(**{name: _RULES[name](value) for name, value in values.items()})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the rules of a record, as strict as whichever version wrote them."""
        values = json.loads(text) if text else {}
        steps, later = values.pop("require", ()), values.pop("later", ())
        rules = cls.of({name: value for name, value in values.items() if name in _RULES})
        later = {*later, *(name for name in values if name not in _RULES)}
        return replace(rules, require=tuple(steps), later=tuple(sorted(later)))

    def check_known(self) -> None:
        """Raise ApprovalError for a rule or a required step that only a later version knows."""
        unknown = [f"the step {step}" for step in self.require if step not in {*RequiredStep}]
        unknown += [f"the rule {name}" for name in self.later]
        if unknown:
            raise ApprovalError(
                f"The author of the DAG requires {' and '.join(unknown)}, which this version does "
                "not know: a later version wrote that to the ledger. Use that version. "
                f"{_NOTHING}"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the rules that are set as plain data."""
        return {
            name: _plain(value)
            for name, value in asdict(self).items()
            if value != getattr(NO_RULES, name)
        }

    def to_json(self) -> str:
        """Return the JSON for a record; empty without rules."""
        values = self.to_dict()
        return json.dumps(values, sort_keys=True) if values else ""

    def joined(self, other: "AuthorRules") -> "AuthorRules":
        """Return both rules combined: what both allow, and what either requires."""
        if NO_RULES in (self, other):
            return self if other == NO_RULES else other
        return AuthorRules(
            require=tuple(sorted({*self.require, *other.require})),
            tables=_both(self.tables, other.tables),
            transforms=_both(self.transforms, other.transforms),
            max_prewarm=_lower(self.max_prewarm, other.max_prewarm),
            max_cost_usd=_lower(self.max_cost_usd, other.max_cost_usd),
            max_units_per_second=_lower(self.max_units_per_second, other.max_units_per_second),
            allow_changed_transform=self.allow_changed_transform and other.allow_changed_transform,
            hold_while=joined_alarms(self.hold_while, other.hold_while),
            windows=tuple(dict.fromkeys((*self.windows, *other.windows))),
            later=tuple(sorted({*self.later, *other.later})),
        )

    def check_table(self, name: str) -> None:
        """Raise InvalidInputError for a table that is not among the allowed ones."""
        _check_listed("table", name, self.tables)

    def check_transform(self, name: str) -> None:
        """Raise InvalidInputError for a transform that is not among the allowed ones."""
        _check_listed("transform", name, self.transforms)

    def check_prewarm(self, field: str, units: int) -> None:
        """Raise InvalidInputError for more units per second than ``max_prewarm``."""
        if self.max_prewarm is not None and units > self.max_prewarm:
            raise InvalidInputError(
                f"{field} is {units:,}; {_AUTHOR} max_prewarm of {self.max_prewarm:,} units per "
                f"second. {self._lower_prewarm(field)}"
            )

    def check_cost_limit(self, limit: float | None) -> None:
        """Raise InvalidInputError for a cost limit above the author's. None: none was given."""
        if limit is not None and self.max_cost_usd is not None and limit > self.max_cost_usd:
            raise InvalidInputError(
                f"max_cost_usd is {dollars_words(limit)}; {_AUTHOR} max_cost_usd of "
                f"{dollars_words(self.max_cost_usd)}, which a run can only lower. Give at most "
                f"that, leave it out, or ask the author for a higher one. {_NOTHING}"
            )

    def check_cost(self, dollars: float) -> None:
        """Raise InvalidInputError for a plan that costs more than the author allows."""
        if self.max_cost_usd is not None and dollars > self.max_cost_usd:
            raise InvalidInputError(
                f"According to its plan the migration costs {dollars_words(dollars)}; {_AUTHOR} "
                f"max_cost_usd of {dollars_words(self.max_cost_usd)}. "
                f"{self.higher_cost_limit(dollars)}, or let the transform change fewer items. "
                "Nothing was started."
            )

    def higher_cost_limit(self, limit: float) -> str:
        """Return how to get a higher limit of the cost than this one, to begin a sentence with."""
        return higher_limit(limit, self.max_cost_usd)

    def asks_author(self, *names: str) -> str:
        """Return a sentence about those of these rules that are set; empty where none is.

        It follows advice that a run can take as far as these allow.
        """
        mine = [name for name in names if getattr(self, name) != getattr(NO_RULES, name)]
        if not mine:
            return ""
        return (
            f" The DAG's author set {' and '.join(mine)} ({AUTHOR_SETS}): a run cannot go beyond "
            f"{'these' if len(mine) > 1 else 'this'}."
        )

    def cost_limit(self, given: float | None) -> float | None:
        """Return the cost limit in force: the lower of the author's and the run's."""
        limit: float | None = _lower(self.max_cost_usd, given)
        return limit

    def check_budget(self, field: str, units: float | None) -> None:
        """Raise InvalidInputError for a budget above the author's. 0: no limit. None: not given."""
        most = self.max_units_per_second
        if most is not None and units is not None and not 0 < units <= most:
            raise InvalidInputError(
                f"{field} is {f'{units:,g}' if units else '0, which means no limit'}; {_AUTHOR} "
                f"max_units_per_second of {most:,g}. Give at most that, or leave it out. "
                f"{_NOTHING}"
            )

    def budget(self, units: float | None) -> float | None:
        """Return a default budget, such as the plan's, lowered to the author's limit."""
        return _lower(self.max_units_per_second, units or None) or units

    def check_step(self, step: RequiredStep, *, is_on: bool, how: str) -> None:
        """Raise InvalidInputError if a required step is off. ``how`` says how to turn it on."""
        if step in self.require and not is_on:
            raise InvalidInputError(
                f"{step} is off, but the DAG's author requires it. Leave the field out, or give "
                f"{how}. {_NOTHING}"
            )

    def _lower_prewarm(self, field: str) -> str:
        do = f"Lower {field}." if self.max_prewarm else "Turn prewarm off."
        return f"{do} {_NOTHING}"


def _plain(value: Any) -> Any:
    return list(map(_plain, value)) if isinstance(value, tuple) else value


_AUTHOR = "the DAG's author set a"
_NOTHING = "Nothing was touched."


def _check_listed(kind: str, name: str, allowed: tuple[str, ...] | None) -> None:
    if allowed is not None and name not in allowed:
        those = f"{kind}s {', '.join(allowed)}" if allowed else f"no {kind}"
        raise InvalidInputError(
            f"{kind} is {shown(name)}; the DAG's author allows {those} here. Name one of those, or "
            f"ask the author to add it. {_NOTHING}"
        )


def _both(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if one is None or other is None:
        return other if one is None else one
    return tuple(name for name in one if name in other)


def _lower(one: Any, other: Any) -> Any:
    return min((given for given in (one, other) if given is not None), default=None)


def _require_known(values: Iterable[str]) -> None:
    unknown = [name for name in values if name not in _RULES]
    if unknown:
        close = difflib.get_close_matches(str(unknown[0]), _RULES, n=1)
        raise InvalidInputError(
            f"{shown(unknown[0])} is not a rule{f'; did you mean {close[0]}?' if close else '.'} "
            f"The rules are: {', '.join(_RULES)}."
        )


def _names(field: str, value: object) -> tuple[str, ...]:
    """Return a list of names, each once."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InvalidInputError(f"{field} is {shown(value)}; it must be a list of names.")
    return tuple(dict.fromkeys(validate_text(field, name) for name in value))


def _steps(value: object) -> tuple[str, ...]:
    steps = _names("require", value)
    unknown = [step for step in steps if step not in {*RequiredStep}]
    if unknown:
        raise InvalidInputError(
            f"require is {shown(value)}; {unknown[0]!r} is not a step that can be required. These "
            f"steps can be: {', '.join(RequiredStep)}."
        )
    needs = {RequiredStep.CANARY} if RequiredStep.CANARY_APPROVE in steps else set()
    return tuple(sorted({str(step) for step in (*steps, *needs)}))


def _tables(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    return tuple(validate_table_name(name) for name in _names("tables", value))


def _transforms(value: object) -> tuple[str, ...] | None:
    return None if value is None else _names("transforms", value)


def _prewarm(value: object) -> int | None:
    if value is not None and not (is_whole(value) and 0 <= value <= TABLE_UNITS):
        raise InvalidInputError(
            f"max_prewarm is {shown(value)}; it must be a whole number of units per second, from 0 "
            f"(no prewarm) to {TABLE_UNITS:,}."
        )
    return value


def _cost(value: object) -> float | None:
    return None if value is None else validate_at_least_zero("max_cost_usd", value)


def _windows(value: object) -> tuple[tuple[str, ...], ...]:
    """Return lists of windows. An author gives one list; a record may have several."""
    if isinstance(value, list | tuple) and value and not isinstance(value[0], str):
        return tuple(map(validate_windows, value))
    windows = validate_windows(value)
    return (windows,) if windows else ()


def _units(value: object) -> float | None:
    if value is None or (is_number(value) and 1 <= value <= TABLE_UNITS):
        return value
    raise InvalidInputError(
        f"max_units_per_second is {shown(value)}; it must be a number of capacity units per "
        f"second, from 1 to {TABLE_UNITS:,}."
    )


_RULES: Mapping[str, Callable[[object], Any]] = {
    "require": _steps,
    "tables": _tables,
    "transforms": _transforms,
    "max_prewarm": _prewarm,
    "max_cost_usd": _cost,
    "max_units_per_second": _units,
    "allow_changed_transform": lambda value: validate_switch("allow_changed_transform", value),
    "hold_while": validate_alarms,
    "windows": _windows,
}

NO_RULES = AuthorRules()
