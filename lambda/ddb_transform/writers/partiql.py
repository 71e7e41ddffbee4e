"""The fast writer: up to 25 conditional PartiQL statements in one request.

Only an engine that has passed the self-check gets such batches, and only in shapes that passed. A
statement names the whole key. Its condition requires every attribute that the transform read or
changed to have the same value still: ``"name" = ?`` or ``"name" IS MISSING``.
"""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from airflow_ddb_migrate.core.ledger.counts import Units
from airflow_ddb_migrate.core.ledger.records import TypedItem
from airflow_ddb_migrate.core.limits import BATCH_STATEMENTS, STATEMENT_CHARS
from ddb_transform.contract.intent import Change, Intent
from ddb_transform.failures import (
    FatalError,
    Kind,
    fatal,
    fatal_of,
    kind_of,
    kind_of_exception,
)
from ddb_transform.writers.consumed import DETAIL, written_units
from ddb_transform.writers.interface import ALONE, APPLIED, WriteAnswer, WriteVerdict, Written
from ddb_transform.writers.reference import again, later, look_again

_Shape = tuple[str, tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]

_KNOWN_SHAPES = 1_000


class PartiqlWriter:
    """Writes batches. ``dynamodb`` is a boto3 client, best with ``botocore_shortcuts``."""

    batch = BATCH_STATEMENTS

    def __init__(self, dynamodb: Any, table_name: str, key_names: Sequence[str]) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name
        self._key_names = tuple(key_names)
        self._texts: dict[_Shape, str] = {}

    def fits(self, intent: Intent) -> bool:
        """Return whether it fits a statement: an update or delete of at most 8,192 characters."""
        is_statement = intent.change.outcome in {"changed", "deleted"}
        return is_statement and len(self.text(intent.change)) <= STATEMENT_CHARS

    def write(self, intents: Sequence[Intent]) -> WriteAnswer:
        """Write intents of distinct keys; see Writer.

        :raises FatalError: access denied, or the table is gone.
        """
        try:
            answer = self._dynamodb.batch_execute_statement(
                Statements=list(map(self._statement, intents)), ReturnConsumedCapacity=DETAIL
            )
        except (ClientError, BotoCoreError) as exc:
            return WriteAnswer((self._failed(exc),) * len(intents))
        units = written_units(answer.get("ConsumedCapacity", ()))
        return self._read(intents, answer.get("Responses", ()), units)

    def text(self, change: Change) -> str:
        """Return the statement for a change. Values are parameters; names cannot be."""
        shape = (change.outcome, _names(change.assigned), _names(change.expected))
        text = self._texts.get(shape)
        if text is None:
            if len(self._texts) >= _KNOWN_SHAPES:
                self._texts.clear()  # another thread may do this at any time
            text = self._texts[shape] = self._text(*shape)
        return text

    def _text(
        self,
        outcome: str,
        assigned: Sequence[tuple[str, bool]],
        expected: Sequence[tuple[str, bool]],
    ) -> str:
        table = quoted_name(self._table_name)
        keys = [f"{quoted_name(name)}=?" for name in self._key_names]
        read = [
            quoted_name(name) + (" IS MISSING" if absent else "=?") for name, absent in expected
        ]
        where = " AND ".join(keys + read)
        if outcome == "deleted":
            return f"DELETE FROM {table} WHERE {where} RETURNING ALL OLD *"  # noqa: S608  # names are quoted
        sets = [f"SET {quoted_name(name)}=?" for name, removed in assigned if not removed]
        removes = [f"REMOVE {quoted_name(name)}" for name, removed in assigned if removed]
        return f"UPDATE {table} {' '.join(sets + removes)} WHERE {where}"

    def _statement(self, intent: Intent) -> dict[str, Any]:
        change = intent.change
        return {
            "Statement": self.text(change),
            "Parameters": [
                *(value for value in change.assigned.values() if value is not None),
                *(intent.key[name] for name in self._key_names),
                *(value for value in change.expected.values() if value is not None),
            ],
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _failed(self, exc: ClientError | BotoCoreError) -> Written:
        """Return the verdict for every statement of a request that failed as a whole."""
        kind = kind_of_exception(exc)
        if kind.passes:
            return again(exc)
        if kind is Kind.ITEM:
            return ALONE
        if kind is Kind.FATAL and isinstance(exc, ClientError):
            raise fatal_of(exc) from exc
        raise exc

    def _read(
        self, intents: Sequence[Intent], responses: Sequence[dict[str, Any]], units: Units
    ) -> WriteAnswer:
        if len(responses) != len(intents):
            raise FatalError(
                "WrongAnswer",
                f"A batch of {len(intents)} statements got {len(responses)} responses, so this "
                "engine's batches cannot be trusted. Run ddb-migrate self-check.",
            )
        written = []
        for intent, response in zip(intents, responses, strict=True):
            verdict = _verdict(intent, response)
            if verdict is None:
                answer = look_again(self._dynamodb, self._table_name, intent)
                units += answer.units
                (verdict,) = answer.written
            written.append(verdict)
        return WriteAnswer(written, units)


def _verdict(intent: Intent, response: dict[str, Any]) -> Written | None:
    """Return the verdict in a statement's response; None if only a consistent read can tell."""
    error = response.get("Error")
    if not error:
        if intent.change.outcome == "deleted" and not response.get("Item"):
            return None  # nothing was deleted: a delete of a missing item succeeds
        return APPLIED
    code, message = error.get("Code", ""), error.get("Message", "")
    kind = kind_of(code)
    if kind is Kind.CONDITION:
        current: TypedItem | None = error.get("Item") or None
        return Written(WriteVerdict.LOST, current) if current else None
    if kind.passes:
        return later(kind, code)
    if kind is Kind.FATAL:
        raise fatal("BatchExecuteStatement", code, message)
    return ALONE  # the reference writer's request says what is wrong


def quoted_name(name: str) -> str:
    """Return any name, quoted for PartiQL."""
    return '"' + name.replace('"', '""') + '"'


def _names(values: Any) -> tuple[tuple[str, bool], ...]:
    return tuple((name, value is None) for name, value in values.items())
