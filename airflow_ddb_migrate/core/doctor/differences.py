"""How deployed resources differ from a template, in words and without secret values.

Both sides are plain data, as in AWS's responses and in templates.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

_SHOWN: Final = 60  # characters shown of a value
# Properties with the same name in GetFunctionConfiguration and in the template.
_SETTINGS: Final = ("Runtime", "Handler", "MemorySize", "Timeout", "Architectures", "Role")
_NETWORK: Final = ("SubnetIds", "SecurityGroupIds")


def function_differences(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> list[str]:
    """Compare a function's properties with the response of GetFunctionConfiguration.

    Properties that the response lacks, as an emulator's may, are not compared.
    """
    found = [
        f"{name} is {_short(actual[name])}, the template has {_short(expected[name])}"
        for name in _SETTINGS
        if name in expected and name in actual and actual[name] != expected[name]
    ]
    found += _variables(expected, actual)
    found += _network(expected.get("VpcConfig") or {}, actual.get("VpcConfig") or {})
    layers = [row.get("Arn") for row in actual.get("Layers") or ()]
    if sorted(map(str, layers)) != sorted(map(str, expected.get("Layers") or ())):
        found.append(f"it has the layers {_short(layers)}")
    return found


def _variables(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of environment variables that differ; their values may be secret."""
    wanted = (expected.get("Environment") or {}).get("Variables") or {}
    there = (actual.get("Environment") or {}).get("Variables") or {}
    for name in sorted({*wanted, *there}):
        if name not in there:
            yield f"the variable {name} is missing"
        elif name not in wanted:
            yield f"the variable {name} is not the template's"
        elif str(wanted[name]) != str(there[name]):
            yield f"the variable {name} has another value"


def _network(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> Iterator[str]:
    for name in _NETWORK:
        wanted, there = sorted(expected.get(name) or ()), sorted(actual.get(name) or ())
        if wanted != there:
            yield f"{name} is {_short(there)}, the template has {_short(wanted)}"


def definition_differences(expected: Any, actual: Any, path: str = "") -> Iterator[str]:
    """Yield the places in which two JSON documents differ, such as ``States.Migrate.Label``."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for name in sorted({*expected, *actual}):
            place = f"{path}.{name}" if path else str(name)
            if name not in actual or name not in expected:
                yield f"{place} is {'missing' if name not in actual else 'added'}"
            else:
                yield from definition_differences(expected[name], actual[name], place)
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for number, (one, other) in enumerate(zip(expected, actual, strict=True)):
            yield from definition_differences(one, other, f"{path}[{number}]")
    elif expected != actual:
        yield f"{path or 'it'} is {_short(actual)} instead of {_short(expected)}"


def policy_differences(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> list[str]:
    """Compare two policy documents. The order of actions and resources does not matter."""
    wanted, there = (_statements(document) for document in (expected, actual))
    return [
        *(f"statement {_name(text)} is missing or changed" for text in sorted(wanted - there)),
        *(f"statement {_name(text)} is not the template's" for text in sorted(there - wanted)),
    ]


def _statements(document: Mapping[str, Any]) -> set[str]:
    rows = document.get("Statement") or ()
    rows = [rows] if isinstance(rows, Mapping) else rows
    return {json.dumps(_in_order(row), sort_keys=True) for row in rows}


def _in_order(value: Any) -> Any:
    """Return a sorted list, also for a single value, since IAM accepts both."""
    if isinstance(value, Mapping):
        return {
            name: _in_order(row if name == "Sid" or isinstance(row, Mapping | list) else [row])
            for name, row in value.items()
        }
    return sorted(map(str, value)) if isinstance(value, list) else value


def _name(statement: str) -> str:
    row = json.loads(statement)
    return str(row.get("Sid") or f"for {', '.join(row.get('Action', ()))}"[:_SHOWN])


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
