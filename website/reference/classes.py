"""Operators, sensors, triggers and functions of the package, from their docstrings."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any, Final

import airflow_ddb_migrate
from airflow_ddb_migrate import params, testing, triggers
from website.reference.docstrings import Doc, default_words, doc_of, signature, type_words
from website.reference.markdown import block, code, page, table

_OURS: Final = "airflow_ddb_migrate."
_HEADERS: Final = ("parameter", "type", "default", "what it is")


class UndocumentedError(Exception):
    """A parameter has no words; the message names it."""


def operators_page() -> str:
    return page(
        "Operators",
        "Each is a class that `airflow_ddb_migrate` exports. All take Airflow's own parameters of "
        "an operator, too. *Templated* parameters take Jinja, "
        "`ConfField` and what other tasks return.",
        *_with_bases(_exported("Operator")),
    )


def sensors_page() -> str:
    return page(
        "Sensors",
        "Each is a class that `airflow_ddb_migrate` exports.",
        *_with_bases(_exported("Sensor")),
    )


def triggers_page() -> str:
    modules = (
        importlib.import_module(f"{triggers.__name__}.{each.name}")
        for each in pkgutil.iter_modules(triggers.__path__)
    )
    classes = [
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value) and value.__module__ == module.__name__
    ]
    return page(
        "Triggers",
        "Operators and sensors defer to them; no DAG names one. A deferred task remembers a "
        "trigger by its path and its arguments, so both stay from version to version.",
        *(_section(each) for each in classes if each.__name__.endswith("Trigger")),
    )


def functions_page() -> str:
    public = [getattr(airflow_ddb_migrate, name) for name in airflow_ddb_migrate.__all__]
    here = [each for each in public if inspect.isfunction(each)]
    texts = [n for n in airflow_ddb_migrate.__all__ if n.isupper()]
    return page(
        "Python functions",
        "For DAGs and for tests of your own.",
        "## airflow_ddb_migrate",
        _function_or_class(airflow_ddb_migrate.ConfField, "airflow_ddb_migrate"),
        *(_function_or_class(each, "airflow_ddb_migrate") for each in here),
        "## Templates of notices",
        "Give them to any templated field of a notifier.",
        table(
            ("name", "template"), [(code(n), code(getattr(airflow_ddb_migrate, n))) for n in texts]
        ),
        "## airflow_ddb_migrate.params",
        *(_function_or_class(each, params.__name__) for each in _defined_in(params)),
        *_rules(),
        "## airflow_ddb_migrate.testing",
        *(_function_or_class(each, testing.__name__) for each in _defined_in(testing)),
    )


def _rules() -> Iterator[str]:
    """Yield what a form's function may be told."""
    rules = params.AuthorRules
    yield f"### {rules.__name__}\n\n{doc_of(rules).words}"
    fields = rules.__annotations__.items()
    yield block("\n".join(f"{name}: {type_words(kind)}" for name, kind in fields))


def _defined_in(module: Any) -> list[Any]:
    return [
        value
        for name, value in vars(module).items()
        if not name.startswith("_")
        and callable(value)
        and getattr(value, "__module__", "") == module.__name__
    ]


def _function_or_class(thing: Any, home: str) -> str:
    doc = doc_of(thing)
    parts = [
        f"### {thing.__name__}",
        block(f"from {home} import {thing.__name__}\n\n{_call(thing)}", "python"),
        doc.words,
    ]
    if doc.params:
        parts.append(
            table(("parameter", "what it is"), [(code(n), w) for n, w in doc.params.items()])
        )
    parts += [f"Raises `{name}`: {words}" for name, words in doc.raises.items()]
    return "\n\n".join(parts)


def _call(thing: Any) -> str:
    return f"{thing.__name__}({signature(thing)})"


def _exported(suffix: str) -> list[type]:
    names = [n for n in airflow_ddb_migrate.__all__ if n.endswith(suffix)]
    return [getattr(airflow_ddb_migrate, name) for name in sorted(names)]


def _with_bases(classes: list[type]) -> Iterator[str]:
    """Yield a section of each class, then of each base of ours that has parameters."""
    yield from (_section(each) for each in classes)
    bases = {base: None for each in classes for base in _bases(each) if base not in classes}
    yield "## Parameters of several"
    yield from (_section(base, level=3) for base in bases)


def _bases(cls: type) -> list[type]:
    """Return the bases of ours that bring parameters, the nearest first."""
    return [b for b in cls.__mro__[1:] if b.__module__.startswith(_OURS) and "__init__" in vars(b)]


def _section(cls: type, level: int = 2) -> str:
    doc = doc_of(cls)
    parts = [f"{'#' * level} {cls.__name__}", code(f"{cls.__module__}.{cls.__name__}"), doc.words]
    if rows := list(_rows(cls, doc)):
        parts.append(table(_HEADERS, rows))
    if bases := _bases(cls):
        links = ", ".join(f"[{base.__name__}](#{base.__name__.lower()})" for base in bases)
        parts.append(f"Also takes the parameters of {links}.")
    return "\n\n".join(parts)


def _rows(cls: type, doc: Doc) -> Iterator[tuple[str, str, str, str]]:
    own = (
        inspect.signature(cls.__dict__["__init__"]).parameters if "__init__" in cls.__dict__ else {}
    )
    known = {name: words for base in cls.__mro__[1:] for name, words in doc_of(base).params.items()}
    for name in dict.fromkeys((*own, *doc.params)):
        parameter = own.get(name)
        if name == "self" or (
            parameter and parameter.kind is parameter.VAR_KEYWORD and name not in doc.params
        ):
            continue
        words = doc.params.get(name) or known.get(name)
        if not words:
            raise UndocumentedError(f"{cls.__name__}: no words on the parameter {name!r}.")
        yield (
            code(name),
            code(type_words(parameter.annotation)) if parameter else "",
            _default(parameter),
            words,
        )


def _default(parameter: inspect.Parameter | None) -> str:
    if parameter is None or parameter.kind is parameter.VAR_KEYWORD:
        return ""
    return (
        "*required*"
        if parameter.default is parameter.empty
        else code(default_words(parameter.default))
    )
