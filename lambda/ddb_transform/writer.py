"""The reference writer: one conditional UpdateItem or DeleteItem per item.

An item is written only while it exists and every attribute that the transform looked at or changed
still has the value it saw; only changed attributes are written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.messages import Units
from airflow_ddb_migrate.core.records import TypedItem, TypedValue
from botocore.exceptions import ClientError

from ddb_transform.transform import Change

_ITEM_CODES = {"ValidationException", "ItemCollectionSizeLimitExceededException"}


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a write: applied, or the item as it is now (None: it is gone)."""

    applied: bool
    current: TypedItem | None = None
    units: Units = Units()


class Writer(Protocol):
    """Writes what a transform wants, only if the item is still what the transform saw."""

    def write(self, key: TypedItem, change: Change) -> Written: ...


class ReferenceWriter:
    """The writer that every other one is measured against. ``dynamodb`` is a boto3 client."""

    def __init__(self, dynamodb: Any, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def write(self, key: TypedItem, change: Change) -> Written:
        """Write the change under its condition.

        :raises ItemError: DynamoDB says that this item cannot be written like this.
        """
        request = Request(key, change)
        call = self._dynamodb.update_item if change.assigned else self._dynamodb.delete_item
        try:
            answer = call(TableName=self._table_name, Key=key, **request.arguments())
        except ClientError as exc:
            return self._refused(key, exc)
        return Written(applied=True, units=_written_units(answer))

    def _refused(self, key: TypedItem, exc: ClientError) -> Written:
        error = exc.response.get("Error", {})
        code = error.get("Code", "")
        if code in _ITEM_CODES:
            raise ItemError(
                f"DynamoDB refused the write ({code}): the item is over 400 KB after the change, "
                "an index key got a wrong type or is empty, or the condition is over 4 KB.",
                code,
            ) from exc
        if code != "ConditionalCheckFailedException":
            raise exc
        # Only a missing item is "gone", and an error without the item does not say it is missing.
        current: TypedItem | None = exc.response.get("Item") or None
        return Written(applied=False, current=current) if current else self._look(key)

    def _look(self, key: TypedItem) -> Written:
        answer = self._dynamodb.get_item(
            TableName=self._table_name,
            Key=key,
            ConsistentRead=True,
            ReturnConsumedCapacity="TOTAL",
        )
        read = answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
        return Written(applied=False, current=answer.get("Item"), units=Units(read=read))


class Request:
    """Builds the expressions of one write. Every name and value is a placeholder."""

    def __init__(self, key: TypedItem, change: Change) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, TypedValue] = {}
        self._condition = " AND ".join(
            [f"attribute_exists({self._name(name)})" for name in key]
            + [self._holds(name, value) for name, value in change.expected.items()]
        )
        self._update = self._update_expression(change.assigned)

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of UpdateItem, or of DeleteItem when nothing is assigned."""
        optional = {
            "UpdateExpression": self._update,
            "ExpressionAttributeValues": self._values,
        }
        return {
            "ConditionExpression": self._condition,
            "ExpressionAttributeNames": self._names,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            "ReturnConsumedCapacity": "TOTAL",
            **{name: value for name, value in optional.items() if value},
        }

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
        placeholder = next((p for p, n in self._names.items() if n == name), None)
        return placeholder or self._add(self._names, "#n", name)

    def _value(self, value: TypedValue) -> str:
        return self._add(self._values, ":v", value)

    @staticmethod
    def _add(known: dict[str, Any], prefix: str, value: Any) -> str:
        placeholder = f"{prefix}{len(known)}"
        known[placeholder] = value
        return placeholder


def _written_units(answer: Mapping[str, Any]) -> Units:
    return Units(written=answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0))
