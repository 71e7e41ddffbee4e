"""The fast writer's statements, and what it makes of each of their answers."""

from typing import Any

import pytest
from airflow_ddb_migrate.core.ledger.counts import Units
from airflow_ddb_migrate.core.limits import STATEMENT_CHARS
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from ddb_transform.contract.intent import Change, Intent
from ddb_transform.failures import FatalError
from ddb_transform.writers import partiql
from ddb_transform.writers.interface import ALONE, APPLIED, WriteAnswer, WriteVerdict, Written
from ddb_transform.writers.partiql import PartiqlWriter, quoted_name
from tests.support.factories import TABLE, client_error, typed_item
from tests.unit.lambda_.writers.writing import CHANGED, DELETED, StubDynamoDB, intent, intents

LOST = WriteVerdict.LOST
CURRENT = typed_item(n={"N": "3"})


def writer(stub: StubDynamoDB | None = None, *key_names: str) -> PartiqlWriter:
    return PartiqlWriter(stub or StubDynamoDB(), TABLE, key_names or ("id",))


def error(code: str, **more: Any) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": "as AWS says it", **more}}


def answered(*responses: dict[str, Any], units: float | None = 1.0) -> dict[str, Any]:
    """HTTP 200 with these responses."""
    rows = [{"TableName": TABLE, "CapacityUnits": units}] if units is not None else []
    return {"Responses": list(responses), "ConsumedCapacity": rows}


def written(response: dict[str, Any], change: Change = CHANGED, item: Any = None) -> Written:
    """What one statement's response comes to."""
    (one,) = writer(StubDynamoDB(answered(response), item=item)).write([intent(change)]).written
    return one


# Statements


def test_an_update_names_key_and_condition() -> None:
    """Names are quoted, every value is a parameter."""
    change = Change("changed", {"n": {"N": "2"}}, {"n": {"N": "1"}, "o": {"S": "x"}})

    assert 'UPDATE "orders" SET "n"=? WHERE "id"=? AND "n"=? AND "o"=?' == writer().text(change)


def test_sets_come_before_removes() -> None:
    """PartiQL wants one word for each attribute."""
    change = Change("changed", {"a": None, "b": {"N": "1"}, "c": None, "d": {"N": "2"}})

    expected = 'UPDATE "orders" SET "b"=? SET "d"=? REMOVE "a" REMOVE "c" WHERE "p"=? AND "s"=?'
    assert expected == writer(None, "p", "s").text(change)


def test_an_absent_attribute_is_missing_and_never_null() -> None:
    """IS NULL is true of a NULL value and, on some engines, of an absent one."""
    change = Change("changed", {"a": {"N": "1"}}, {"a": None, "b": {"NULL": True}})

    text = writer().text(change)

    assert text.endswith('WHERE "id"=? AND "a" IS MISSING AND "b"=?')
    assert "IS NULL" not in text


def test_a_delete_asks_for_what_it_deleted() -> None:
    """Or nobody knows whether it deleted anything."""
    expected = 'DELETE FROM "orders" WHERE "id"=? AND "n"=? RETURNING ALL OLD *'
    assert expected == writer().text(DELETED)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a", '"a"'), ('a"b', '"a""b"'), ("a.b", '"a.b"'), ("'; --", '"\'; --"'), ('"', '""""')],
)
def test_a_name_is_quoted_whatever_it_is(name: str, expected: str) -> None:
    """No name ends its own quotes."""
    assert expected == quoted_name(name)


def test_parameters_are_in_the_order_of_the_question_marks() -> None:
    """Assigned, key in the table's order, expected; what is absent has none."""
    change = Change(
        "changed",
        {"r": None, "a": {"N": "1"}, "b": {"S": "2"}},
        {"x": {"S": "3"}, "y": None, "z": {"B": b"4"}},
    )
    stub = StubDynamoDB(answered({}))

    writer(stub, "p", "s").write([Intent({"s": {"N": "9"}, "p": {"S": "k"}}, change, {})])

    ((_, arguments),) = stub.asked
    (statement,) = arguments["Statements"]
    assert [{"N": "1"}, {"S": "2"}, {"S": "k"}, {"N": "9"}, {"S": "3"}, {"B": b"4"}] == (
        statement["Parameters"]
    )
    assert "ALL_OLD" == statement["ReturnValuesOnConditionCheckFailure"]
    assert statement["Statement"].count("?") == len(statement["Parameters"])


def test_one_text_serves_every_change_of_a_shape() -> None:
    """Values do not matter, whether they are there does; and not too many texts are kept."""
    fast = writer()
    first = fast.text(CHANGED)

    assert first is fast.text(Change("changed", {"n": {"S": "z"}}, {"n": {"S": "y"}}))
    assert first != fast.text(Change("changed", {"n": {"S": "z"}}, {"n": None}))
    for i in range(3 * partiql._KNOWN_SHAPES):
        name = f"a{i}"
        assert name in fast.text(Change("changed", {name: None}))
    assert len(fast._texts) <= partiql._KNOWN_SHAPES


def with_text_of(chars: int) -> Intent:
    """An intent whose statement has so many characters."""
    without_name = len(writer().text(Change("changed", {"": None})))
    return intent(Change("changed", {"x" * (chars - without_name): None}))


@pytest.mark.parametrize(("chars", "fits"), [(STATEMENT_CHARS, True), (STATEMENT_CHARS + 1, False)])
def test_a_statement_fits_up_to_its_limit(chars: int, fits: bool) -> None:
    """8,192 characters."""
    one = with_text_of(chars)

    assert chars == len(writer().text(one.change))
    assert fits is writer().fits(one)


def test_an_item_is_not_put_back_by_a_statement() -> None:
    """PartiQL's INSERT cannot say all that a PutItem can."""
    assert not writer().fits(intent(Change("restored", typed_item())))


# Responses: HTTP 200 does not mean success


def test_a_response_without_an_error_is_applied() -> None:
    """Of an update; of a delete that brings what it deleted."""
    assert APPLIED == written({"TableName": TABLE})
    assert APPLIED == written({"TableName": TABLE, "Item": CURRENT}, DELETED)


@pytest.mark.parametrize("item", [{}, {"Item": {}}, {"Item": None}])
@pytest.mark.parametrize(("found", "current"), [(None, None), (CURRENT, CURRENT)])
def test_a_delete_that_brings_nothing_deleted_nothing(
    item: dict[str, Any], found: Any, current: Any
) -> None:
    """A delete of a missing item succeeds: only a consistent read says what is there."""
    assert Written(LOST, current) == written({"TableName": TABLE, **item}, DELETED, found)


@pytest.mark.parametrize("change", [CHANGED, DELETED])
@pytest.mark.parametrize("code", ["ConditionalCheckFailed", "DuplicateItem"])
def test_a_failed_condition_may_bring_the_item(change: Change, code: str) -> None:
    """Then nothing is read."""
    stub = StubDynamoDB(answered(error(code, Item=CURRENT)))

    assert [Written(LOST, CURRENT)] == writer(stub).write([intent(change)]).written
    assert ["batch_execute_statement"] == stub.names


@pytest.mark.parametrize("extra", [{}, {"Item": {}}, {"Item": None}])
@pytest.mark.parametrize(("found", "current"), [(None, None), (CURRENT, CURRENT)])
def test_a_failed_condition_without_an_item_is_looked_at(
    extra: dict[str, Any], found: Any, current: Any
) -> None:
    """Consistently; only a missing item there is gone. The read is charged."""
    stub = StubDynamoDB(answered(error("ConditionalCheckFailed", **extra)), item=found)

    answer = writer(stub).write([intent()])

    assert WriteAnswer([Written(LOST, current)], Units(1.0, 1.0, 1.0)) == answer
    (name, arguments) = stub.asked[-1]
    assert ("get_item", True) == (name, arguments["ConsistentRead"])


@pytest.mark.parametrize(
    ("code", "throttled", "ambiguous"),
    [
        ("ThrottlingError", True, False),
        ("ProvisionedThroughputExceeded", True, False),
        ("RequestLimitExceeded", True, False),
        ("TransactionConflict", False, False),
        ("InternalServerError", False, True),
    ],
)
def test_what_passes_is_tried_again(code: str, throttled: bool, ambiguous: bool) -> None:
    """Slower if throttled; only what may have landed is ambiguous."""
    expected = Written(WriteVerdict.AGAIN, reason=code, throttled=throttled, ambiguous=ambiguous)
    assert expected == written(error(code))


@pytest.mark.parametrize(
    "code", ["ValidationError", "ItemCollectionSizeLimitExceeded", "SomethingNew", ""]
)
def test_the_reference_writer_says_what_is_wrong_with_an_item(code: str) -> None:
    """Alone: its request names the item's own error."""
    assert ALONE == written(error(code))


@pytest.mark.parametrize("code", ["AccessDenied", "ResourceNotFound"])
def test_what_is_wrong_for_every_item_ends_the_run(code: str) -> None:
    """Also as one statement's answer."""
    with pytest.raises(FatalError) as fatal:
        written(error(code))

    assert code == fatal.value.error


def test_every_statement_has_its_own_answer() -> None:
    """In their order, whatever the others came to."""
    stub = StubDynamoDB(
        answered({}, error("ConditionalCheckFailed"), error("ThrottlingError"), error("x"), {})
    )

    answer = writer(stub).write(intents(5))

    verdicts = [
        WriteVerdict.APPLIED,
        LOST,
        WriteVerdict.AGAIN,
        WriteVerdict.ALONE,
        WriteVerdict.APPLIED,
    ]
    assert verdicts == [one.verdict for one in answer.written]
    assert {"id": {"S": "i001"}} == stub.asked[-1][1]["Key"]


def test_a_look_that_fails_decides_nothing() -> None:
    """A throttled read is no missing item."""
    throttled = client_error("ThrottlingException", "GetItem")

    expected = Written(WriteVerdict.AGAIN, reason="ThrottlingException")
    assert expected == written(error("ConditionalCheckFailed"), item=throttled)
    assert expected == written({"TableName": TABLE}, DELETED, throttled)


# Whole requests


@pytest.mark.parametrize(
    ("exc", "throttled", "ambiguous"),
    [
        (client_error("ThrottlingException"), True, False),
        (client_error("ProvisionedThroughputExceededException"), True, False),
        (client_error("InternalServerError"), False, True),
        (ReadTimeoutError(endpoint_url="x"), False, True),
        (ConnectTimeoutError(endpoint_url="x"), False, True),
    ],
)
def test_a_request_that_passes_is_every_statements(
    exc: Exception, throttled: bool, ambiguous: bool
) -> None:
    """None is told to have landed, and none not to have, when the answer was lost."""
    written = writer(StubDynamoDB(exc)).write(intents(3)).written

    assert [(WriteVerdict.AGAIN, throttled, ambiguous)] * 3 == [
        (one.verdict, one.throttled, one.ambiguous) for one in written
    ]
    assert all(one.reason for one in written)


def test_a_refused_request_goes_to_the_reference_writer() -> None:
    """Statement by statement: one of them is wrong, and nobody says which."""
    stub = StubDynamoDB(client_error("ValidationException"))

    assert (ALONE, ALONE) == writer(stub).write(intents(2)).written


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_a_denied_request_ends_the_run(code: str) -> None:
    """With the operation and what to do."""
    with pytest.raises(FatalError, match="BatchExecuteStatement: as AWS says it The ") as fatal:
        writer(StubDynamoDB(client_error(code, "BatchExecuteStatement"))).write([intent()])

    assert code == fatal.value.error


def test_what_nobody_foresaw_is_raised() -> None:
    """An engine that knows no batches, for one."""
    with pytest.raises(ClientError, match="UnknownOperation"):
        writer(StubDynamoDB(client_error("UnknownOperationException"))).write([intent()])


@pytest.mark.parametrize("answer", [answered(), answered({}), answered({}, {}, {}), {}])
def test_a_wrong_number_of_responses_ends_the_run(answer: dict[str, Any]) -> None:
    """Nobody knows which statement an answer is of."""
    with pytest.raises(FatalError, match="self-check"):
        writer(StubDynamoDB(answer)).write(intents(2))


def test_what_it_took_is_added_up() -> None:
    """One row a table; nothing is reported where nothing succeeded."""
    rows = [{"CapacityUnits": 2.0}, {"CapacityUnits": 0.5}]
    stub = StubDynamoDB({"Responses": [{}], "ConsumedCapacity": rows})
    silent = StubDynamoDB({"Responses": [error("ThrottlingError")]})

    assert Units(written=2.5, busiest=2.5) == writer(stub).write([intent()]).units
    assert Units() == writer(silent).write([intent()]).units
