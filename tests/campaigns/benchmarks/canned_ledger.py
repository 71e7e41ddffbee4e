"""The canned server's memory for tables that are written and read again, such as the ledger.

It knows what the ledger asks of it and no more: records by key, and SET. Every condition holds.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

_KEY = ("pk", "sk")
_ASSIGNMENT = re.compile(
    r"(?P<name>#\w+) = "
    r"(?:if_not_exists\((?P<other>#\w+), (?P<default>:\w+)\)(?: \+ (?P<more>:\w+))?"
    r"|(?P<counter>#\w+) \+ (?P<step>:\w+)"
    r"|(?P<value>:\w+))(?:, |$)"
)


class CannedLedger:
    """Records by table and key, as they were last written."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, ...], dict[str, Any]] = {}

    def respond(self, operation: str, request: Mapping[str, Any]) -> bytes:
        """Answer a request.

        :raises KeyError: it knows no such operation.
        """
        if operation == "GetItem":
            item = self._records.get(_place(request, request["Key"]))
            return json.dumps({"Item": item} if item else {}).encode()
        if operation == "PutItem":
            self._records[_place(request, request["Item"])] = request["Item"]
            return b"{}"
        if operation == "UpdateItem":
            return json.dumps({"Attributes": self._update(request)}).encode()
        raise KeyError(operation)

    def _update(self, request: Mapping[str, Any]) -> dict[str, Any]:
        place = _place(request, request["Key"])
        former = self._records.get(place, request["Key"])
        names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
        text = request["UpdateExpression"].removeprefix("SET ")
        found = list(_ASSIGNMENT.finditer(text))
        assert text == "".join(match.group() for match in found), text
        assigned = {names[match["name"]]: _value(match, former, names, values) for match in found}
        self._records[place] = {**former, **assigned}
        return self._records[place]


def _place(request: Mapping[str, Any], item: Mapping[str, Any]) -> tuple[str, ...]:
    return (request["TableName"], *(item[name]["S"] for name in _KEY))


def _value(
    match: re.Match[str],
    former: Mapping[str, Any],
    names: Mapping[str, str],
    values: Mapping[str, Any],
) -> Any:
    if match["value"]:
        return values[match["value"]]
    if match["default"]:
        known = former.get(names[match["other"]], values[match["default"]])
        return _sum(known, values[match["more"]]) if match["more"] else known
    return _sum(former.get(names[match["counter"]], {"N": "0"}), values[match["step"]])


def _sum(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    return {"N": str(int(one["N"]) + int(other["N"]))}
