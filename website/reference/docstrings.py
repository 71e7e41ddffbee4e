"""Docstrings as Markdown: their words, and what they say of each parameter."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

_FIELD = re.compile(r"(?m)^:(param|raises|returns?)\s*([\w*]*)\s*:?\s*")


@dataclass(frozen=True, slots=True)
class Doc:
    """``params`` and ``raises`` by name; ``words`` is what stands before them."""

    words: str = ""
    params: dict[str, str] = field(default_factory=dict)
    raises: dict[str, str] = field(default_factory=dict)


def doc_of(thing: Any) -> Doc:
    """Return what a class or function says of itself; a class never what its base says."""
    text = thing.__dict__.get("__doc__") if isinstance(thing, type) else thing.__doc__
    parts = _FIELD.split(inspect.cleandoc(text or ""))
    found = Doc(words=prose(parts[0]))
    for kind, name, words in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        where = {"param": found.params, "raises": found.raises}.get(kind)
        if where is not None:
            where[name] = prose(words.partition("\n\n")[0])
    return found


def prose(text: str) -> str:
    """Return reStructuredText as Markdown, as far as docstrings here use it."""
    text = re.sub(r":(?:class|func|meth|mod):`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", text)
    return re.sub(r"``(.+?)``", r"`\1`", text).strip()


def signature(function: Callable[..., Any]) -> str:
    """Return how it is called, without annotations of the first argument of a method."""
    found = inspect.signature(function)
    rows = [p for name, p in found.parameters.items() if name not in {"self", "cls"}]
    return ", ".join(_argument(each) for each in rows)


def default_words(value: Any) -> str:
    """Return a default as one would write it in a DAG."""
    return repr(value.value if isinstance(value, Enum) else value)


def _argument(parameter: inspect.Parameter) -> str:
    bare = parameter.replace(annotation=inspect.Parameter.empty)
    return str(bare)


def type_words(annotation: Any) -> str:
    """Return an annotation as a person reads it."""
    if annotation in (inspect.Parameter.empty, Any):
        return ""
    name = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return (
        re.sub(r"\b(?:\w+\.)+(?=\w)", "", name).replace("NoneType", "None").replace(" | ", " or ")
    )
