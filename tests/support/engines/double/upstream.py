"""A client of the emulator's DynamoDB within a request that came through the proxy."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError
from tests.support.engines.proxy import Forward, Request, Response

_KEY_BYTES = {"HASH": 2_048, "RANGE": 1_024}
_OPERATIONS = {
    xform_name(name): name
    for name in (
        "BatchExecuteStatement",
        "DeleteItem",
        "DescribeTable",
        "Scan",
        "UpdateItem",
        "UpdateTable",
    )
}


@dataclass(slots=True)
class Upstream:
    """Has boto3's methods and errors, but values as they are on the wire.

    ``spent`` collects the capacity that writes of items consumed; ``schemas`` are descriptions of
    tables, of which only the keys are read.
    """

    request: Request
    forward: Forward
    schemas: dict[str, Any] = field(default_factory=dict)
    spent: list[dict[str, Any]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        return partial(self._call, _OPERATIONS[name])

    def keys_of(self, table: str) -> list[dict[str, str]]:
        """Return a table's KeySchema.

        :raises ClientError: there is no such table.
        """
        return self._described(table)["KeySchema"]  # type: ignore[no-any-return]

    def index_keys_of(self, table: str) -> dict[str, int]:
        """Return the most bytes of each attribute that is a key of an index."""
        described = self._described(table)
        indexes = [
            *(described.get("GlobalSecondaryIndexes") or ()),
            *(described.get("LocalSecondaryIndexes") or ()),
        ]
        parts = [part for index in indexes for part in index["KeySchema"]]
        return {part["AttributeName"]: _KEY_BYTES[part["KeyType"]] for part in parts}

    def _described(self, table: str) -> dict[str, Any]:
        if table not in self.schemas:
            self.schemas[table] = self.describe_table(TableName=table)["Table"]
        return self.schemas[table]  # type: ignore[no-any-return]

    def ask(self, operation: str, said: Mapping[str, Any]) -> Response:
        """Ask the emulator in the name of the one who asked the double."""
        return self.forward(self.request.asking(operation, said))

    def _call(self, operation: str, **said: Any) -> dict[str, Any]:
        if operation in {"UpdateItem", "DeleteItem"}:
            said["ReturnConsumedCapacity"] = "INDEXES"
        response = self.ask(operation, said)
        answer: dict[str, Any] = json.loads(response.body) if response.body else {}
        if response.status >= 400:  # HTTP's
            raise ClientError(as_error(answer), operation)
        if "ConsumedCapacity" in answer and operation != "Scan":
            self.spent.append(answer["ConsumedCapacity"])
        return answer


def as_error(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an error of the wire as boto3 shows it."""
    code = str(answer.get("__type", "")).rpartition("#")[2]
    message = str(answer.get("message") or answer.get("Message") or "")
    return {**answer, "Error": {"Code": code, "Message": message}}


def validation(message: str, operation: str = "") -> ClientError:
    return ClientError({"Error": {"Code": "ValidationException", "Message": message}}, operation)
