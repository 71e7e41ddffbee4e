"""An attribute named M: the emulator's UpdateItem takes it for a type, so it is kept as another."""

import re
from collections.abc import Mapping
from typing import Any

_NAME, _KEPT = "M", "M\N{WORD JOINER}"
_BARE = re.compile(r"(?<![\w#:.-])M(?![\w.-])")
_EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)
_SIGN = "#kept_m"


def hidden(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request with the name changed wherever it is an attribute's."""
    changed = dict(said)
    for part in ("Item", "Key", "ExclusiveStartKey"):
        if _NAME in (said.get(part) or {}):
            changed[part] = _renamed(said[part], _NAME, _KEPT)
    if _NAME in (said.get("ExpressionAttributeNames") or {}).values():
        names = said["ExpressionAttributeNames"].items()
        changed["ExpressionAttributeNames"] = {
            sign: _KEPT if name == _NAME else name for sign, name in names
        }
    for part in _EXPRESSIONS:
        if part in said and _BARE.search(said[part] or ""):
            changed[part] = _BARE.sub(_SIGN, said[part])
            names = changed.get("ExpressionAttributeNames") or {}
            changed["ExpressionAttributeNames"] = {**names, _SIGN: _KEPT}
    if "RequestItems" in said:
        changed["RequestItems"] = {t: _rows(rows) for t, rows in said["RequestItems"].items()}
    return changed


def shown(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer with the name as it was."""
    changed = dict(answer)
    for part in ("Item", "Attributes", "LastEvaluatedKey"):
        if _KEPT in (answer.get(part) or {}):
            changed[part] = _renamed(answer[part], _KEPT, _NAME)
    if "Items" in answer:
        changed["Items"] = [_renamed(item, _KEPT, _NAME) for item in answer["Items"]]
    return changed


def _rows(rows: Any) -> Any:
    if not isinstance(rows, list):
        return rows
    return [
        {
            kind: {
                part: _renamed(value, _NAME, _KEPT) if part in {"Item", "Key"} else value
                for part, value in content.items()
            }
            for kind, content in row.items()
        }
        for row in rows
    ]


def _renamed(item: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    if old not in item:
        return dict(item)
    return {new if name == old else name: value for name, value in item.items()}
