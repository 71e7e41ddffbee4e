"""Values of the ledger's own records, typed and back."""

from typing import Any

import pytest
from airflow_ddb_migrate.aws.ledger import typed_values
from airflow_ddb_migrate.core.ledger.records import Command


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, {"BOOL": True}),
        (False, {"BOOL": False}),
        (1, {"N": "1"}),
        (0.1, {"N": "0.1"}),
        ("1", {"S": "1"}),
        (Command.HOLD, {"S": "HOLD"}),
        (("a", "b"), {"L": [{"S": "a"}, {"S": "b"}]}),
        ({"seen": 1}, {"M": {"seen": {"N": "1"}}}),
    ],
    ids=repr,
)
def test_a_value_gets_its_own_type(value: Any, expected: dict[str, Any]) -> None:
    """A flag is no number, though Python takes it for one."""
    assert expected == typed_values.encode(value)


@pytest.mark.parametrize("value", [True, False])
def test_a_flag_is_read_back(value: bool) -> None:
    """As a truth value."""
    assert value is typed_values.flag(typed_values.encode_all({"x": value}), "x")


def test_a_flag_that_is_missing_is_false() -> None:
    """A record of before there was one."""
    assert not typed_values.flag({}, "x")
