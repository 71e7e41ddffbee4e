"""Statements of a policy, not yet bound to resources: each action with its features."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from airflow_ddb_migrate.permissions.scope import Scope


class Feature(StrEnum):
    """Features that a person can use, by the names that ``ddb-migrate policy`` accepts."""

    PLAN = "plan"
    BACKUP = "backup"
    PREWARM = "prewarm"
    AUTO_SCALING = "auto-scaling"
    WARM_THROUGHPUT = "warm-throughput"
    DRY_RUN = "dry-run"
    APPROVAL = "approval"
    CANARY = "canary"
    VERIFY = "verify"
    UNDO = "undo"
    REPLAY = "replay"
    STEERING = "steering"
    REPORT = "report"
    TAB = "tab"
    SHOW_VALUES = "show-values"


ALL_FEATURES: Final = frozenset(Feature)
DEFAULT_FEATURES: Final = ALL_FEATURES - {Feature.SHOW_VALUES}  # no item value is read
ALWAYS: Final[frozenset[Feature]] = frozenset()  # whatever the features


@dataclass(frozen=True, slots=True)
class Row:
    """One statement. ``where`` returns its resources; it has the actions that features need."""

    sid: str
    where: Callable[[Scope], tuple[str, ...]]
    actions: Mapping[str, Iterable[Feature]]
    condition: Mapping[str, Mapping[str, str | list[str]]] = field(default_factory=dict)

    def needed(self, features: frozenset[Feature]) -> list[str]:
        """Return the actions that are always needed or that one of the features needs."""
        return [
            action for action, by in self.actions.items() if not by or features.intersection(by)
        ]

    def statement(self, scope: Scope, features: frozenset[Feature]) -> dict[str, Any] | None:
        """Return the statement for a policy; None if none of its actions is needed."""
        actions, resources = self.needed(features), self.where(scope)
        if not actions or not resources:
            return None
        statement = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": _one_or_all(actions),
            "Resource": _one_or_all(resources),
        }
        return {**statement, "Condition": self.condition} if self.condition else statement


def below(*prefixes: str) -> dict[str, dict[str, str | list[str]]]:
    """Return the condition that allows listing only names with these prefixes."""
    return {"StringLike": {"s3:prefix": [f"{prefix}/*" for prefix in prefixes]}}


# Keys can only be used through the services whose data they encrypt.
THROUGH_SERVICES: Final = {
    "StringLike": {"kms:ViaService": ["dynamodb.*.amazonaws.com*", "s3.*.amazonaws.com*"]}
}


def always(*actions: str) -> dict[str, Iterable[Feature]]:
    """Return actions that are always needed."""
    return dict.fromkeys(actions, ALWAYS)


def needed_by(by: Iterable[Feature], *actions: str) -> dict[str, Iterable[Feature]]:
    """Return actions that are needed only by these features."""
    return dict.fromkeys(actions, frozenset(by))


def _one_or_all(values: Iterable[str]) -> str | list[str]:
    found = list(dict.fromkeys(values))
    return found[0] if len(found) == 1 else found
