"""BatchExecuteStatement as AWS does it, by single conditional writes.

Statements that are ours are read here and become UpdateItem or DeleteItem; any other goes to the
emulator by itself.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from tests.support.engines.double import index_keys
from tests.support.engines.double.capacity import summed
from tests.support.engines.double.names import hidden, shown
from tests.support.engines.double.upstream import Upstream, validation
from tests.support.engines.statements import NAME, StatementEngine

_MOST, _LONGEST = 25, 8_192
_TERMS = rf"{NAME}(?:=\?| IS MISSING)(?: AND {NAME}(?:=\?| IS MISSING))*"
_ACTIONS = rf"(?:(?:SET {NAME}=\?|REMOVE {NAME}) )+"
_OURS = re.compile(
    rf"(?:UPDATE (?P<updated>{NAME}) (?P<actions>{_ACTIONS})WHERE (?P<where>{_TERMS})"
    rf"|DELETE FROM (?P<deleted>{NAME}) WHERE (?P<terms>{_TERMS}) RETURNING ALL OLD \*)",
    re.DOTALL,
)
_VALUE = re.compile(rf"SET {NAME}=\?")
_TERM = re.compile(rf"{NAME}(=\?| IS MISSING)")
_TOO_LARGE = "Item size to update has exceeded"


@dataclass(frozen=True, slots=True)
class _Statement:
    """``key`` is the table and its key, as far as the statement names it."""

    row: Mapping[str, Any]
    is_ours: bool
    has_all_parameters: bool = True
    key: str = ""

    @property
    def is_read(self) -> bool:
        return self.row["Statement"].lstrip().upper().startswith("SELECT")


def execute(upstream: Upstream, said: Mapping[str, Any]) -> dict[str, Any]:
    """Execute a batch.

    :raises ClientError: all of it is refused, before any of it is done.
    """
    rows = said.get("Statements") or []
    _check_sizes(rows)
    statements = [_read(upstream, row) for row in rows]
    reads = sum(one.is_read for one in statements)
    if reads == len(rows):
        return dict(upstream.batch_execute_statement(**said))
    if reads:
        raise validation("Read and write requests together in the same batch is not supported.")
    keys = [one.key for one in statements if one.key]
    if len(keys) != len(set(keys)):
        raise validation("Provided list of item keys contains duplicates")
    responses = [_respond(upstream, one) for one in statements]
    return {"Responses": responses, **_spent(upstream, responses, said)}


def _check_sizes(rows: Sequence[Mapping[str, Any]]) -> None:
    if not 1 <= len(rows) <= _MOST:
        raise validation(f"{len(rows)} statements: a batch has 1 to {_MOST}")
    if any(not 1 <= len(row["Statement"]) <= _LONGEST for row in rows):
        raise validation(f"Member must have length less than or equal to {_LONGEST}")


def _read(upstream: Upstream, row: Mapping[str, Any]) -> _Statement:
    match = _OURS.fullmatch(row["Statement"])
    if match is None:
        return _Statement(row, is_ours=False)
    values = list(row.get("Parameters") or ())
    where = match["where"] or match["terms"]
    before = len(_VALUE.findall(match["actions"] or ""))
    terms = [(_unquoted(name), sign) for name, sign in _TERM.findall(where)]
    if len(values) != before + sum(sign == "=?" for _, sign in terms):
        return _Statement(row, is_ours=True, has_all_parameters=False)
    table = _unquoted((match["updated"] or match["deleted"])[1:-1])
    known = dict(zip((n for n, sign in terms if sign == "=?"), values[before:], strict=True))
    try:
        schema = upstream.keys_of(table)
    except ClientError:
        return _Statement(row, is_ours=False)  # the emulator says that there is none
    parts = [known.get(part["AttributeName"]) for part in schema]
    if None in parts:
        return _Statement(row, is_ours=False)
    return _Statement(row, is_ours=True, key=json.dumps([table, *parts], sort_keys=True))


def _unquoted(name: str) -> str:
    return name.replace('""', '"')


def _respond(upstream: Upstream, statement: _Statement) -> dict[str, Any]:
    if not statement.has_all_parameters:
        words = "Number of parameters in request and statement don't match."
        return {"Error": {"Code": "ValidationError", "Message": words}}
    if not statement.is_ours:
        return _as_it_is(upstream, statement)
    engine = StatementEngine(_Named(upstream), returns_items=False)
    response = engine.respond(dict(statement.row))
    error = response.get("Error")
    if error and _TOO_LARGE in error["Message"]:  # a statement may write what UpdateItem may not
        return _as_it_is(upstream, statement)
    if error and error["Code"] == "ValidationError":
        return response
    return {**response, "TableName": json.loads(statement.key)[0]}


def _as_it_is(upstream: Upstream, statement: _Statement) -> dict[str, Any]:
    answer = upstream.batch_execute_statement(Statements=[statement.row])
    response: dict[str, Any] = answer["Responses"][0]
    response.get("Error", {}).pop("Item", None)
    return response


@dataclass(slots=True)
class _Named:
    """The emulator's client, with care for an attribute's name."""

    upstream: Upstream

    def describe_table(self, *, TableName: str) -> dict[str, Any]:  # noqa: N803  # boto3's
        return {"Table": {"KeySchema": self.upstream.keys_of(TableName)}}

    def update_item(self, **said: Any) -> dict[str, Any]:
        index_keys.check(self.upstream, "UpdateItem", said)
        return shown(self.upstream.update_item(**hidden(said)))

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.upstream, name)
        return lambda **said: shown(method(**hidden(said)))


def _spent(
    upstream: Upstream, responses: Sequence[Mapping[str, Any]], said: Mapping[str, Any]
) -> dict[str, Any]:
    """A batch in which nothing succeeds tells nothing, though all is charged."""
    how = said.get("ReturnConsumedCapacity", "NONE")
    failed = sum("Error" in response for response in responses)
    if how == "NONE" or failed == len(responses):
        return {}
    return {"ConsumedCapacity": summed(upstream.spent, float(failed), how)}
