"""A run for many tables: each table's parameters, and the page for one approval of all."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import TABLES
from airflow_ddb_migrate.core.names import validate_table_name
from airflow_ddb_migrate.core.text.figures import dollars_words, size_words, time_words
from airflow_ddb_migrate.core.text.markdown import code, table
from airflow_ddb_migrate.core.text.times import iso
from airflow_ddb_migrate.core.validation import shown

if TYPE_CHECKING:  # Airflow parses a DAG file repeatedly
    from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan

# A field of an entry, and the request's parameter for it.
OWN_FIELDS = {
    "segments": "total_segments",
    "transform": "transform",
    "params": "transform_params",
    "read_units_per_second": "read_units_per_second",
    "write_units_per_second": "write_units_per_second",
    "max_concurrency": "max_concurrency",
}
_HEAD = ("table", "items", "size", "transform", "segments", "time", "cost")


def table_entries(value: object) -> list[dict[str, Any]]:
    """Return each table's own parameters, by names of StartRequest, and its ``table_name``.

    An entry is a table's name, or an object with ``table`` and fields for that table alone.

    :raises InvalidInputError: it is not a list of valid entries, or it names a table twice. The
        message names the entry.
    """
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= TABLES:
        raise InvalidInputError(
            f"tables is {shown(value)}; it must be a list of 1 to {TABLES} tables, as in "
            '["orders", {"table": "customers", "segments": 100}].'
        )
    entries = [_entry(number, one) for number, one in enumerate(value, start=1)]
    counts = Counter(entry["table_name"] for entry in entries)
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        raise InvalidInputError(
            f"tables names {', '.join(twice)} more than once. A run migrates each table once."
        )
    return entries


def many_markdown(plans: Sequence["MigrationPlan"], *, at_a_time: int) -> str:
    """Return a page with all plans in one table, their totals, and all warnings by table."""
    rows = [_row(plan) for plan in plans]
    items = sum(plan.load.items for plan in plans)
    size = sum(plan.load.bytes for plan in plans)
    longest = max(plan.seconds.expected for plan in plans)
    whole = sum(plan.seconds.expected for plan in plans)
    warnings = [f"- {code(p.table_name)}: {words}" for p in plans for words in p.warnings]
    unknown = [f"- {code(p.table_name)}: {words}" for p in plans for words in p.unknown]
    return "\n".join(
        (
            f"# Plan of {len(plans):,} tables",
            "",
            table(
                _HEAD,
                [
                    *rows,
                    (
                        "**in all**",
                        f"{items:,}",
                        size_words(size),
                        "",
                        "",
                        "",
                        f"**{dollars_words(total_cost(plans))}**",
                    ),
                ],
            ),
            "",
            f"At most {at_a_time:,} tables at a time: about "
            f"{time_words(max(longest, whole / at_a_time))} in all.",
            *(["", "## Warnings", "", *warnings] if warnings else []),
            *(["", "## Not known", "", *unknown] if unknown else []),
        )
    )


def total_cost(plans: Sequence["MigrationPlan"]) -> float:
    return sum(plan.total_cost_usd for plan in plans)


def require_affordable_together(
    plans: Sequence["MigrationPlan"], max_cost_usd: float | None, limits: AuthorRules
) -> None:
    """Raise InvalidInputError if the plans together cost more than allowed; None: no limit."""
    cost = total_cost(plans)
    if max_cost_usd is not None and cost > max_cost_usd:
        dearest = max(plans, key=lambda plan: plan.total_cost_usd)
        raise InvalidInputError(
            f"The {len(plans)} tables cost {dollars_words(cost)} together by their plans, but "
            f"max_cost_usd is {dollars_words(max_cost_usd)}. The most expensive is "
            f"{dearest.table_name} with {dollars_words(dearest.total_cost_usd)}. "
            f"{limits.higher_cost_limit(max_cost_usd)}, or name fewer tables. Nothing was touched."
        )


def _entry(number: int, value: object) -> dict[str, Any]:
    fields = value if isinstance(value, Mapping) else {"table": value}
    unknown = sorted(map(str, fields.keys() - {"table", *OWN_FIELDS}))
    if unknown:
        raise InvalidInputError(
            f"Entry {number} of tables has {', '.join(unknown)}. An entry can have: table, "
            f"{', '.join(OWN_FIELDS)}."
        )
    try:
        name = validate_table_name(fields.get("table"))
    except InvalidInputError as exc:
        raise InvalidInputError(f"Entry {number} of tables: {exc}") from exc
    own = {OWN_FIELDS[field]: fields[field] for field in OWN_FIELDS if field in fields}
    return {"table_name": name, **own}


def _nights(plan: "MigrationPlan") -> str:
    if not plan.nights:
        return ""
    return f" in {len(plan.nights):,} nights, until {iso(plan.nights[-1].done_at)}"


def _row(plan: "MigrationPlan") -> tuple[str, ...]:
    return (
        code(plan.table_name),
        f"{plan.load.items:,}",
        size_words(plan.load.bytes),
        code(plan.transform),
        f"{plan.layout.total_segments:,}",
        time_words(plan.seconds.expected) + _nights(plan),
        dollars_words(plan.total_cost_usd),
    )
