"""The form fields of a run for many tables."""

from typing import Any

from airflow.sdk import Param

from airflow_ddb_migrate.core.limits import TABLES
from airflow_ddb_migrate.form.kinds import count_field, switch_field
from airflow_ddb_migrate.form.one import TABLE_NAME, migration_fields

DEFAULT_PARALLEL_TABLES = 3

# Steps that a run for many tables does not have.
_LACKS = frozenset(
    {"table", "migration_id", "dry_run", "sample_segments", "canary_lanes", "canary_approve"}
)
_OF_A_TABLE = (
    "segments",
    "transform",
    "params",
    "read_units_per_second",
    "write_units_per_second",
    "max_concurrency",
)
_ABOUT_THE_FIELD = frozenset({"title", "section"})

# Sentences that replace those for one table.
_OF_EACH = {
    "approve": "A person must approve the plans before any table is changed",
    "max_cost_usd": "Nothing starts if the plans of all tables together cost more than this many "
    "US dollars",
    "max_concurrency": "At most this many Lambdas work on each table at the same time",
    "max_left": "The run fails if Verify finds more than this many items in a table that would "
    "still change",
    "max_quarantined": "A table's migration stops if it quarantines more than this many items",
    "max_quarantined_percentage": "A table's migration stops if it quarantines more than this "
    "percentage of the items that it has read",
    "prewarm": "Raise each table's capacity before its migration and restore it afterwards",
    "prewarm_rcu": "Prewarm raises each table and its indexes to at least this many read units per "
    "second",
    "prewarm_wcu": "Prewarm raises each table and its indexes to at least this many write units "
    "per second",
    "read_units_per_second": "Each table's migration uses at most this many read units per second; "
    "0 means no limit",
    "segments": "Each table is scanned in this many parallel segments",
    "tolerated_failure_percentage": "A table's migration stops early if more than this percentage "
    "of its segments fail, and succeeds only if none fail",
    "verify": "Check each table again for items that the transform would still change",
    "verify_segments": "Verify checks only this many segments of each table",
    "windows": "Work on each table only in these hours; enter one window per line, such as "
    "22:00-06:00 Mon-Fri Europe/Berlin",
    "write_units_per_second": "Each table's migration uses at most this many write units per "
    "second on the table, and on each index; 0 means no limit",
}


def many_fields() -> dict[str, Param]:
    """Return the fields of a run for many tables by name, in no particular order."""
    fields = {name: param for name, param in migration_fields().items() if name not in _LACKS}
    for name, sentence in _OF_EACH.items():
        fields[name].description = f"{sentence} {_default(fields[name])}"
    return {
        **fields,
        "tables": _tables(),
        "max_parallel_tables": count_field(
            DEFAULT_PARALLEL_TABLES,
            "Tables at a time",
            "At most this many tables are migrated at the same time",
            minimum=1,
            maximum=TABLES,
        ),
        "stop_on_failure": switch_field(
            "Stop on failure",
            "Start no further table once the migration of one has failed (default: off).",
        ),
    }


def _default(param: Param) -> str:
    """Return the end of a description, which is the default in parentheses."""
    return f"({(param.description or '').rpartition('(')[2]}"


def _tables() -> Param:
    """Return the field for names of tables, or objects with settings for each table.

    Airflow's form reads one name from each line of a text. If ``items`` had a ``type``, it would
    show a JSON editor that corrects the text while you type. Objects can be entered as JSON below
    the form.
    """
    fields = migration_fields()
    own = {name: _of_a_value(fields[name]) for name in ("table", *_OF_A_TABLE)}
    entry = {
        "allOf": [{"type": ["string", "object"]}],
        **TABLE_NAME,
        "properties": own,
        "required": ["table"],
        "additionalProperties": False,
    }
    return Param(
        type="array",
        items=entry,
        minItems=1,
        maxItems=TABLES,
        title="Tables",
        description="Enter one table name per line, or list names and objects such as "
        '{"table": "orders", "segments": 100} in the JSON under Advanced Options (required).',
    )


def _of_a_value(param: Param) -> dict[str, Any]:
    return {key: value for key, value in param.schema.items() if key not in _ABOUT_THE_FIELD}
