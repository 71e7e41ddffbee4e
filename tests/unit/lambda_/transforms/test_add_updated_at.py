"""The default transform."""

from typing import Any

import pytest
from airflow_ddb_migrate.core.errors import ItemError
from ddb_transform.contract.intent import Change
from ddb_transform.contract.load import load_transform
from ddb_transform.contract.transform import Context
from tests.support.factories import STARTED_AT, typed_item


def applied(typed: dict[str, Any], **params: Any) -> Change:
    context = Context("m", STARTED_AT, params, ("id",))
    return load_transform("add_updated_at", context).apply(typed)


@pytest.mark.parametrize(
    "value",
    [None, "2023-11-14T22:13:19.999Z", "2023-11-14", "2023-11-14T23:13:19+01:00", "2023-01-01"],
)
def test_an_absent_or_older_time_becomes_the_migrations_start(value: str | None) -> None:
    """Whatever the notation; a time without an offset is UTC."""
    typed = typed_item(**({"updatedAt": {"S": value}} if value else {}))

    assert {"updatedAt": {"S": STARTED_AT}} == applied(typed).assigned


@pytest.mark.parametrize(
    "value", [STARTED_AT, "2023-11-14T22:13:20Z", "2030-01-01", "2023-11-14T23:13:20.001+01:00"]
)
def test_an_equal_or_newer_time_stays(value: str) -> None:
    """Live traffic was here since: nothing is written."""
    assert "unchanged" == applied(typed_item(updatedAt={"S": value})).outcome


@pytest.mark.parametrize(
    ("value", "error_class"),
    [
        ({"N": "1700000000"}, "TypeError"),
        ({"NULL": True}, "TypeError"),
        ({"S": "yesterday"}, "ValueError"),
        ({"S": ""}, "ValueError"),
    ],
)
def test_what_is_no_time_is_refused(value: dict[str, Any], error_class: str) -> None:
    """Numbers of some epoch are not guessed at; the message has class and line, no value."""
    with pytest.raises(ItemError) as refused:
        applied(typed_item(updatedAt=value))

    assert error_class == refused.value.error_class
    assert str(refused.value).startswith(
        f"The transform raised {error_class} at add_updated_at.py:"
    )
    assert "ISO 8601" in str(refused.value)
    assert "copy and adapt this file" in str(refused.value)
    assert "yesterday" not in str(refused.value)


def test_the_attribute_may_have_another_name() -> None:
    """By the parameter ``attribute``."""
    change = applied(typed_item(updatedAt={"S": "kept"}), attribute="migratedAt")

    assert {"migratedAt": {"S": STARTED_AT}} == change.assigned
    assert {"migratedAt": None} == change.expected
