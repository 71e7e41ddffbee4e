"""The ledger: its keys, its records, its events and its notes, from the code that writes them."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from typing import Any, Final

from airflow_ddb_migrate.aws.ledger import keys
from airflow_ddb_migrate.core import ledger
from airflow_ddb_migrate.core.ledger import notes
from website.reference.docstrings import doc_of, type_words
from website.reference.markdown import code, literal, page, table

_RECORDS: Final = ("Record", "Row", "Event")


def ledger_page() -> str:
    modules = [
        importlib.import_module(f"{ledger.__name__}.{each.name}")
        for each in pkgutil.iter_modules(ledger.__path__)
    ]
    classes = {value: None for module in modules for value in _own(module)}
    records = [each for each in classes if is_dataclass(each) and each.__name__.endswith(_RECORDS)]
    return page(
        "Ledger and events",
        "One DynamoDB table of the stack, `<stack>-ledger`. It is the one source of truth about "
        "migrations. Read it with `ddb-migrate status`, `history` and `report`; its layout may "
        "grow from version to version, and records of older versions are read. An event is kept "
        "for whatever happens to a migration, and for who did it.",
        "## Keys",
        table(("record", "pk", "sk"), _keys()),
        "## Records",
        "Times are seconds since the epoch. Beside these fields a record may have `expires`.",
        *(_record(each) for each in records),
        "## Values",
        *(_values(each) for each in classes if issubclass(each, StrEnum)),
        "## Notes",
        "JSON documents beside a migration, or of the stack: "
        f"{', '.join(code(name) for name in _notes())}.",
    )


def _own(module: Any) -> Iterator[type]:
    for value in vars(module).values():
        if inspect.isclass(value) and value.__module__ == module.__name__:
            yield value


def _keys() -> Iterator[tuple[str, str, str]]:
    """Yield each kind of record with its key, made by the functions that make every key."""
    for name, function in vars(keys).items():
        if name.endswith("_key") and not name.startswith("_") and inspect.isfunction(function):
            key = function(**_samples(function))
            kind = name.removesuffix("_key").replace("_", " ")
            yield kind, code(key["pk"]["S"]), code(key["sk"]["S"])


def _samples(function: Any) -> dict[str, Any]:
    """Return arguments in whose place a person reads what they are."""
    found = inspect.signature(function).parameters.items()
    return {n: _sample(n, p.annotation) for n, p in found if p.default is p.empty}


def _sample(name: str, kind: Any) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        needed = [f for f in fields(kind) if f.default is f.default_factory is MISSING]
        return kind(**{f.name: _sample(f.name, f.type) for f in needed})
    return {int: 1, float: 0.0}.get(kind, name.upper())


def _record(cls: Any) -> str:
    rows = [(code(f.name), code(type_words(f.type)), _default(f)) for f in fields(cls)]
    text = table(("field", "type", "default"), rows)
    return f"### {cls.__name__}\n\n{doc_of(cls).words}\n\n{text}"


def _default(field: "Field[Any]") -> str:
    if field.default_factory is not MISSING:
        return literal(field.default_factory()) if field.default_factory in (dict, tuple) else ""
    return "*always there*" if field.default is MISSING else literal(field.default)


def _values(cls: type[StrEnum]) -> str:
    values = ", ".join(code(each.value) for each in cls)
    return f"**{cls.__name__}**: {values}. {doc_of(cls).words}".strip()


def _notes() -> list[str]:
    return [value for name, value in vars(notes).items() if name.isupper()]
