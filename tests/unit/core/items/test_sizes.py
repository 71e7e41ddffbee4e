"""Sizes of items."""

from typing import Any

import pytest
from airflow_ddb_migrate.core.items.sizes import attribute_bytes, item_bytes
from hypothesis import given
from tests.support.typed_values import ATTRIBUTES


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "abc"}, 3),
        ({"S": "é€"}, 5),
        ({"N": "-12.50"}, 4),
        ({"N": "0.05"}, 2),
        ({"N": "100"}, 2),
        ({"N": "120"}, 3),
        ({"N": "1.5"}, 3),
        ({"N": "3.14159"}, 5),
        ({"N": "0.005"}, 2),
        ({"N": "1E+125"}, 2),
        ({"N": "-1E-130"}, 3),
        ({"N": "12345678901234567890123456789012345678"}, 20),
        ({"N": "0"}, 1),
        ({"B": b"abc"}, 3),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["a", "é"]}, 3),
        ({"NS": ["1", "-1"]}, 5),
        ({"BS": [b"a", b"bc"]}, 3),
        ({"L": []}, 3),
        ({"L": [{"S": "abc"}, {"NULL": True}]}, 9),
        ({"M": {"name": {"S": "abc"}, "é": {"L": []}}}, 17),
    ],
)
def test_an_attribute_is_its_name_and_its_value(value: dict[str, Any], size: int) -> None:
    """By the published rules, a sign and containers included."""
    assert len("name") + size == attribute_bytes("name", value)


@given(ATTRIBUTES)
def test_an_item_is_the_sum_of_its_attributes(attributes: dict[str, Any]) -> None:
    """Names included."""
    assert sum(map(attribute_bytes, attributes, attributes.values())) == item_bytes(attributes)
