"""The expressions of one conditional UpdateItem, DeleteItem or PutItem."""

from collections.abc import Mapping
from typing import Any

from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.items.sizes import value_bytes
from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue
from airflow_ddb_migrate.core.limits import (
    EXPRESSION_BYTES,
    EXPRESSION_OPERATORS,
    EXPRESSION_VALUES_BYTES,
)
from ddb_transform.contract.intent import Change

_SURELY_FIT = 100  # attributes read or changed; with no more, every limit is met


class Request:
    """Builds the expressions of one write. Every name and value is a placeholder."""

    def __init__(self, key: TypedItem, change: Change) -> None:
        self._names: dict[str, str] = {}
        self._placeholders: dict[str, str] = {}
        self._values: dict[str, TypedValue] = {}
        self._condition = " AND ".join(
            [f"attribute_exists({self._name(name)})" for name in key]
            + [self._holds(name, value) for name, value in change.expected.items()]
        )
        self._conditions = len(key) + len(change.expected)
        self._update = self._update_expression(change.assigned)
        self._updates = len(change.assigned)

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of UpdateItem, or of DeleteItem when nothing is assigned."""
        optional = {
            "UpdateExpression": self._update,
            "ExpressionAttributeValues": self._values,
        }
        return {
            "ConditionExpression": self._condition,
            "ExpressionAttributeNames": self._names,
            **{name: value for name, value in optional.items() if value},
        }

    def too_large(self) -> str:
        """Return which of DynamoDB's limits on expressions it exceeds; empty if it fits."""
        operators = max(2 * self._conditions - 1, 2 * self._updates)
        figures = (
            ("bytes in the condition", len(self._condition), EXPRESSION_BYTES),
            ("bytes in the update", len(self._update), EXPRESSION_BYTES),
            ("operators", operators, EXPRESSION_OPERATORS),
            (
                "bytes of values",
                sum(map(value_bytes, self._values.values())),
                EXPRESSION_VALUES_BYTES,
            ),
        )
        over = (f"{n:,} {what} (limit {limit:,})" for what, n, limit in figures if n > limit)
        return ", ".join(over)

    def _update_expression(self, assigned: Mapping[str, TypedValue | None]) -> str:
        sets = [f"{self._name(n)} = {self._value(v)}" for n, v in assigned.items() if v is not None]
        removes = [self._name(n) for n, v in assigned.items() if v is None]
        clauses = (("SET ", sets), ("REMOVE ", removes))
        return " ".join(word + ", ".join(parts) for word, parts in clauses if parts)

    def _holds(self, name: str, value: TypedValue | None) -> str:
        if value is None:
            return f"attribute_not_exists({self._name(name)})"
        return f"{self._name(name)} = {self._value(value)}"

    def _name(self, name: str) -> str:
        if name not in self._placeholders:
            self._placeholders[name] = f"#n{len(self._names)}"
            self._names[self._placeholders[name]] = name
        return self._placeholders[name]

    def _value(self, value: TypedValue) -> str:
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = value
        return placeholder


def refuse_too_large(key: TypedItem, change: Change) -> None:
    """Refuse a write whose expressions exceed DynamoDB's limits.

    :raises ItemError: the message gives the limit and what to do.
    """
    if max(len(key) + len(change.expected), len(change.assigned)) <= _SURELY_FIT:
        return
    figures = Request(key, change).too_large()
    if figures:
        raise ItemError(
            f"The transform reads {len(change.expected):,} attributes and changes "
            f"{len(change.assigned):,}. Each is part of the write or its condition, which is too "
            f"large for DynamoDB: {figures}. Read and change fewer, by name: copying the item or "
            "iterating over it reads every attribute.",
            "ConditionTooLarge",
        )
