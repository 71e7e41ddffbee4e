"""The reference writer: one conditional request per item.

An item is written only if it exists and every attribute that the transform read or changed still
has the value that was read. Only changed attributes are written. A deleted item is restored only if
its key is free.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.ledger.counts import Units
from ddb_transform.contract.expressions import Request, refuse_too_large
from ddb_transform.contract.intent import Intent
from ddb_transform.failures import Kind, code_of, fatal_of, kind_of_exception, throttling_reason
from ddb_transform.writers.consumed import DETAIL, written_units
from ddb_transform.writers.interface import APPLIED, WriteAnswer, WriteVerdict, Written
from ddb_transform.writers.read_item import read_item

_CURRENT = {
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    "ReturnConsumedCapacity": DETAIL,
}


class ReferenceWriter:
    """The writer that others are compared with. ``dynamodb`` is a boto3 client."""

    batch = 1

    def __init__(self, dynamodb: Any, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def fits(self, intent: Intent) -> bool:
        """Return whether the condition is within DynamoDB's limits on expressions."""
        return intent.change.outcome == "restored" or refusal_of_size(intent) is None

    def write(self, intents: Sequence[Intent]) -> WriteAnswer:
        """Write one intent; see Writer.

        :raises FatalError: access denied, or the table is gone.
        """
        (intent,) = intents
        try:
            answer = self._call(intent)
        except (ClientError, BotoCoreError) as exc:
            return self._failed(intent, exc)
        return WriteAnswer((APPLIED,), written_units([answer.get("ConsumedCapacity", {})]))

    def _call(self, intent: Intent) -> Mapping[str, Any]:
        key, change = intent.key, intent.change
        table = {"TableName": self._table_name}
        if change.outcome == "restored":
            names = {f"#n{i}": name for i, name in enumerate(key)}
            free = " AND ".join(f"attribute_not_exists({name})" for name in names)
            return self._dynamodb.put_item(  # type: ignore[no-any-return]
                Item=change.assigned,
                ConditionExpression=free,
                ExpressionAttributeNames=names,
                **table,
                **_CURRENT,
            )
        is_delete = change.outcome == "deleted"  # never inferred from ``assigned``: that may err
        call = self._dynamodb.delete_item if is_delete else self._dynamodb.update_item
        return call(Key=key, **table, **_CURRENT, **Request(key, change).arguments())  # type: ignore[no-any-return]

    def _failed(self, intent: Intent, exc: ClientError | BotoCoreError) -> WriteAnswer:
        kind, code = kind_of_exception(exc), code_of(exc)
        if kind is Kind.CONDITION and isinstance(exc, ClientError):
            return self._lost(intent, exc)
        if kind is Kind.ITEM:
            return WriteAnswer((Written(WriteVerdict.REFUSED, error=_refusal(intent, code)),))
        if kind is Kind.FATAL and isinstance(exc, ClientError):
            raise fatal_of(exc) from exc
        if kind.passes:
            return WriteAnswer((again(exc),))
        raise exc

    def _lost(self, intent: Intent, exc: ClientError) -> WriteAnswer:
        """Return the current item. An error that lacks it does not mean that the item is gone."""
        current = exc.response.get("Item")
        if current:
            return WriteAnswer((Written(WriteVerdict.LOST, current),))
        return look_again(self._dynamodb, self._table_name, intent)


def look_again(dynamodb: Any, table_name: str, intent: Intent) -> WriteAnswer:
    """Return what a write lost against, by a consistent read."""
    try:
        current, units = read_item(dynamodb, table_name, intent.key)
    except (ClientError, BotoCoreError) as exc:
        if kind_of_exception(exc).passes:
            return WriteAnswer((Written(WriteVerdict.AGAIN, reason=code_of(exc)),))
        raise
    return WriteAnswer((Written(WriteVerdict.LOST, current),), Units(read=units))


def again(exc: ClientError | BotoCoreError) -> Written:
    """Return the verdict AGAIN for a failed request, with its reason."""
    return later(kind_of_exception(exc), throttling_reason(exc))


def later(kind: Kind, reason: str) -> Written:
    """Return the verdict AGAIN, with whether the write may have succeeded."""
    return Written(
        WriteVerdict.AGAIN,
        reason=reason,
        throttled=kind is Kind.THROTTLED,
        ambiguous=kind is Kind.AMBIGUOUS,
    )


def refusal_of_size(intent: Intent) -> ItemError | None:
    """Return why an intent is too large for a request; None if it is not."""
    try:
        refuse_too_large(intent.key, intent.change)
    except ItemError as error:
        return error
    return None


def _refusal(intent: Intent, code: str) -> ItemError:
    names = ", ".join(sorted(intent.change.assigned)[:5]) or "the whole item"
    if code.startswith("ItemCollectionSizeLimit"):
        why = "its item collection (all items of one partition key, in a table with local indexes) "
        why += "is at its limit of 10 GB. Write less to it, or delete some of its items"
    else:
        why = "an index key has the wrong type, is empty or too long, or the item is over 400 KB"
    return ItemError(f"DynamoDB refused the write of {names} ({code}): {why}.", code)
