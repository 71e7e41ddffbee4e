"""The fields of the trigger form: for the example DAGs, and for a DAG of your own."""

from typing import Any

from airflow.sdk import Param

from airflow_ddb_migrate.core.limits import (
    DEFAULT_PREWARM_READ_UNITS,
    DEFAULT_PREWARM_WRITE_UNITS,
    MAP_CHILDREN,
    QUARANTINE_ITEMS,
    QUARANTINE_PERCENTAGE,
    TABLE_NAME_CHARS,
    TOTAL_SEGMENTS,
)
from airflow_ddb_migrate.core.names import BASE_ID_CHARS, DEFAULT_TRANSFORM

_ID = "^[a-zA-Z0-9_-]+$"
_OPTIONAL_NUMBER = ["null", "number"]
_OPTIONAL_COUNT = ["null", "integer"]


def migration_params() -> dict[str, Param]:
    """Return every field of a migration; ``table`` alone is required."""
    return {
        **_what(),
        **_look_first(),
        **_guard_first(),
        **_capacity(),
        **_how_fast(),
        **_how_safe(),
        **_after(),
    }


def about_params(verb: str) -> dict[str, Param]:
    """Return the fields of what is done about an earlier migration, which alone is required."""
    about = Param(
        type="string",
        minLength=1,
        maxLength=BASE_ID_CHARS,
        pattern=_ID,
        title="Migration",
        description=f"The id of the migration to {verb}, as its report and its tasks log it.",
    )
    return {
        "migration_id": about,
        **_regions(),
        **_capacity(),
        **_how_fast(),
        **_quarantine(),
    }


def _what() -> dict[str, Param]:
    shortest, longest = TABLE_NAME_CHARS
    return {
        "table": Param(
            type="string",
            minLength=shortest,
            maxLength=longest,
            pattern="^[a-zA-Z0-9_.-]+$",
            title="Table",
            description="Name of the DynamoDB table, not its ARN.",
        ),
        "segments": _optional(
            "Segments",
            "Parallel slices of the table. Empty: by the plan.",
            type=_OPTIONAL_COUNT,
            minimum=1,
            maximum=TOTAL_SEGMENTS,
        ),
        "transform": Param(
            DEFAULT_TRANSFORM,
            type="string",
            minLength=1,
            title="Transform",
            description="Module in the deployed stack that holds the transform.",
        ),
        "params": Param(
            {},
            type="object",
            title="Transform's parameters",
            description='Reach the transform as context.params, as in {"attribute": "updatedAt"}.',
        ),
        "migration_id": _optional(
            "Migration to continue",
            "Empty: a new migration.",
            type=["null", "string"],
            minLength=1,
            maxLength=BASE_ID_CHARS,
            pattern=_ID,
        ),
    }


def _look_first() -> dict[str, Param]:
    """What a person wants to know before anything is written."""
    return {
        "dry_run": _switch(
            "Dry run", "Look first, without a single write. Alone, nothing else is done after it."
        ),
        "sample_segments": _optional(
            "Segments of the dry run",
            "Look at so many only. Empty: at all.",
            type=_OPTIONAL_COUNT,
            minimum=1,
            maximum=MAP_CHILDREN,
        ),
        "approve": _switch(
            "Ask a person",
            "Show the plan, and what the dry run found, and wait for a go before anything is "
            "touched.",
        ),
    }


def _guard_first() -> dict[str, Param]:
    """What keeps it from going wrong at large."""
    return {
        "max_cost_usd": _optional(
            "Most that it may cost",
            "In dollars; a plan that costs more is refused. Empty: no limit.",
            type=_OPTIONAL_NUMBER,
            minimum=0,
        ),
        "once": _switch(
            "Only once",
            "Refuse when the same transform with the same parameters has succeeded here before.",
        ),
        "backup": Param(
            "auto",
            type="string",
            enum=["auto", "require_pitr", "skip"],
            title="Backup",
            description="auto: point-in-time recovery, or else a backup is made. require_pitr: "
            "refuse without point-in-time recovery. skip: none.",
        ),
        "canary_lanes": _count(
            0,
            "Canary",
            "Migrate so many segments first, and look at them again. 0: none.",
            maximum=MAP_CHILDREN,
        ),
        "canary_approve": _switch(
            "Ask after the canary", "Also when it is clean; when it is not, a person is asked."
        ),
        **_regions(),
    }


def _regions() -> dict[str, Param]:
    return {
        "single_writer_region": _switch(
            "Written in this region alone",
            "Nothing writes to the table's replicas in other regions meanwhile. Without it a table "
            "with replicas is refused: such writes could be lost.",
        )
    }


def _capacity() -> dict[str, Param]:
    return {
        "prewarm": _switch(
            "Prewarm", "Raise the table's capacity first and restore it afterwards."
        ),
        "prewarm_rcu": _count(
            DEFAULT_PREWARM_READ_UNITS,
            "Read units while it runs",
            "Read units per second of the table and every index. Never lowers.",
            minimum=1,
        ),
        "prewarm_wcu": _count(
            DEFAULT_PREWARM_WRITE_UNITS,
            "Write units while it runs",
            "Write units per second of the table and every index. Never lowers.",
            minimum=1,
        ),
    }


def _how_fast() -> dict[str, Param]:
    return {
        "max_concurrency": _optional(
            "Children at a time",
            "Lambdas that work at the same time. Empty: by the plan.",
            type=_OPTIONAL_COUNT,
            minimum=1,
            maximum=MAP_CHILDREN,
        ),
        "write_units_per_second": _optional(
            "Write budget",
            "Write units per second of the whole migration, of the table and of each index alike. "
            "Empty: by the plan. 0: no budget.",
            type=_OPTIONAL_NUMBER,
            minimum=0,
        ),
        "read_units_per_second": _optional(
            "Read budget",
            "Read units per second of the whole migration. Empty: by the plan. 0: no budget.",
            type=_OPTIONAL_NUMBER,
            minimum=0,
        ),
    }


def _how_safe() -> dict[str, Param]:
    return {
        **_quarantine(),
        "tolerated_failure_percentage": _percentage(
            0,
            "Tolerated failures in percent",
            "Segments that may fail before the rest is stopped. Success still needs all.",
        ),
        "show_values": _switch(
            "Show item values",
            "In the dry run's examples, and in the diff and quarantine in the stack's private "
            "bucket. Examples then are in Airflow's log, too.",
        ),
    }


def _quarantine() -> dict[str, Param]:
    return {
        "max_quarantined": _count(
            QUARANTINE_ITEMS,
            "Quarantined items",
            "More items that cannot be migrated stop the migration. 0: the first one does.",
        ),
        "max_quarantined_percentage": _percentage(
            QUARANTINE_PERCENTAGE,
            "Quarantined items in percent",
            "A larger share of the items seen stops the migration, too.",
        ),
    }


def _after() -> dict[str, Param]:
    return {
        "verify": Param(
            True,
            type="boolean",
            title="Verify",
            description="Look at the table again afterwards: would the transform still change "
            "anything?",
        ),
        "verify_segments": _optional(
            "Segments to verify",
            "Look at so many only. Empty: at all.",
            type=_OPTIONAL_COUNT,
            minimum=1,
            maximum=MAP_CHILDREN,
        ),
        "max_left": _count(
            0, "Items that may be left", "More that would still change fail the run."
        ),
    }


def _optional(title: str, description: str, **schema: Any) -> Param:
    return Param(None, title=title, description=description, **schema)


def _switch(title: str, description: str) -> Param:
    return Param(False, type="boolean", title=title, description=description)


def _count(default: int, title: str, description: str, **schema: Any) -> Param:
    known = {"type": "integer", "minimum": 0, **schema}
    return Param(default, title=title, description=description, **known)


def _percentage(default: float, title: str, description: str) -> Param:
    return Param(
        default, type="number", minimum=0, maximum=100, title=title, description=description
    )
