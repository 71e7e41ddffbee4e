"""The application behind a table: what it writes, and what it knows of it afterwards."""

import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError
from tests.live.history import ABSENT, Item, Kind, Operation, Outcome

_BATCH_ITEMS = 25
_EXPIRED_EVERY = 8  # of the items at the start
_EXISTS = {"ConditionExpression": "attribute_exists(id)"}


@dataclass(frozen=True, slots=True)
class Manner:
    """How the application writes.

    ``reinserts``: a key may come back after its deletion. ``has_totals``: the application was
    deployed with the new format first, so that what it writes has its ``total``.
    """

    name: str
    reinserts: bool
    has_totals: bool


MANNERS = (
    Manner("deleted-stays-deleted", reinserts=False, has_totals=True),
    Manner("deleted-comes-back", reinserts=True, has_totals=True),
    Manner("old-format", reinserts=True, has_totals=False),
)


@dataclass(slots=True)
class Application:
    """Writes items ``{id, a, b, marker[, total][, expired]}`` and keeps the history of it.

    ``is_due``: what it writes, the migration has still to look at. Several threads may use one.
    """

    dynamodb: Any
    table_name: str
    manner: Manner
    is_due: bool = False
    history: list[Operation] = field(default_factory=list, init=False)
    keys: list[str] = field(default_factory=list, init=False)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1), init=False)

    @property
    def while_due(self) -> Self:
        """The same application, while the migration has yet to look at what it writes."""
        same = copy(self)
        same.is_due = True
        return same

    def load(self, count: int, draw: random.Random) -> None:
        """Put what the migration is about: no item has a total yet, some are expired."""
        for first in range(0, count, _BATCH_ITEMS):
            self._load_batch(range(first, min(count, first + _BATCH_ITEMS)), draw)

    def update(self, key: str, draw: random.Random) -> None:
        """Change what the transform reads."""
        parts = _parts(draw)
        self._update(key, parts, {**parts, **self._total(parts)}, _upserts(self.manner))

    def touch(self, key: str, draw: random.Random) -> None:
        """Change only what the transform does not look at."""
        self._update(key, {}, {}, _EXISTS)

    def put(self, key: str, draw: random.Random) -> None:
        """Put a whole item in the place of what is there."""
        self._put(key, _parts(draw), _upserts(self.manner))

    def insert(self, key: str, draw: random.Random) -> None:
        """Put an item under a key that never was."""
        self._put(self._new_key(), _parts(draw), {})

    def delete(self, key: str, draw: random.Random) -> None:
        self._request(
            self._begun(key, Kind.DELETE), self.dynamodb.delete_item, Key={"id": {"S": key}}
        )

    def delete_and_put(self, key: str, draw: random.Random) -> None:
        self.delete(key, draw)
        self.put(key, draw)

    def read_all(self) -> Sequence[Operation]:
        """Read the whole table: one read for every key that ever was, and what else is there."""
        begun = self._begun("", Kind.READ)
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self.table_name, ConsistentRead=True
        )
        items = {item["id"]["S"]: item for page in pages for item in page["Items"]}
        ended = time.monotonic_ns()
        return [
            replace(begun, key=key, ended=ended, found=items.get(key, ABSENT))
            for key in sorted({*self.keys, *items})
        ]

    def _load_batch(self, positions: range, draw: random.Random) -> None:
        expired = [{} if i % _EXPIRED_EVERY else {"expired": {"BOOL": True}} for i in positions]
        wrote = [{**_parts(draw), **others} for others in expired]
        begun = [self._begun(self._new_key(), Kind.WRITE, parts) for parts in wrote]
        puts = [{"PutRequest": {"Item": _item(b, b.wrote)}} for b in begun]
        answer = self.dynamodb.batch_write_item(RequestItems={self.table_name: puts})
        assert not answer["UnprocessedItems"]
        ended = time.monotonic_ns()
        self.history += [replace(b, ended=ended, found=ABSENT) for b in begun]

    def _new_key(self) -> str:
        key = f"item-{next(self._numbers):06d}"
        self.keys.append(key)
        return key

    def _total(self, parts: Item) -> Item:
        total = sum(int(part["N"]) for part in parts.values())
        return {"total": {"N": str(total)}} if self.manner.has_totals else {}

    def _put(self, key: str, parts: Item, condition: dict[str, str]) -> None:
        begun = self._begun(key, Kind.WRITE, {"expired": None, **parts})
        item = _item(begun, {**parts, **self._total(parts)})
        self._request(begun, self.dynamodb.put_item, Item=item, **condition)

    def _update(self, key: str, parts: Item, sets: Item, condition: dict[str, str]) -> None:
        begun = self._begun(key, Kind.WRITE, {"expired": None, **parts} if parts else {})
        values = {"marker": {"N": str(begun.number)}, **sets}
        self._request(
            begun,
            self.dynamodb.update_item,
            Key={"id": {"S": key}},
            UpdateExpression="SET "
            + ", ".join(f"#{name} = :{name}" for name in values)
            + (" REMOVE expired" if parts else ""),
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
            **condition,
        )

    def _begun(self, key: str, kind: Kind, wrote: Item | None = None) -> Operation:
        return Operation(
            key=key,
            kind=kind,
            number=next(self._numbers),
            began=time.monotonic_ns(),
            ended=0,
            wrote=wrote or {},
            is_due=self.is_due,
        )

    def _request(self, begun: Operation, call: Callable[..., Any], **arguments: Any) -> None:
        """Make a request, and remember what is known of it."""
        try:
            answer = call(TableName=self.table_name, ReturnValues="ALL_OLD", **arguments)
            outcome, found = Outcome.ACKNOWLEDGED, answer.get("Attributes", ABSENT)
        except (ClientError, BotoCoreError) as exc:
            outcome = _outcome_of(exc)
            found = ABSENT if outcome is Outcome.REFUSED else None
        ended = time.monotonic_ns()
        self.history.append(replace(begun, ended=ended, outcome=outcome, found=found))


def _item(begun: Operation, attributes: Item) -> Item:
    """Return the item that a write leaves."""
    return {"id": {"S": begun.key}, "marker": {"N": str(begun.number)}, **attributes}


def _parts(draw: random.Random) -> dict[str, dict[str, str]]:
    return {name: {"N": str(draw.randrange(1_000))} for name in ("a", "b")}


def _upserts(manner: Manner) -> dict[str, str]:
    """Return the condition that keeps deleted items deleted, where the manner wants that."""
    return {} if manner.reinserts else _EXISTS


def _outcome_of(exc: ClientError | BotoCoreError) -> Outcome:
    """Tell what a request came to that failed; the caller's own mistakes are raised again."""
    if isinstance(exc, BotoCoreError):
        return Outcome.MAYBE  # no answer
    if exc.response["Error"]["Code"] == "ConditionalCheckFailedException":
        return Outcome.REFUSED
    if exc.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
        return Outcome.MAYBE
    raise exc
