"""Typed items as JSON, and back."""

import json
from typing import Any

import pytest
from airflow_ddb_migrate.core.items.binary import base64_text, unwired, unwired_value
from boto3.dynamodb.types import Binary
from hypothesis import given
from tests.support.typed_values import ATTRIBUTES


@given(ATTRIBUTES)
def test_every_item_comes_back_as_it_was(attributes: dict[str, Any]) -> None:
    """Binary values in sets, lists and maps, too; numbers as the text they are."""
    text = json.dumps(attributes, default=base64_text)

    assert attributes == unwired(json.loads(text))


@pytest.mark.parametrize("value", [b"\x00\xff", bytearray(b"\x00\xff"), Binary(b"\x00\xff")])
def test_bytes_in_any_form_are_base64(value: Any) -> None:
    """As the wire has them."""
    assert "AP8=" == base64_text(value)


def test_text_that_looks_like_base64_stays_text() -> None:
    """Only B and BS are binary."""
    value = {"L": [{"S": "AP8="}, {"SS": ["AP8="]}, {"BOOL": False}, {"NULL": True}]}

    assert value == unwired_value(value)
