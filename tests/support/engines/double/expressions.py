"""What AWS refuses of an expression and the emulator takes: too many operators, one path twice."""

import re
from collections.abc import Mapping
from typing import Any

from tests.support.engines.double.upstream import validation

_MOST = 300
_OPERATORS = re.compile(
    r"<=|>=|<>|[=<>+]|(?<![\w.#:])-|"
    r"\b(?:AND|OR|NOT|IN|BETWEEN|attribute_exists|attribute_not_exists|attribute_type|"
    r"begins_with|contains|size|if_not_exists|list_append)\b",
    re.IGNORECASE,
)
_PARAMETERS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "UpdateExpression",
)
_WORDS = r"(?:SET|REMOVE|ADD|DELETE)\b"
_CLAUSE = re.compile(rf"({_WORDS})\s+(.*?)(?=\s{_WORDS}\s|$)", re.IGNORECASE | re.DOTALL)
_PATH = re.compile(r"\s*([#\w.\[\]-]+)")
_ASSIGNMENT = re.compile(r"([#\w-]+)\s*=\s*(:\w+)")
_COMMA = re.compile(r",(?![^(]*\))")


def check(said: Mapping[str, Any]) -> None:
    """Judge the expressions of a request.

    :raises ClientError: AWS refuses one.
    """
    for parameter in _PARAMETERS:
        count = len(_OPERATORS.findall(said.get(parameter) or ""))
        if count > _MOST:
            raise validation(
                f"Invalid {parameter}: The expression contains too many operators; "
                f"operator count: {count}"
            )
    update = said.get("UpdateExpression") or ""
    names = said.get("ExpressionAttributeNames") or {}
    paths = [names.get(path, path) for path in _targets(update)]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice:
        raise validation(
            "Invalid UpdateExpression: Two document paths overlap with each other; must remove or "
            f"rewrite one of these paths; path one: [{twice}], path two: [{twice}]"
        )


def assigned(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an update sets to a value of the request, by attribute."""
    names = said.get("ExpressionAttributeNames") or {}
    values = said.get("ExpressionAttributeValues") or {}
    pairs = _ASSIGNMENT.findall(said.get("UpdateExpression") or "")
    return {names.get(path, path): values[value] for path, value in pairs if value in values}


def _targets(update: str) -> list[str]:
    """Return what is written: the first path of each action."""
    actions = (action for _, clause in _CLAUSE.findall(update) for action in _COMMA.split(clause))
    found = (_PATH.match(action) for action in actions)
    return [match[1] for match in found if match]
