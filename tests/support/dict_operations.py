"""Things that people do with a dict, each told by what it returns, or what it raises."""

import copy
import json
import pickle
import string
from collections import ChainMap, Counter, OrderedDict, UserDict
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from operator import itemgetter
from types import MappingProxyType
from typing import Any

Operation = Callable[[Any, Any, Any], Any]


def _matched(d: Any, n: Any, v: Any) -> Any:
    match d:
        case {"a": first, "b": second}:
            return "both", first, second
        case {"a": "x" | 1 as first}:
            return "a", first
        case {}:
            return "none"


def _matched_rest(d: Any, n: Any, v: Any) -> Any:
    match d:
        case {"a": first, **rest}:
            return first, rest


def _deleted(d: Any, n: Any, v: Any) -> None:
    del d[n]


def _assigned(d: Any, n: Any, v: Any) -> None:
    d[n] = v


def _joined(d: Any, n: Any, v: Any) -> Any:
    before = d
    d |= {n: v}
    return d is before


def _called(**named: Any) -> Any:
    return named


def _cleaned(d: Any, n: Any = None, v: Any = None) -> Any:
    """A recursive cleaner, as it stands in many code bases."""
    if isinstance(d, dict):
        return {name: _cleaned(value) for name, value in d.items() if value is not None}
    if isinstance(d, list):
        return [_cleaned(value) for value in d]
    return d.strip() if isinstance(d, str) else d


# Those that look at some names, and those that look at all of an item.
OF_NAMES: dict[str, Operation] = {
    "d[n]": lambda d, n, v: d[n],
    "get": lambda d, n, v: d.get(n),
    "get-default": lambda d, n, v: d.get(n, v),
    "in": lambda d, n, v: n in d,
    "not-in": lambda d, n, v: n not in d,
    "set": _assigned,
    "del": _deleted,
    "pop": lambda d, n, v: d.pop(n),
    "pop-default": lambda d, n, v: d.pop(n, v),
    "setdefault": lambda d, n, v: d.setdefault(n, v),
    "setdefault-none": lambda d, n, v: d.setdefault(n),
    "update": lambda d, n, v: d.update({n: v}),
    "update-pairs": lambda d, n, v: d.update([(n, v)]),
    "update-keywords": lambda d, n, v: d.update(a=v),
    "update-nothing": lambda d, n, v: d.update(),
    "update-wrong": lambda d, n, v: d.update(5),
    "ior": _joined,
    "bool": lambda d, n, v: bool(d),
    "itemgetter": lambda d, n, v: itemgetter(n)(d),
    "percent": lambda d, n, v: "%(a)s" % d,  # noqa: UP031  # as people write it
    "format_map": lambda d, n, v: "{b}".format_map(d),
    "template": lambda d, n, v: string.Template("$a").safe_substitute(d),
    "match": _matched,
    "chain-get": lambda d, n, v: ChainMap({}, d).get(n, v),
    "proxy-get": lambda d, n, v: MappingProxyType(d).get(n, v),
    "fromkeys": lambda d, n, v: type(d).fromkeys(["x", "y"], v),
    "class": lambda d, n, v: type(d)({"x": v}),
    "isinstance": lambda d, n, v: [
        isinstance(d, kind) for kind in (dict, Mapping, MutableMapping, list, str)
    ],
    "hash": lambda d, n, v: hash(d),
    "attribute": lambda d, n, v: d.seen,
    "call": lambda d, n, v: d(),
    "unknown-name": lambda d, n, v: (d.get(None), d.get(5), d.get((1, 2)), d.pop(None, v)),
    "unhashable": lambda d, n, v: d[[n]],
    "unhashable-in": lambda d, n, v: [n] in d,
    "unhashable-get": lambda d, n, v: d.get([n]),
    "nested": lambda d, n, v: d["l"].append(v) if isinstance(d.get("l"), list) else None,
}
OF_ALL: dict[str, Operation] = {
    "len": lambda d, n, v: len(d),
    "iter": lambda d, n, v: list(d),
    "reversed": lambda d, n, v: list(reversed(d)),
    "sorted": lambda d, n, v: sorted(d),
    "keys": lambda d, n, v: list(d.keys()),
    "keys-and": lambda d, n, v: sorted(d.keys() & {"a", "b", "x"}),
    "keys-kind": lambda d, n, v: type(d.keys()).__name__,
    "values": lambda d, n, v: list(d.values()),
    "items": lambda d, n, v: list(d.items()),
    "items-later": lambda d, n, v: [view := d.items(), d.update(z=1), list(view)][2],
    "eq": lambda d, n, v: (d == {"a": 1}, d == dict(d), {} == d, d == 5),
    "ne": lambda d, n, v: (d != {"a": 1}, d != dict(d), {} != d, d != 5),
    "less": lambda d, n, v: d < {},
    "copy": lambda d, n, v: d.copy(),
    "copy.copy": lambda d, n, v: copy.copy(d),
    "deepcopy": lambda d, n, v: copy.deepcopy(d),
    "deepcopy-in": lambda d, n, v: copy.deepcopy([d, {n: d}]),
    "pickle": lambda d, n, v: pickle.loads(pickle.dumps(d)),
    "pickle-1": lambda d, n, v: pickle.loads(pickle.dumps(d, protocol=1)),
    "or": lambda d, n, v: d | {n: v},
    "ror": lambda d, n, v: {n: v} | d,
    "or-itself": lambda d, n, v: d | d,
    "or-wrong": lambda d, n, v: d | [(n, v)],
    "unpacked": lambda d, n, v: {"x": 1, **d},
    "dict": lambda d, n, v: dict(d),
    "dict-keywords": lambda d, n, v: dict(d, x=v),
    "call-keywords": lambda d, n, v: _called(**d),
    "comprehension": lambda d, n, v: {name: value for name, value in d.items() if name != n},
    "json": lambda d, n, v: json.dumps(d, default=str, sort_keys=True),
    "json-indent": lambda d, n, v: json.dumps(d, default=str, indent=1),
    "json-in": lambda d, n, v: json.dumps({"item": [d]}, default=str),
    "repr": lambda d, n, v: repr(d),
    "str": lambda d, n, v: f"{d}",
    "popitem": lambda d, n, v: d.popitem(),
    "clear": lambda d, n, v: d.clear(),
    "ordered": lambda d, n, v: list(OrderedDict(d)),
    "counter": lambda d, n, v: sorted(Counter(d)),
    "user-dict": lambda d, n, v: UserDict(d).data,
    "chain": lambda d, n, v: dict(ChainMap({}, d)),
    "proxy": lambda d, n, v: dict(MappingProxyType(d)),
    "clean": _cleaned,
    "match-rest": _matched_rest,
    "any": lambda d, n, v: any(value == v for value in d.values()),
    "max": lambda d, n, v: max(d),
    "star": lambda d, n, v: [*d],
    "zip": lambda d, n, v: list(zip(d, d.values(), strict=True)),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What an operation came to."""

    value: Any = None
    raised: str = ""


def tell(operation: Operation, d: Any, name: Any, value: Any) -> Told:
    """Do it; an exception is told by its class and text, where that names no class."""
    try:
        return Told(_frozen(operation(d, name, copy.deepcopy(value))))
    except Exception as exc:  # noqa: BLE001  # whatever a dict raises
        text = "" if isinstance(exc, AttributeError | TypeError) else str(exc)
        return Told(raised=f"{type(exc).__name__}: {text}")


def _frozen(value: Any) -> Any:
    """Keep a value as it is now, with its order."""
    if isinstance(value, dict):
        return "dict", [(name, _frozen(one)) for name, one in value.items()]
    if isinstance(value, list | tuple):
        return [_frozen(one) for one in value]
    return copy.deepcopy(value)
