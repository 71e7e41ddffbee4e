"""The errors, as values."""

import copy
import pickle
from collections.abc import Iterator

import pytest
from airflow_ddb_migrate.core.errors import ItemError, MigrationError


def family(error: type[MigrationError]) -> Iterator[type[MigrationError]]:
    yield error
    for child in error.__subclasses__():
        yield from family(child)


EVERY_ERROR = sorted(
    (error for error in family(MigrationError) if not error.__module__.startswith("tests.")),
    key=lambda error: error.__name__,
)


@pytest.mark.parametrize("error", EVERY_ERROR)
@pytest.mark.parametrize("copied", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy])
def test_every_error_survives_a_pickle(error: type[MigrationError], copied: object) -> None:
    """It keeps type, message and code: Airflow sends errors between processes."""
    original = error("what, actual, limit, what to do", "SomeCode")

    again = copied(original)  # type: ignore[operator]

    assert type(original) is type(again)
    assert str(original) == str(again)
    assert vars(original) == vars(again)


@pytest.mark.parametrize("error", EVERY_ERROR)
def test_every_error_says_what_it_is_and_whether_to_try_again(error: type[MigrationError]) -> None:
    """A docstring, and a decision about retries."""
    assert error.__doc__
    assert isinstance(error.retryable, bool)


def test_an_error_keeps_the_code_that_it_translates() -> None:
    """None where there was none."""
    assert ("Throttled", None) == (
        MigrationError("m", "Throttled").aws_code,
        MigrationError("m").aws_code,
    )


def test_an_item_is_counted_by_the_class_of_its_error() -> None:
    """The short name goes to the ledger, and is no AWS code."""
    error = ItemError("m", "EmptySet")

    assert ("EmptySet", None) == (error.error_class, error.aws_code)
