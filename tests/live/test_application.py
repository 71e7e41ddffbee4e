"""What live writers remember is what happened: each answer is read for what it says."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from tests.live.application import MANNERS, Application, Manner
from tests.live.history import ABSENT, Kind, Outcome, number_in
from tests.live.traffic import LiveTraffic
from tests.support.factories import client_error, data_table
from tests.support.worlds.migration_world import moto_dynamodb

STAYS, RETURNS, OLD_FORMAT = MANNERS
DRAW = random.Random(1)


class Failing:
    """A client of which every write fails alike."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def put_item(self, **arguments: Any) -> None:
        raise self._error

    update_item = delete_item = put_item


def failed(code: str, status: int) -> ClientError:
    return client_error(code, ResponseMetadata={"HTTPStatusCode": status})


@pytest.fixture
def make() -> Any:
    """Make an application with 30 items on moto."""
    with moto_dynamodb() as dynamodb:
        data_table(dynamodb, "orders")

        def make(manner: Manner = STAYS) -> Application:
            application = Application(dynamodb, "orders", manner)
            application.load(30, random.Random(0))
            return application

        yield make


def test_a_write_is_in_the_table_under_its_number(make: Callable[..., Application]) -> None:
    """The last operation on a key tells what was there before it, and what it left."""
    application = make()
    key = application.keys[1]

    application.update(key, DRAW)
    application.put(key, DRAW)

    update, put = application.history[-2:]
    read = next(read for read in application.read_all() if read.key == key)
    assert (update.number, put.number) == (
        number_in(put.found or {}, "marker"),
        number_in(read.found or {}, "marker"),
    )
    assert put.left("a") == (read.found or {})["a"]


@pytest.mark.parametrize(
    ("manner", "expected"),
    [(STAYS, Outcome.REFUSED), (RETURNS, Outcome.ACKNOWLEDGED), (OLD_FORMAT, Outcome.ACKNOWLEDGED)],
)
def test_a_deleted_key_comes_back_only_where_the_manner_says_so(
    make: Callable[..., Application], manner: Manner, expected: Outcome
) -> None:
    """Otherwise updates and puts are refused, and say that nothing was there."""
    application = make(manner)

    application.delete_and_put(application.keys[0], DRAW)

    delete, put = application.history[-2:]
    assert (Kind.DELETE, expected, ABSENT) == (delete.kind, put.outcome, put.found)


@pytest.mark.parametrize(("manner", "expected"), [(RETURNS, True), (OLD_FORMAT, False)])
def test_live_writes_have_a_total_only_in_the_new_format(
    make: Callable[..., Application], manner: Manner, expected: bool
) -> None:
    application = make(manner)

    application.insert("", DRAW)

    read = next(read for read in application.read_all() if read.key == application.keys[-1])
    assert expected == ("total" in (read.found or {}))


@pytest.mark.parametrize(
    "error", [ReadTimeoutError(endpoint_url="x"), failed("InternalServerError", 500)]
)
def test_a_write_without_an_answer_is_remembered_as_maybe(error: Exception) -> None:
    """Nobody knows what was there, either."""
    application = Application(Failing(error), "orders", STAYS)

    application.insert("", DRAW)

    remembered = application.history[-1]
    assert (Outcome.MAYBE, None) == (remembered.outcome, remembered.found)


def test_a_writer_that_makes_a_mistake_ends_the_traffic_with_it() -> None:
    """A mistake of the test's own is never taken for a lost answer."""
    mistake = failed("ValidationException", 400)
    application = Application(Failing(mistake), "orders", STAYS)
    application.keys.append("a")

    with (
        pytest.raises(ClientError, match="ValidationException"),
        LiveTraffic(application, 0) as traffic,
    ):
        traffic._writers[0].exception(timeout=10)
