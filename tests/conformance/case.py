"""A case: one request to DynamoDB, what AWS answers, and who says so.

In every text of a request ``@table`` stands for the table's name. A case without tables of its own
shares one with others, so its items have its name as their key.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Item = dict[str, Any]  # typed values


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT: Any = _Absent()

_SETS = frozenset({"SS", "NS", "BS"})

HASH, PAIR, INDEXED, PROVISIONED = "hash", "pair", "indexed", "provisioned"

_KEY = {"AttributeName": "pk", "KeyType": "HASH"}
_UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
_BY_OF = {
    "IndexName": "by-of",
    "KeySchema": [{"AttributeName": "of", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}


def _texts(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


SCHEMAS: dict[str, dict[str, Any]] = {
    HASH: {
        "KeySchema": [_KEY],
        "AttributeDefinitions": _texts("pk"),
        "BillingMode": "PAY_PER_REQUEST",
    },
    PAIR: {
        "KeySchema": [_KEY, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": _texts("pk", "sk"),
        "BillingMode": "PAY_PER_REQUEST",
    },
    INDEXED: {
        "KeySchema": [_KEY],
        "AttributeDefinitions": _texts("pk", "of"),
        "BillingMode": "PAY_PER_REQUEST",
        "GlobalSecondaryIndexes": [_BY_OF],
    },
    PROVISIONED: {
        "KeySchema": [_KEY],
        "AttributeDefinitions": _texts("pk", "of"),
        "ProvisionedThroughput": _UNITS,
        "GlobalSecondaryIndexes": [{**_BY_OF, "ProvisionedThroughput": _UNITS}],
    },
}


@dataclass(frozen=True, slots=True)
class Request:
    """``operation`` is DynamoDB's name of it; WaitUntilActive waits for the table."""

    operation: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An error's code and a part of its message, or what the answer has at least.

    In ``has`` a callable judges a value, and ABSENT says that there is none.
    """

    error: str = ""
    says: str = ""
    has: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``given`` are items, ``before`` requests that must succeed, and ``then`` what a key leaves.

    ``own``: it needs a table that no other case uses.
    """

    name: str
    area: str
    request: Request
    answer: Answer
    source: str
    schema: str = HASH
    own: bool = False
    given: Sequence[Item] = ()
    before: Sequence[Request] = ()
    then: tuple[Item, Any] | None = None


ACCEPTED = Answer()
REFUSED = Answer(error="ValidationException")
CONDITION_FAILED = Answer(error="ConditionalCheckFailedException")
WAIT = Request("WaitUntilActive", {})

_TABLE = {"TableName": "@table"}


def text(value: str) -> Item:
    return {"S": value}


def number(value: object) -> Item:
    return {"N": str(value)}


def key(name: str) -> Item:
    return {"pk": text(name)}


def put(item: Item, **more: Any) -> Request:
    return Request("PutItem", {**_TABLE, "Item": item, **more})


def update(name: str, expression: str, **more: Any) -> Request:
    """``values`` and ``names`` are without their signs."""
    values = {f":{n}": v for n, v in more.pop("values", {}).items()}
    names = {f"#{n}": v for n, v in more.pop("names", {}).items()}
    known = {"ExpressionAttributeValues": values, "ExpressionAttributeNames": names}
    arguments = {n: v for n, v in known.items() if v}
    return Request(
        "UpdateItem",
        {**_TABLE, "Key": key(name), "UpdateExpression": expression, **arguments, **more},
    )


def batch(*statements: tuple[str, *tuple[Item, ...]], **more: Any) -> Request:
    """Statements with their parameters; ``option`` goes to each."""
    option = more.pop("option", {})
    rows = [
        {"Statement": words, **({"Parameters": list(values)} if values else {}), **option}
        for words, *values in statements
    ]
    return Request("BatchExecuteStatement", {"Statements": rows, **more})


def scan(**arguments: Any) -> Request:
    return Request("Scan", {**_TABLE, **arguments})


def about_table(operation: str, **arguments: Any) -> Request:
    return Request(operation, {**_TABLE, **arguments})


def filled(value: Any, table: str) -> Any:
    """Return a value with the table's name in the place of ``@table``."""
    if isinstance(value, str):
        return value.replace("@table", table)
    if isinstance(value, Mapping):
        return {filled(n, table): filled(v, table) for n, v in value.items()}
    if isinstance(value, list | tuple):
        return [filled(one, table) for one in value]
    return value


def differs(wanted: Any, found: Any, where: str = "") -> str:
    """Say where an answer is not as wanted; empty when it is."""
    if wanted is ABSENT:
        return "" if found is None else f"{where} is there"
    if isinstance(wanted, Callable):  # type: ignore[arg-type]
        return "" if found is not None and wanted(found) else f"{where} is {_short(found)}"
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        if len(wanted) == 1 and _SETS & wanted.keys() == found.keys():
            ((name, members),) = wanted.items()
            return differs(sorted(members), sorted(found[name]), f"{where}.{name}")
        parts = (differs(v, found.get(n), f"{where}.{n}") for n, v in wanted.items())
        return next(filter(None, parts), "")
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = enumerate(zip(wanted, found, strict=True))
        return next(filter(None, (differs(w, f, f"{where}[{i}]") for i, (w, f) in pairs)), "")
    return "" if wanted == found else f"{where} is {_short(found)}, not {_short(wanted)}"


def _short(value: Any) -> str:
    words = repr(value)
    return words if len(words) <= 80 else f"{words[:77]}..."  # of a line
