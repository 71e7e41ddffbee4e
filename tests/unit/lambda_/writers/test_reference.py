"""The reference writer: one conditional request per item, and what it makes of AWS's answers."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.core.ledger.counts import Units
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from ddb_transform.contract.intent import Change, Intent
from ddb_transform.failures import FatalError
from ddb_transform.writers.interface import APPLIED, WriteAnswer, WriteVerdict, Written
from ddb_transform.writers.reference import ReferenceWriter, refusal_of_size
from tests.support.factories import TABLE, client_error, data_table, typed_item
from tests.unit.lambda_.writers.writing import CHANGED, DELETED, KEY, StubDynamoDB, intent

FAILED = "ConditionalCheckFailedException"
RESTORED = Change("restored", typed_item(n={"N": "1"}), after_bytes=10)
LOST = WriteVerdict.LOST


def written(stub: StubDynamoDB, change: Change = CHANGED) -> WriteAnswer:
    return ReferenceWriter(stub, TABLE).write([intent(change)])


def the_verdict(answer: WriteAnswer) -> Written:
    (one,) = answer.written
    return one


# One request


@pytest.mark.parametrize(
    ("change", "operation"),
    [(CHANGED, "update_item"), (DELETED, "delete_item"), (Change("changed"), "update_item")],
)
def test_one_request_is_one_write(change: Change, operation: str) -> None:
    """Of this item, in this table; nothing but DELETE ever deletes; what it took is told."""
    index = {"by_day": {"CapacityUnits": 1.0}}
    report = {"CapacityUnits": 3.0, "GlobalSecondaryIndexes": index}
    stub = StubDynamoDB({"ConsumedCapacity": report})

    assert WriteAnswer((APPLIED,), Units(written=3.0, busiest=2.0)) == written(stub, change)
    ((called, arguments),) = stub.asked
    assert (operation, TABLE, KEY) == (called, arguments["TableName"], arguments["Key"])


# Failed conditions


@pytest.mark.parametrize("change", [CHANGED, DELETED])
def test_a_failed_condition_brings_the_item_as_it_is(change: Change) -> None:
    """From the error itself: no second request."""
    current = typed_item(n={"N": "3"})
    stub = StubDynamoDB(client_error(FAILED, Item=current))

    assert WriteAnswer((Written(LOST, current),)) == written(stub, change)
    assert 1 == len(stub.asked)


@pytest.mark.parametrize("extra", [{}, {"Item": {}}, {"Item": None}])
def test_a_failed_condition_without_an_item_says_nothing(extra: dict[str, Any]) -> None:
    """The item is read again, consistently, before anybody calls it gone."""
    current = typed_item(n={"N": "3"})
    stub = StubDynamoDB(client_error(FAILED, **extra), item=current)

    assert WriteAnswer((Written(LOST, current),), Units(read=1.0)) == written(stub)
    (name, arguments) = stub.asked[-1]
    assert ("get_item", True, KEY) == (name, arguments["ConsistentRead"], arguments["Key"])


def test_only_a_missing_item_is_gone() -> None:
    """The consistent read found nothing."""
    answer = written(StubDynamoDB(client_error(FAILED)))

    assert WriteAnswer((Written(LOST, None),), Units(read=1.0)) == answer


# Other errors


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ValidationException", "over 400 KB"),
        ("ItemCollectionSizeLimitExceededException", "limit of 10 GB"),
    ],
)
def test_what_dynamodb_refuses_of_this_item_is_an_item_error(code: str, words: str) -> None:
    """The code counts; AWS's message may hold a value and is not told."""
    stub = StubDynamoDB(client_error(code, message="hunter2"))

    refused = the_verdict(written(stub))

    assert WriteVerdict.REFUSED is refused.verdict
    assert refused.error is not None
    assert code == refused.error.error_class
    assert words in str(refused.error)
    assert "hunter2" not in str(refused.error)


@pytest.mark.parametrize(
    ("error", "throttled", "ambiguous"),
    [
        (client_error("ProvisionedThroughputExceededException"), True, False),
        (client_error("ThrottlingException"), True, False),
        (client_error("RequestLimitExceeded"), True, False),
        (client_error("TransactionConflictException"), False, False),
        (client_error("ReplicatedWriteConflictException"), False, False),
        (client_error("InternalServerError"), False, True),
        (client_error("ServiceUnavailable"), False, True),
        (ReadTimeoutError(endpoint_url="x"), False, True),
        (ConnectTimeoutError(endpoint_url="x"), False, True),
        (EndpointConnectionError(endpoint_url="x"), False, True),
    ],
)
def test_what_passes_is_tried_again(error: Exception, throttled: bool, ambiguous: bool) -> None:
    """Slower if throttled; what may have landed all the same is told, and nothing else is."""
    one = the_verdict(written(StubDynamoDB(error)))

    assert WriteVerdict.AGAIN is one.verdict
    assert (throttled, ambiguous) == (one.throttled, one.ambiguous)
    assert one.reason


def test_a_throttle_says_what_was_throttled() -> None:
    """DynamoDB names its reason and the resource, an index as well."""
    rows = [{"reason": "IndexWriteProvisionedThroughputExceeded", "resource": "arn:index"}]
    error = client_error("ThrottlingException", throttlingReasons=rows)

    assert "IndexWriteProvisionedThroughputExceeded arn:index" == (
        the_verdict(written(StubDynamoDB(error))).reason
    )


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_what_is_wrong_for_every_item_ends_the_run(code: str) -> None:
    """With what to do."""
    with pytest.raises(FatalError) as fatal:
        written(StubDynamoDB(client_error(code)))

    assert code == fatal.value.error


def test_what_nobody_foresaw_is_raised() -> None:
    """The error itself, for Step Functions to try again."""
    with pytest.raises(ClientError, match="SomethingNew"):
        written(StubDynamoDB(client_error("SomethingNewException")))


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError"])
def test_a_look_that_fails_decides_nothing(code: str) -> None:
    """The write did not land; it is tried again, and is neither gone nor ambiguous."""
    stub = StubDynamoDB(client_error(FAILED), item=client_error(code, "GetItem"))

    assert Written(WriteVerdict.AGAIN, reason=code) == the_verdict(written(stub))


def test_a_look_that_is_denied_is_raised() -> None:
    """It is never read as "the item is gone"."""
    stub = StubDynamoDB(client_error(FAILED), item=client_error("AccessDeniedException"))

    with pytest.raises(ClientError, match="AccessDenied"):
        written(stub)


# Sizes


def test_a_condition_on_too_much_does_not_fit() -> None:
    """And its refusal says how much, and what to do."""
    large = intent(Change("changed", {"x": None}, {f"a{i}": None for i in range(200)}))

    assert not ReferenceWriter(StubDynamoDB(), TABLE).fits(large)
    error = refusal_of_size(large)
    assert "ConditionTooLarge" == error.error_class
    assert "Read and change fewer, by name" in str(error)


@pytest.mark.parametrize("change", [CHANGED, DELETED, RESTORED])
def test_a_usual_write_fits(change: Change) -> None:
    """An update, a delete, and the whole item that is put back."""
    assert ReferenceWriter(StubDynamoDB(), TABLE).fits(intent(change))


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

    assert APPLIED == the_verdict(ReferenceWriter(dynamodb, table).write([intent(change)]))
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

    answer = ReferenceWriter(dynamodb, table).write([intent(change)])

    assert Written(LOST, current) == the_verdict(answer)
    assert current == dynamodb.get_item(TableName=table, Key=KEY)["Item"]


@pytest.mark.parametrize("change", [CHANGED, DELETED, Change("changed", {"x": {"S": "y"}})])
def test_a_deleted_item_stays_deleted(dynamodb: Any, table: str, change: Change) -> None:
    """UpdateItem would make a new one; the condition forbids it."""
    found = the_verdict(ReferenceWriter(dynamodb, table).write([intent(change)]))

    assert Written(LOST, None) == found
    assert "Item" not in dynamodb.get_item(TableName=table, Key=KEY)


def test_a_deleted_item_is_put_back_where_its_key_is_free(dynamodb: Any, table: str) -> None:
    """As it was, every attribute."""
    answer = ReferenceWriter(dynamodb, table).write([Intent(KEY, RESTORED, {})])

    assert APPLIED == the_verdict(answer)
    assert typed_item(n={"N": "1"}) == dynamodb.get_item(TableName=table, Key=KEY)["Item"]


def test_an_item_that_came_back_is_never_put_over(
    dynamodb: Any, table: str, put: Callable[..., dict[str, Any]]
) -> None:
    """Live traffic made it again: it stays, and is told."""
    current = put(n={"N": "9"})

    answer = ReferenceWriter(dynamodb, table).write([Intent(KEY, RESTORED, {})])

    assert Written(LOST, current) == the_verdict(answer)
    assert current == dynamodb.get_item(TableName=table, Key=KEY)["Item"]
