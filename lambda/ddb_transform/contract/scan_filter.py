"""A transform's FILTER: which items DynamoDB returns to it.

A filter saves time and writes, not read units: DynamoDB also reads and bills what it filters out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from airflow_ddb_migrate.core.errors import ItemError, TransformError
from airflow_ddb_migrate.core.ledger.records import TypedValue
from airflow_ddb_migrate.core.limits import EXPRESSION_BYTES
from airflow_ddb_migrate.core.text.figures import type_words
from ddb_transform.contract.codec import encode

_SHAPE = '{"expression": "#a = :v", "names": {"#a": "a"}, "values": {":v": 1}}'
_FIELDS = {"expression", "names", "values"}
_PLACEHOLDER = re.compile(r"[#:]\w+", re.ASCII)


@dataclass(frozen=True, slots=True)
class ScanFilter:
    """A FilterExpression with its names and typed values."""

    expression: str
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, TypedValue] = field(default_factory=dict)

    def arguments(self) -> dict[str, Any]:
        """Return keyword arguments for a boto3 client's ``scan``, without empty ones."""
        arguments = {
            "FilterExpression": self.expression,
            "ExpressionAttributeNames": self.names,
            "ExpressionAttributeValues": self.values,
        }
        return {name: value for name, value in arguments.items() if value}

    def try_on(self, dynamodb: Any, table_name: str) -> None:
        """Let DynamoDB check the expression, by a scan of one item.

        Any other ClientError is ignored: the scan that needs the items raises it.

        :raises TransformError: DynamoDB refuses it; the message quotes DynamoDB's reason.
        """
        try:
            dynamodb.scan(TableName=table_name, Limit=1, **self.arguments())
        except ClientError as exc:
            error = exc.response.get("Error", {})
            if error.get("Code") == "ValidationException":
                raise TransformError(
                    f"DynamoDB refuses the transform's FILTER {self.expression!r}: "
                    f"{error.get('Message', '')} Write it like {_SHAPE}, and deploy."
                ) from exc


def scan_filter(declared: object) -> ScanFilter:
    """Read a module's FILTER.

    :raises TransformError: DynamoDB would refuse it; the message begins with what is wrong.
    """
    if not isinstance(declared, Mapping) or not declared.keys() <= _FIELDS:
        actual = _keys_of(declared) if isinstance(declared, Mapping) else type_words(declared)
        raise TransformError(f"FILTER is {actual}. Write it like {_SHAPE}.")
    expression = _expression(declared.get("expression"))
    names = _placeholders("names", "#", declared.get("names", {}))
    values = _placeholders("values", ":", declared.get("values", {}))
    _agree(expression, {*names, *values})
    return ScanFilter(expression, _attribute_names(names), _typed(values))


def _keys_of(declared: Mapping[Any, Any]) -> str:
    return f"a dict with the keys {', '.join(sorted(map(repr, declared)))}"


def _expression(text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        kind = "missing" if text is None else type_words(text)
        actual = "empty" if isinstance(text, str) else kind
        raise TransformError(f'FILTER["expression"] is {actual}. Write FILTER like {_SHAPE}.')
    size = len(text.encode())
    if size > EXPRESSION_BYTES:
        raise TransformError(
            f'FILTER["expression"] is {size:,} bytes; DynamoDB allows {EXPRESSION_BYTES:,}. '
            "Shorten it, and let the transform return SKIP for the other items."
        )
    return text


def _placeholders(part: str, mark: str, declared: object) -> Mapping[str, Any]:
    if not isinstance(declared, Mapping):
        raise TransformError(
            f'FILTER["{part}"] is {type_words(declared)}. Write FILTER like {_SHAPE}.'
        )
    for name in declared:
        if not (isinstance(name, str) and name[:1] == mark and _PLACEHOLDER.fullmatch(name)):
            raise TransformError(
                f'FILTER["{part}"] has the key {name!r}; it must be {mark!r} followed by letters, '
                f"digits or '_'. Write FILTER like {_SHAPE}."
            )
    return declared


def _agree(expression: str, declared: set[str]) -> None:
    """Refuse placeholders that are not declared or not used, as DynamoDB does."""
    used = set(_PLACEHOLDER.findall(expression))
    if used != declared:
        wrong = ", ".join(sorted(used ^ declared))
        raise TransformError(
            f"FILTER either uses or declares {wrong}, not both. Declare every placeholder of the "
            "expression in names (#) or values (:), and no others."
        )


def _attribute_names(names: Mapping[str, Any]) -> Mapping[str, str]:
    for placeholder, name in names.items():
        if not isinstance(name, str) or not name:
            raise TransformError(
                f'FILTER["names"]["{placeholder}"] is {name!r}; it must be an attribute name.'
            )
    return dict(names)


def _typed(values: Mapping[str, Any]) -> Mapping[str, TypedValue]:
    try:
        return {placeholder: encode(placeholder, value) for placeholder, value in values.items()}
    except ItemError as exc:
        what = str(exc).removeprefix("Attribute ")
        raise TransformError(f'FILTER["values"]: {what}') from exc
