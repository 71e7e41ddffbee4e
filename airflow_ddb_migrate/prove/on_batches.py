"""Batches of PartiQL statements: lost conditions, repeated keys, throttling, capacity."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.prove.scratch import INDEX, Scratch

_BATCH: Final = 25
_SLOW_BATCHES: Final = 20  # 500 units, of a table with 1 per second and a burst of at most 300
_LOST: Final = {"ConditionalCheckFailed", "ConditionalCheckFailedException"}
_SIZE: Final = 1_500  # bytes of an item: two units


def ask_batch_lost(scratch: Scratch) -> dict[str, Any]:
    """Ask with batches in which the conditions of all, then of some statements fail."""
    table = scratch.names.table
    _put(scratch, table, "lost", note="old")
    _put(scratch, table, "won", note="old")
    lost = _update(table, "lost", condition="other")
    won = _update(table, "won", condition="old")
    return {
        "all_fail": _members(_execute(scratch, [lost])),
        "some_fail": _members(_execute(scratch, [lost, won])),
    }


def ask_batch_duplicates(scratch: Scratch) -> dict[str, Any]:
    """Name one key twice in a batch, and check which statements were applied."""
    table = scratch.names.table
    _put(scratch, table, "twice", note="old")
    twice = [_update(table, "twice", note="one"), _update(table, "twice", note="two")]
    answer = _execute(scratch, twice)
    with aws_call("dynamodb:GetItem", f"table {table}"):
        found = scratch.clients.dynamodb.get_item(
            TableName=table, Key={"id": {"S": "twice"}}, ConsistentRead=True
        )
    return {**_members(answer), "note_afterwards": found["Item"]["note"]["S"]}


def ask_statement_throttling(scratch: Scratch) -> dict[str, Any]:
    """Write to a table of one write unit until a statement, then a PutItem, is throttled.

    The items do not exist, so each condition fails, which also costs a unit.
    """
    table = scratch.names.slow_table
    statements = [_update(table, f"slow-{number}") for number in range(_BATCH)]
    throttled: dict[str, Any] = {}
    batches = 0
    while not throttled and batches < _SLOW_BATCHES:
        batches += 1
        throttled = _throttled(_execute(scratch, statements))
    return {
        "batches_until": batches if throttled else None,
        "statement": throttled or None,
        "put": _refused_put(scratch, table) if throttled else None,
    }


def ask_statement_capacity(scratch: Scratch) -> dict[str, Any]:
    """Make the same change to two equal items, by a statement and by UpdateItem."""
    table = scratch.names.table
    for key in ("by-statement", "by-update"):
        _put(scratch, table, key, note="old", pad="x" * _SIZE, group="a")
    batch = _execute(scratch, [_update(table, "by-statement", condition="old", note="new")])
    with aws_call("dynamodb:UpdateItem", f"table {table}"):
        single = scratch.single.dynamodb.update_item(
            TableName=table,
            Key={"id": {"S": "by-update"}},
            UpdateExpression="SET #note = :new",
            ConditionExpression="#note = :old",
            ExpressionAttributeNames={"#note": "note"},
            ExpressionAttributeValues={":new": {"S": "new"}, ":old": {"S": "old"}},
            ReturnConsumedCapacity="INDEXES",
        )
    return {
        "statement": _capacity(batch.get("ConsumedCapacity")),
        "update_item": _capacity([single["ConsumedCapacity"]]),
    }


def _update(
    table: str, key: str, *, condition: str | None = None, note: str = "new"
) -> dict[str, Any]:
    """Return a statement like the fast writer's: it sets ``note`` if that is ``condition``."""
    where, values = ("", []) if condition is None else (' AND "note"=?', [{"S": condition}])
    return {
        "Statement": f'UPDATE "{table}" SET "note"=? WHERE "id"=?{where}',  # noqa: S608  # our own names
        "Parameters": [{"S": note}, {"S": key}, *values],
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _execute(scratch: Scratch, statements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the batch's response, or the error code if the whole batch was refused."""
    try:
        return dict(
            scratch.single.dynamodb.batch_execute_statement(
                Statements=statements, ReturnConsumedCapacity="INDEXES"
            )
        )
    except ClientError as exc:
        return {"whole_batch": error_code(exc), **_reasons(exc)}


def _members(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a batch's result of each statement, without values."""
    if "whole_batch" in answer:
        return {"whole_batch": answer["whole_batch"]}
    return {
        "whole_batch": None,
        "statements": [_member(row) for row in answer["Responses"]],
        "capacity": _capacity(answer.get("ConsumedCapacity")),
    }


def _member(response: Mapping[str, Any]) -> dict[str, Any]:
    error = response.get("Error") or {}
    return {
        "code": error.get("Code"),
        "has_item": bool(error.get("Item") or response.get("Item")),
        "members": sorted(name for name in error if name != "Message"),
    }


def _capacity(rows: Sequence[Mapping[str, Any]] | None) -> Any:
    """Return the units by table and index; None if nothing is reported."""
    if not rows:
        return None
    return [
        {
            "total": row.get("CapacityUnits"),
            "table": (row.get("Table") or {}).get("CapacityUnits"),
            "index": ((row.get("GlobalSecondaryIndexes") or {}).get(INDEX) or {}).get(
                "CapacityUnits"
            ),
        }
        for row in rows
    ]


def _throttled(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a throttled batch or statement returned; empty if none was throttled."""
    if "whole_batch" in answer:
        return dict(answer)
    errors = [row["Error"] for row in answer["Responses"] if row.get("Error")]
    errors = [error for error in errors if error["Code"] not in _LOST]
    if not errors:
        return {}
    return {
        "whole_batch": None,
        "codes": sorted({error["Code"] for error in errors}),
        "members": sorted({name for error in errors for name in error}),
        "message": errors[0].get("Message", ""),
        "refused": len(errors),
    }


def _refused_put(scratch: Scratch, table: str) -> dict[str, Any] | None:
    """Put items until PutItem is throttled, too; None if it never is."""
    for number in range(_BATCH * _SLOW_BATCHES):
        try:
            _put_once(scratch, table, f"slow-{number % _BATCH}")
        except ClientError as exc:
            return {"code": error_code(exc), **_reasons(exc)}
    return None


def _reasons(exc: ClientError) -> dict[str, Any]:
    answer = exc.response
    rows = answer.get("ThrottlingReasons") or answer.get("throttlingReasons") or ()
    return {"reasons": sorted({str(row.get("reason")) for row in rows})} if rows else {}


def _put_once(scratch: Scratch, table: str, key: str) -> None:
    scratch.single.dynamodb.put_item(TableName=table, Item=_item(key, note="old"))


def _put(scratch: Scratch, table: str, key: str, **texts: str) -> None:
    with aws_call("dynamodb:PutItem", f"table {table}"):
        scratch.clients.dynamodb.put_item(TableName=table, Item=_item(key, **texts))


def _item(key: str, **texts: str) -> dict[str, Any]:
    return {"id": {"S": key}, **{name: {"S": text} for name, text in texts.items()}}
