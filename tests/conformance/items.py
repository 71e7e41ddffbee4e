"""Keys of indexes wherever an item is written, names in statements, batches of whole items."""

from collections.abc import Iterator
from typing import Any

from tests.conformance.case import (
    ABSENT,
    ACCEPTED,
    INDEXED,
    REFUSED,
    Answer,
    Case,
    Item,
    Request,
    batch,
    key,
    number,
    put,
    text,
    update,
)
from tests.conformance.values import named

_INDEX_KEYS = "nubo-db/dynoxide tests/index_key_validation, seen on AWS"
_BATCHES = "paritysuite/dynamodb-conformance tests/tier3/limits/batchLimits"
_VALIDATION = "paritysuite/dynamodb-conformance tests/tier1/batchWriteItem/validation"
_KEY_GUIDE = "DynamoDB developer guide: quotas of keys"
_PARTIQL = "DynamoDB developer guide: PartiQL update and delete statements"

_BAD_KEYS: dict[str, Item] = {
    "a number": number(5),
    "empty": text(""),
    "a list": {"L": [text("x")]},
    "a map": {"M": {"a": text("x")}},
    "a boolean": {"BOOL": True},
    "NULL": {"NULL": True},
    "a set": {"SS": ["a"]},
}
_NAMES = ("select", "a.b", 'a"b', "#a", ":a", "a b", "ä", "a[0]", "a'b", "1", "a-b", "M")


def cases() -> Iterator[Case]:
    yield from _index_keys()
    yield from _names()
    yield from _written()
    yield from _read()


def _index_keys() -> Iterator[Case]:
    """An index key may be absent; whatever is there must be a text, and not empty."""
    made = named("index keys", _INDEX_KEYS)

    def case(*a: Any, **more: Any) -> Case:
        return made(*a, **{"schema": INDEXED, **more})

    refused = Answer(has={"Responses": [{"Error": {"Code": "ValidationError"}}]})
    for word, value in _BAD_KEYS.items():
        name = f"index key that is {word} is put"
        yield case(name, put({**key(name), "of": value}), REFUSED)
        name = f"index key that is {word} is set"
        given = [{**key(name), "of": text("a")}]
        then = (key(name), {"of": text("a")})
        request = update(name, "SET #of = :of", names={"of": "of"}, values={"of": value})
        yield case(name, request, REFUSED, given=given, then=then)
        name = f"index key that is {word} is set by a statement"
        words = 'UPDATE "@table" SET "of"=? WHERE "pk"=?'
        given = [{**key(name), "of": text("a")}]
        then = (key(name), {"of": text("a")})
        yield case(name, batch((words, value, text(name))), refused, given=given, then=then)
    name = "an item without the index key is put"
    yield case(name, put(key(name)), ACCEPTED)
    name = "an index key is removed"
    request = update(name, "REMOVE #of", names={"of": "of"})
    given = [{**key(name), "of": text("a")}]
    yield case(name, request, ACCEPTED, given=given, then=(key(name), {"of": ABSENT}))
    for size, answer in ((2_048, ACCEPTED), (2_049, REFUSED)):
        name = f"index key of {size:,} bytes"
        item = {**key(name), "of": text("o" * size)}
        yield case(name, put(item), answer, source=_KEY_GUIDE)
        name = f"index key of {size:,} bytes by a statement"
        words = 'UPDATE "@table" SET "of"=? WHERE "pk"=?'
        told = refused if answer is REFUSED else Answer(has={"Responses": [{"Error": ABSENT}]})
        request = batch((words, item["of"], text(name)))
        yield case(name, request, told, given=[key(name)], source=_KEY_GUIDE)


def _names() -> Iterator[Case]:
    """A quoted name is a name, whatever it is."""
    case = named("batches", _PARTIQL)
    done = Answer(has={"Responses": [{"Error": ABSENT}]})
    for name in _NAMES:
        quoted = '"' + name.replace('"', '""') + '"'
        title = f"a statement about the name {name}"
        words = f'UPDATE "@table" SET {quoted}=? WHERE "pk"=? AND {quoted}=?'
        request = batch((words, text("new"), text(title), text("old")))
        given = [{**key(title), name: text("old")}]
        then = (key(title), {name: text("new")})
        yield case(title, request, done, given=given, then=then)


def _written() -> Iterator[Case]:
    case = named("batches of items", _BATCHES)
    for count, answer in ((25, Answer(has={"UnprocessedItems": {}})), (26, REFUSED)):
        name = f"{count} items are written"
        rows = [{"PutRequest": {"Item": key(f"{name} {i}")}} for i in range(count)]
        yield case(name, _write(rows), answer)
    name = "the same key is written twice in a batch"
    twice = [{"PutRequest": {"Item": {**key(name), "v": text(v)}}} for v in "ab"]
    yield case(name, _write(twice), REFUSED, then=(key(name), ABSENT), source=_VALIDATION)
    name = "a key is put and deleted in a batch"
    both = [{"PutRequest": {"Item": key(name)}}, {"DeleteRequest": {"Key": key(name)}}]
    yield case(name, _write(both), REFUSED, source=_VALIDATION)


def _read() -> Iterator[Case]:
    case = named("batches of items", _BATCHES)
    for count, answer in ((100, ACCEPTED), (101, REFUSED)):
        keys = [key(f"{count} {i}") for i in range(count)]
        request = Request("BatchGetItem", {"RequestItems": {"@table": {"Keys": keys}}})
        yield case(f"{count} keys are read", request, answer)
    request = Request("BatchGetItem", {"RequestItems": {"@table": {"Keys": [key("a")] * 2}}})
    yield case("the same key is read twice in a batch", request, REFUSED)


def _write(rows: list[dict[str, Any]]) -> Request:
    return Request("BatchWriteItem", {"RequestItems": {"@table": rows}})
