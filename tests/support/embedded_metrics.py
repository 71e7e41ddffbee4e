"""The embedded metric format as AWS specifies it, to hold lines of a log to it.

Source: "Specification: Embedded metric format", Amazon CloudWatch User Guide; a dimension's and a
metric's name and value are also held to MetricDatum and Dimension of CloudWatch's API.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema

LINE_BYTES = 1024 * 1024
SETS_MEMBERS = 30
TARGETS = 100
_UNITS = (
    *("Seconds", "Microseconds", "Milliseconds", "Count", "Count/Second", "Percent", "None"),
    *("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bytes/Second"),
)
_NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[!-~][ -~]*$"}
# No colon leads a dimension's name or value; all of it is ASCII, and not blank.
_DIMENSION = {"type": "string", "minLength": 1, "maxLength": 250, "pattern": r"^[!-9;-~][!-~]*$"}
_DIRECTIVE = {
    "type": "object",
    "required": ["Namespace", "Dimensions", "Metrics"],
    "additionalProperties": False,
    "properties": {
        "Namespace": {"type": "string", "pattern": r"^[0-9A-Za-z._\-/#]{1,255}$"},
        "Dimensions": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "array",
                "maxItems": SETS_MEMBERS,
                "uniqueItems": True,
                "items": _DIMENSION,
            },
        },
        "Metrics": {
            "type": "array",
            "minItems": 1,
            "maxItems": TARGETS,
            "items": {
                "type": "object",
                "required": ["Name"],
                "additionalProperties": False,
                "properties": {
                    "Name": _NAME,
                    "Unit": {"enum": list(_UNITS)},
                    "StorageResolution": {"enum": [1, 60]},
                },
            },
        },
    },
}
_ROOT = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer", "minimum": 0},
                "CloudWatchMetrics": {"type": "array", "minItems": 1, "items": _DIRECTIVE},
            },
        }
    },
}
_VALUE = {
    "anyOf": [
        {"type": "number"},
        {"type": "array", "items": {"type": "number"}, "maxItems": TARGETS},
    ]
}


def checked(line: str) -> dict[str, Any]:
    """Return the document of a line of a log; raises ValidationError or ValueError if it is none.

    What a directive names must be at the root: numbers as metrics, text as dimensions.
    """
    size = len(line.encode())
    if size > LINE_BYTES or "\n" in line:
        raise ValueError(f"{size} bytes, or several lines")
    document: dict[str, Any] = json.loads(line, parse_constant=_refuse)
    jsonschema.validate(document, _ROOT)
    for directive in document["_aws"]["CloudWatchMetrics"]:
        names = [metric["Name"] for metric in directive["Metrics"]]
        if len(set(names)) < len(names):
            raise ValueError(f"named twice: {names}")
        for name in names:
            jsonschema.validate(document[name], _VALUE)
        for name in {name for names in directive["Dimensions"] for name in names}:
            jsonschema.validate(document[name], {**_DIMENSION, "maxLength": 1024})
    return document


def embedded(log: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the documents among the lines of a log, each of them checked."""
    for line in log:
        start = line.find("{")
        if '"_aws"' in line:
            yield checked(line[start:].rstrip("\n"))


def metric_names(document: dict[str, Any]) -> set[str]:
    directives = document["_aws"]["CloudWatchMetrics"]
    return {metric["Name"] for directive in directives for metric in directive["Metrics"]}


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
