"""The transforms that ship to be copied, besides the default one."""

from typing import Any

import pytest
from airflow_ddb_migrate.core.errors import ItemError
from ddb_transform.contract.intent import Change
from ddb_transform.contract.load import load_transform
from ddb_transform.contract.transform import Context
from tests.support.factories import SHIPPED_TRANSFORMS, STARTED_AT, typed_item

SECRET = "hunter2"


def applied(name: str, typed: dict[str, Any], **params: Any) -> Change:
    return load_transform(name, Context("m", STARTED_AT, params, ("id",))).apply(typed)


def refusal(name: str, typed: dict[str, Any], **params: Any) -> ItemError:
    with pytest.raises(ItemError) as refused:
        applied(name, typed, **params)
    return refused.value


@pytest.mark.parametrize("name", sorted({*SHIPPED_TRANSFORMS} - {"add_updated_at"}))
def test_without_its_parameters_nothing_is_done(name: str) -> None:
    """And the message says which it needs."""
    error = refusal(name, typed_item())

    assert "BadParams" == error.error_class
    assert f"{name} needs params" in str(error)


# rename_and_split

RENAME = {"mail": "email"}
SPLIT = {"whole": ["first", "last"]}


def renamed(**attributes: Any) -> Change:
    return applied("rename_and_split", typed_item(**attributes), rename=RENAME, split=SPLIT)


def test_an_attribute_is_renamed_with_its_exact_value() -> None:
    """Whatever its type."""
    assert {"email": {"SS": ["a"]}, "mail": None} == renamed(mail={"SS": ["a"]}).assigned


def test_a_text_is_split_at_its_first_space() -> None:
    """The whole is removed."""
    change = renamed(whole={"S": "Ada King Lovelace"})

    expected = {"first": {"S": "Ada"}, "last": {"S": "King Lovelace"}, "whole": None}
    assert expected == change.assigned


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"mail": {"S": "old"}, "email": {"S": "of live traffic"}},
        {"whole": {"S": "Ada"}},
        {"whole": {"S": "Ada Lovelace"}, "last": {"S": "of live traffic"}},
    ],
)
def test_what_is_done_or_cannot_be_split_stays(attributes: dict[str, Any]) -> None:
    """What live traffic wrote under the new name is never overwritten."""
    assert "unchanged" == renamed(**attributes).outcome


def test_one_of_both_is_enough() -> None:
    """Each parameter stands for itself."""
    typed = typed_item(mail={"S": "x"}, whole={"S": "Ada Lovelace"})

    assert {"mail", "email"} == applied("rename_and_split", typed, rename=RENAME).assigned.keys()
    assert {"whole", "first", "last"} == applied(
        "rename_and_split", typed, split=SPLIT
    ).assigned.keys()


# backfill_ttl


@pytest.mark.parametrize(
    "date", ["2023-11-14T22:13:20Z", "2023-11-14T23:13:20.9+01:00", "2023-11-14T22:13:20"]
)
def test_a_ttl_is_the_date_plus_days_in_whole_seconds(date: str) -> None:
    """Whatever the notation; a time without an offset is UTC."""
    change = applied("backfill_ttl", typed_item(createdAt={"S": date}), days=30)

    assert {"expiresAt": {"N": str(1_700_000_000 + 30 * 86_400)}} == change.assigned


@pytest.mark.parametrize("ttl", [{"N": "1"}, {"S": "never"}, {"NULL": True}])
def test_a_ttl_that_is_there_is_never_touched(ttl: dict[str, Any]) -> None:
    """Whatever it is; that it is absent is the write's condition otherwise."""
    typed = typed_item(createdAt={"S": "2023-11-14"})

    assert "skipped" == applied("backfill_ttl", {**typed, "expiresAt": ttl}, days=1).outcome
    expected = {"createdAt": {"S": "2023-11-14"}, "expiresAt": None}
    assert expected == applied("backfill_ttl", typed, days=1).expected


def test_an_item_without_a_date_gets_no_ttl() -> None:
    """It is skipped."""
    assert "skipped" == applied("backfill_ttl", typed_item(), days=1).outcome


def test_the_attributes_of_a_ttl_may_have_other_names() -> None:
    """By the parameters date and ttl."""
    typed = typed_item(born={"S": "1970-01-01"})

    change = applied("backfill_ttl", typed, days=1, date="born", ttl="dies")

    assert {"dies": {"N": "86400"}} == change.assigned


@pytest.mark.parametrize("days", [None, "30", 1.5, True])
def test_days_are_an_integer(days: object) -> None:
    """A TTL deletes: nothing is guessed."""
    error = refusal("backfill_ttl", typed_item(createdAt={"S": "2023-11-14"}), days=days)

    assert 'backfill_ttl needs params {"days": an integer}.' == str(error)


@pytest.mark.parametrize("date", [{"S": SECRET}, {"N": "1700000000"}])
def test_a_date_that_is_none_is_refused(date: dict[str, Any]) -> None:
    """By class and line, without its value."""
    error = refusal("backfill_ttl", typed_item(createdAt=date), days=1)

    assert " at backfill_ttl.py:" in str(error)
    assert SECRET not in str(error)


# delete_by_predicate


def outcome(value: dict[str, Any], **params: Any) -> str:
    return applied("delete_by_predicate", typed_item(a=value), attribute="a", **params).outcome


@pytest.mark.parametrize(
    ("equals", "value", "expected"),
    [
        ("old", {"S": "old"}, "deleted"),
        ("old", {"S": "older"}, "skipped"),
        ("1", {"N": "1"}, "skipped"),
        (1, {"N": "1.0"}, "deleted"),
        (1, {"BOOL": True}, "skipped"),
        (True, {"BOOL": True}, "deleted"),
        (True, {"N": "1"}, "skipped"),
        (False, {"BOOL": False}, "deleted"),
        ("", {"S": ""}, "deleted"),
        (0, {"NULL": True}, "skipped"),
    ],
)
def test_what_equals_is_deleted(equals: object, value: dict[str, Any], expected: str) -> None:
    """A number is no text, and True is not 1."""
    assert expected == outcome(value, equals=equals)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2023-12-31T23:59:59Z", "deleted"),
        ("2024-01-01T00:30:00+01:00", "deleted"),
        ("2024-01-01", "skipped"),
        ("2024-06-01", "skipped"),
    ],
)
def test_what_is_older_is_deleted(value: str, expected: str) -> None:
    """What is just as old stays."""
    assert expected == outcome({"S": value}, older_than="2024-01-01")


def test_what_lacks_the_attribute_stays() -> None:
    """It is not older than anything."""
    typed = typed_item()
    params = {"attribute": "a", "older_than": "2024-01-01"}

    assert "skipped" == applied("delete_by_predicate", typed, **params).outcome


def test_it_is_deleted_only_while_it_matches() -> None:
    """The attribute's value is the condition."""
    change = applied("delete_by_predicate", typed_item(a={"S": "x"}), attribute="a", equals="x")

    assert {"a": {"S": "x"}} == change.expected


@pytest.mark.parametrize(
    "params",
    [
        {"attribute": "a"},
        {"equals": "x"},
        {"attribute": "a", "equals": None},
        {"attribute": "a", "equals": 0.5},
        {"attribute": "a", "equals": ["x"]},
        {"attribute": "a", "equals": "x", "older_than": "2024-01-01"},
        {"attribute": "a", "older_than": 1700000000},
        {"attribute": None, "equals": "x"},
    ],
)
def test_a_predicate_in_doubt_deletes_nothing(params: dict[str, Any]) -> None:
    """Missing, ambiguous, or of a type that is not compared exactly."""
    error = refusal("delete_by_predicate", typed_item(a={"S": "x"}), **params)

    assert "BadParams" == error.error_class
    assert str(error).endswith("Nothing was deleted.")


@pytest.mark.parametrize(
    ("value", "older_than"), [({"N": "1"}, "2024-01-01"), ({"S": "2023-01-01"}, "long ago")]
)
def test_what_is_no_date_is_refused(value: dict[str, Any], older_than: str) -> None:
    """In the item or in the parameter: an error, never a delete."""
    error = refusal(
        "delete_by_predicate", typed_item(a=value), attribute="a", older_than=older_than
    )

    assert " at delete_by_predicate.py:" in str(error)
