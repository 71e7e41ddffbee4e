"""The form fields of one migration: the values that each accepts, and one sentence about it."""

from typing import Any

from airflow.sdk import Param

from airflow_ddb_migrate.core.limits import (
    ALARMS,
    DEFAULT_PREWARM_READ_UNITS,
    DEFAULT_PREWARM_WRITE_UNITS,
    HEALTHY_SECONDS,
    HOLD_SECONDS,
    MAP_CHILDREN,
    QUARANTINE_ITEMS,
    QUARANTINE_PERCENTAGE,
    TABLE_NAME_CHARS,
    TABLE_UNITS,
    TOTAL_SEGMENTS,
    WINDOW_CHARS,
    WINDOWS,
)
from airflow_ddb_migrate.core.names import BASE_ID_CHARS, DEFAULT_TRANSFORM
from airflow_ddb_migrate.form.kinds import (
    count_field,
    optional_amount_field,
    optional_count_field,
    optional_field,
    percentage_field,
    switch_field,
)

TABLE_NAME: dict[str, Any] = {
    "minLength": TABLE_NAME_CHARS[0],
    "maxLength": TABLE_NAME_CHARS[1],
    "pattern": "^[a-zA-Z0-9_.-]+$",
}
_MOST_DOLLARS = 1_000_000_000  # far above any bill; null means no limit
_ID: dict[str, Any] = {"minLength": 1, "maxLength": BASE_ID_CHARS, "pattern": "^[a-zA-Z0-9_-]+$"}


def migration_fields() -> dict[str, Param]:
    """Return the fields of one migration by name, in no particular order."""
    return {
        "table": Param(
            type="string",
            **TABLE_NAME,
            title="Table",
            description="Enter the name of the DynamoDB table, not its ARN (required).",
        ),
        "migration_id": optional_field(
            "Migration to continue",
            "Continue the earlier migration with this id (default: start a new one).",
            type=["null", "string"],
            **_ID,
        ),
        **_what(),
        **_look_first(),
        **_guard_first(),
        **_capacity(),
        **_how_fast(),
        **_how_safe(),
        **_after(),
    }


def earlier_migration(verb: str) -> Param:
    """Return the field for the id of the migration to undo or replay."""
    return Param(
        type="string",
        **_ID,
        title="Migration",
        description=f"Enter the id of the migration to {verb}, as shown in its report and its task "
        "logs (required).",
    )


def _what() -> dict[str, Param]:
    return {
        "segments": optional_count_field(
            "Segments",
            "The table is scanned in this many parallel segments (default: the plan decides).",
            maximum=TOTAL_SEGMENTS,
        ),
        "transform": Param(
            DEFAULT_TRANSFORM,
            type="string",
            minLength=1,
            title="Transform",
            description="This module of the deployed stack changes each item "
            f"(default: {DEFAULT_TRANSFORM}).",
        ),
        "params": Param(
            {},
            type="object",
            title="Transform's parameters",
            description="The transform reads this object as context.params, for example "
            '{"attribute": "updatedAt"} (default: {}).',
        ),
    }


def _look_first() -> dict[str, Param]:
    """Fields of the checks before anything is written."""
    return {
        "dry_run": switch_field(
            "Dry run",
            'Show what would change without writing, and end there unless "Ask a person" is on '
            "(default: off).",
        ),
        "sample_segments": optional_count_field(
            "Segments of the dry run",
            "The dry run checks only this many segments (default: all).",
        ),
        "approve": switch_field(
            "Ask a person",
            "A person must approve the plan and the result of the dry run before anything is "
            "changed (default: off).",
        ),
    }


def _guard_first() -> dict[str, Param]:
    """Fields that limit the damage of a mistake."""
    return {
        "max_cost_usd": optional_amount_field(
            "Cost limit",
            "A plan that costs more than this many US dollars is refused, and a migration that has "
            "cost this much goes on hold (default: no limit).",
            maximum=_MOST_DOLLARS,
        ),
        "once": switch_field(
            "Only once",
            "Refuse a table on which the same transform with the same parameters has already "
            "succeeded (default: off).",
        ),
        "backup": Param(
            "auto",
            type="string",
            enum=["auto", "require_pitr", "skip"],
            title="Backup",
            description='"auto" backs the table up unless it has point-in-time recovery, '
            '"require_pitr" refuses a table without it, and "skip" does neither (default: auto).',
        ),
        "canary_lanes": count_field(
            0,
            "Canary",
            "Migrate and check this many segments before all others",
            maximum=MAP_CHILDREN,
        ),
        "canary_approve": switch_field(
            "Ask after the canary",
            "A person must approve the canary even when it is clean (default: off).",
        ),
        "hold_while": Param(
            [],
            type="array",
            items={"minLength": 1, "maxLength": 2_048, "allOf": [{"type": "string"}]},
            maxItems=ALARMS,
            title="Hold while",
            description="Enter one CloudWatch alarm per line, by name or ARN; while any of them is "
            "in ALARM, the migration waits (default: []).",
        ),
        "healthy_for": count_field(
            HEALTHY_SECONDS,
            "Healthy for",
            "The migration resumes when all of these alarms have been OK for this many seconds",
            minimum=1,
            maximum=HOLD_SECONDS // 2,
        ),
        "single_writer_region": switch_field(
            "Written in this region only",
            "Confirm that nothing writes to the table's replicas in other regions; without this, a "
            "table with replicas is refused (default: off).",
        ),
    }


def _capacity() -> dict[str, Param]:
    return {
        "prewarm": switch_field(
            "Prewarm",
            "Raise the table's capacity before the migration and restore it afterwards "
            "(default: off).",
        ),
        "prewarm_rcu": count_field(
            DEFAULT_PREWARM_READ_UNITS,
            "Read units while it runs",
            "Prewarm raises the table to at least this many read units per second",
            minimum=1,
            maximum=TABLE_UNITS,
        ),
        "prewarm_wcu": count_field(
            DEFAULT_PREWARM_WRITE_UNITS,
            "Write units while it runs",
            "Prewarm raises the table and its indexes to at least this many write units per second",
            minimum=1,
            maximum=TABLE_UNITS,
        ),
    }


def _how_fast() -> dict[str, Param]:
    return {
        "max_concurrency": optional_count_field(
            "Lambdas at a time",
            "At most this many Lambdas work at the same time (default: the plan decides).",
        ),
        "write_units_per_second": optional_amount_field(
            "Write budget",
            "The whole migration uses at most this many write units per second on the table, and "
            "on each index; 0 means no limit (default: the plan decides).",
            maximum=TABLE_UNITS,
        ),
        "read_units_per_second": optional_amount_field(
            "Read budget",
            "The whole migration uses at most this many read units per second; 0 means no limit "
            "(default: the plan decides).",
            maximum=TABLE_UNITS,
        ),
        "windows": optional_field(
            "Hours",
            "Work only in these hours; enter one window per line, such as 22:00-06:00 Mon-Fri "
            "Europe/Berlin (default: at any time).",
            type=["null", "array"],
            items={"type": "string", "minLength": 1, "maxLength": WINDOW_CHARS},
            maxItems=WINDOWS,
        ),
    }


def _how_safe() -> dict[str, Param]:
    return {
        "max_quarantined": count_field(
            QUARANTINE_ITEMS,
            "Quarantined items",
            "The migration stops if it quarantines more than this many items",
        ),
        "max_quarantined_percentage": percentage_field(
            QUARANTINE_PERCENTAGE,
            "Quarantined items in percent",
            "The migration stops if it quarantines more than this percentage of the items that it "
            "has read",
        ),
        "tolerated_failure_percentage": percentage_field(
            0,
            "Tolerated failures in percent",
            "The migration stops early if more than this percentage of its segments fail, and "
            "succeeds only if none fail",
        ),
        "show_values": switch_field(
            "Show item values",
            "Write item values to Airflow's log as examples, and to the diff and the quarantine in "
            "the stack's private bucket (default: off).",
        ),
    }


def _after() -> dict[str, Param]:
    return {
        "verify": Param(
            True,
            type="boolean",
            title="Verify",
            description="Check the table again for items that the transform would still change "
            "(default: on).",
        ),
        "verify_segments": optional_count_field(
            "Segments to verify", "Verify checks only this many segments (default: all)."
        ),
        "max_left": count_field(
            0,
            "Items that may be left",
            "The run fails if Verify finds more than this many items that would still change",
        ),
    }
