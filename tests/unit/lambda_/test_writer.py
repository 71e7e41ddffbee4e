"""The reference writer: its expressions, and what it makes of AWS's answers."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.messages import Units
from botocore.exceptions import ClientError
from ddb_transform.transform import Change
from ddb_transform.writer import ReferenceWriter, Request, Written
from hypothesis import given
from tests.factories import TABLE, client_error, data_table, typed_item
from tests.typed_values import ATTRIBUTES

KEY = {"id": {"S": "a"}}
CHANGED = Change("changed", {"n": {"N": "2"}}, {"n": {"N": "1"}})
DELETED = Change("deleted", {}, {"n": {"N": "1"}})
FAILED = "ConditionalCheckFailedException"


class StubDynamoDB:
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self, write: Any = None, item: Any = None) -> None:
        self.write = {} if write is None else write
        self.item = item
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def _answer(self, name: str, arguments: dict[str, Any]) -> Any:
        self.asked.append((name, arguments))
        if isinstance(self.write, Exception):
            raise self.write
        return self.write

    def update_item(self, **arguments: Any) -> Any:
        return self._answer("update_item", arguments)

    def delete_item(self, **arguments: Any) -> Any:
        return self._answer("delete_item", arguments)

    def get_item(self, **arguments: Any) -> Any:
        self.asked.append(("get_item", arguments))
        found = {"Item": self.item} if self.item else {}
        return {**found, "ConsumedCapacity": {"CapacityUnits": 1.0}}


def written(stub: StubDynamoDB, change: Change = CHANGED) -> Written:
    return ReferenceWriter(stub, TABLE).write(KEY, change)


# Expressions


def test_every_name_and_value_is_a_placeholder() -> None:
    """Set what is assigned, remove what is None, if everything seen is as it was seen."""
    change = Change(
        "changed", {"status": {"S": "x"}, "size": None}, {"size": {"N": "1"}, "status": None}
    )

    assert {
        "ConditionExpression": "attribute_exists(#n0) AND #n1 = :v0 AND attribute_not_exists(#n2)",
        "UpdateExpression": "SET #n2 = :v1 REMOVE #n1",
        "ExpressionAttributeNames": {"#n0": "id", "#n1": "size", "#n2": "status"},
        "ExpressionAttributeValues": {":v0": {"N": "1"}, ":v1": {"S": "x"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        "ReturnConsumedCapacity": "TOTAL",
    } == Request(KEY, change).arguments()


def test_a_delete_has_a_condition_and_no_update() -> None:
    """DeleteItem knows no update expression, and AWS refuses an empty map of values."""
    assert {
        "ConditionExpression": "attribute_exists(#n0) AND attribute_not_exists(#n1)",
        "ExpressionAttributeNames": {"#n0": "id", "#n1": "x"},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        "ReturnConsumedCapacity": "TOTAL",
    } == Request(KEY, Change("deleted", {}, {"x": None})).arguments()


def test_every_key_attribute_must_exist() -> None:
    """An update without that would make an item that was deleted meanwhile."""
    request = Request({"p": {"S": "a"}, "s": {"N": "1"}}, CHANGED).arguments()

    expected = "attribute_exists(#n0) AND attribute_exists(#n1) AND #n2 = :v0"
    assert expected == request["ConditionExpression"]


@pytest.mark.parametrize(
    ("change", "operation"), [(CHANGED, "update_item"), (DELETED, "delete_item")]
)
def test_one_request_is_one_write(change: Change, operation: str) -> None:
    """Of the item with this key, in this table; what it took is told."""
    stub = StubDynamoDB({"ConsumedCapacity": {"CapacityUnits": 2.0}})

    assert Written(applied=True, units=Units(written=2.0)) == written(stub, change)
    ((called, arguments),) = stub.asked
    assert (operation, TABLE, KEY) == (called, arguments["TableName"], arguments["Key"])


# Failed conditions


@pytest.mark.parametrize("change", [CHANGED, DELETED])
def test_a_failed_condition_brings_the_item_as_it_is(change: Change) -> None:
    """From the error itself: no second request."""
    current = typed_item(n={"N": "3"})
    stub = StubDynamoDB(client_error(FAILED, Item=current))

    assert Written(applied=False, current=current) == written(stub, change)
    assert 1 == len(stub.asked)


@pytest.mark.parametrize("extra", [{}, {"Item": {}}, {"Item": None}])
def test_a_failed_condition_without_an_item_says_nothing(extra: dict[str, Any]) -> None:
    """The item is read again, consistently, before anybody calls it gone."""
    current = typed_item(n={"N": "3"})
    stub = StubDynamoDB(client_error(FAILED, **extra), item=current)

    assert Written(False, current, Units(read=1.0)) == written(stub)
    (name, arguments) = stub.asked[-1]
    assert ("get_item", True, KEY) == (name, arguments["ConsistentRead"], arguments["Key"])


def test_only_a_missing_item_is_gone() -> None:
    """The consistent read found nothing."""
    assert Written(False, None, Units(read=1.0)) == written(StubDynamoDB(client_error(FAILED)))


# Other errors


@pytest.mark.parametrize(
    "code", ["ValidationException", "ItemCollectionSizeLimitExceededException"]
)
def test_what_dynamodb_refuses_of_this_item_is_an_item_error(code: str) -> None:
    """The code counts; AWS's message may hold a value and is not told."""
    stub = StubDynamoDB(client_error(code, message="hunter2"))

    with pytest.raises(ItemError) as refused:
        written(stub)

    assert code == refused.value.error_class
    assert "over 400 KB" in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "code",
    [
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "AccessDeniedException",
        "InternalServerError",
    ],
)
def test_what_is_not_the_items_fault_passes_through(code: str) -> None:
    """Throttling and the rest are the worker's to judge."""
    with pytest.raises(ClientError, match=code):
        written(StubDynamoDB(client_error(code)))


# Against a DynamoDB


@pytest.fixture
def table(dynamodb: Any, request: pytest.FixtureRequest) -> str:
    name = request.node.name[:100].replace("[", "-").replace("]", "")
    data_table(dynamodb, name)
    return name


@pytest.fixture
def put(dynamodb: Any, table: str) -> Callable[..., dict[str, Any]]:
    def put(**attributes: Any) -> dict[str, Any]:
        dynamodb.put_item(TableName=table, Item=typed_item(**attributes))
        return typed_item(**attributes)

    return put


def test_a_change_is_applied_and_nothing_else(
    dynamodb: Any, table: str, put: Callable[..., dict[str, Any]]
) -> None:
    """Set, remove, and leave the others."""
    put(n={"N": "1"}, old={"S": "x"}, other={"N": "1E+2"})
    change = Change("changed", {"n": {"N": "2"}, "old": None}, {"n": {"N": "1"}, "new": None})

    assert ReferenceWriter(dynamodb, table).write(KEY, change).applied
    found = dynamodb.get_item(TableName=table, Key=KEY)["Item"]
    assert typed_item(n={"N": "2"}, other={"N": "1E+2"}) == found


@pytest.mark.parametrize("change", [CHANGED, DELETED])
@pytest.mark.parametrize("now", [{"n": {"N": "7"}}, {}])
def test_a_live_write_wins(
    dynamodb: Any,
    table: str,
    put: Callable[..., dict[str, Any]],
    change: Change,
    now: dict[str, Any],
) -> None:
    """Changed or removed since it was read: nothing is written, and the current item comes back."""
    current = put(**now)

    assert Written(False, current) == ReferenceWriter(dynamodb, table).write(KEY, change)
    assert current == dynamodb.get_item(TableName=table, Key=KEY)["Item"]


@pytest.mark.parametrize("change", [CHANGED, DELETED, Change("changed", {"x": {"S": "y"}})])
def test_a_deleted_item_stays_deleted(dynamodb: Any, table: str, change: Change) -> None:
    """UpdateItem would make a new one; the condition forbids it."""
    found = ReferenceWriter(dynamodb, table).write(KEY, change)

    assert (False, None) == (found.applied, found.current)
    assert "Item" not in dynamodb.get_item(TableName=table, Key=KEY)


@given(ATTRIBUTES)
def test_any_names_and_values_make_a_complete_request(attributes: dict[str, Any]) -> None:
    """Each placeholder that is used is defined, and each that is defined is used."""
    request = Request(KEY, Change("changed", {"x": None, **attributes}, attributes)).arguments()
    text = f"{request['ConditionExpression']} {request['UpdateExpression']} "
    words = set(text.replace("(", " ").replace(")", " ").replace(",", " ").split())

    defined = {*request["ExpressionAttributeNames"], *request.get("ExpressionAttributeValues", {})}
    assert defined == {word for word in words if word[0] in "#:"}
    assert {"id", "x", *attributes} == set(request["ExpressionAttributeNames"].values())
