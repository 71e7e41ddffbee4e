"""The fields of a DAG run's configuration, from the forms."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from airflow.sdk import Param

from airflow_ddb_migrate.params import about_params, many_params, migration_params
from website.reference.markdown import code, literal, page, table

_HEADERS: Final = ("field", "what it is", "takes", "default", "section of the form")


def fields_page() -> str:
    return page(
        "Fields of a run's configuration",
        "What you give to `airflow dags trigger --conf`, to the REST API, or in the form. A field "
        "that a DAG does not know is refused before anything is touched.",
        "## One table: ddb_migration",
        _table(migration_params()),
        "## Many tables: ddb_migration_many",
        _table(many_params()),
        "## An earlier migration: ddb_migration_undo, ddb_migration_replay",
        _table(about_params("undo")),
    )


def _table(fields: Mapping[str, Param]) -> str:
    return table(_HEADERS, [_row(name, param) for name, param in fields.items()])


def _row(name: str, param: Param) -> tuple[str, ...]:
    schema = param.schema
    words = str(param.description or "").replace("<", "&lt;")
    is_optional = param.has_value or "null" in schema.get("type", ())
    default = literal(param.value) if is_optional else "*required*"
    return code(name), words, ", ".join(_takes(schema)), default, str(schema.get("section", ""))


def _takes(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a value may be, from its JSON schema."""
    if "enum" in schema:
        yield " or ".join(code(value) for value in schema["enum"])
        return
    kinds = schema.get("type", "any")
    yield " or ".join([kinds] if isinstance(kinds, str) else list(kinds))
    if "minimum" in schema:
        yield f"at least {schema['minimum']:,}"
    if "exclusiveMinimum" in schema:
        yield f"above {schema['exclusiveMinimum']:,}"
    if "maximum" in schema:
        yield f"at most {schema['maximum']:,}"
    if "maxLength" in schema:
        yield f"at most {schema['maxLength']:,} characters"
    if "pattern" in schema:
        yield code(schema["pattern"])
