"""The trigger forms, for the example DAGs and for your own DAGs.

Airflow's form shows the fields without a section first, and each section collapsed. The arguments
are rules that apply to every run; see :class:`AuthorRules`. A run's configuration can add rules but
not remove any. An invalid rule raises InvalidInputError, which Airflow shows as the DAG's import
error.
"""

from collections.abc import Mapping
from typing import Unpack

from airflow.sdk import Param

from airflow_ddb_migrate.core.approval.author_rules import AuthorRules, RuleArguments
from airflow_ddb_migrate.form.author_rules import rule_form
from airflow_ddb_migrate.form.many import many_fields
from airflow_ddb_migrate.form.one import earlier_migration, migration_fields

_FIRST = ("table", "segments", "transform", "params", "dry_run", "prewarm")
_FIRST_OF_MANY = ("tables", "transform", "params", "prewarm", "approve", "max_cost_usd")
_FIRST_ABOUT = ("migration_id", "prewarm")

# In the order of the form. A form leaves out fields that it lacks or shows first.
_SECTIONS = {
    "Look first": ("sample_segments", "approve"),
    "Safety": (
        "max_cost_usd",
        "once",
        "backup",
        "canary_lanes",
        "canary_approve",
        "hold_while",
        "healthy_for",
        "single_writer_region",
        "stop_on_failure",
        "max_quarantined",
        "max_quarantined_percentage",
        "tolerated_failure_percentage",
        "show_values",
    ),
    "Speed": (
        "max_parallel_tables",
        "segments",
        "max_concurrency",
        "write_units_per_second",
        "read_units_per_second",
        "windows",
    ),
    "Capacity": ("prewarm_rcu", "prewarm_wcu"),
    "Afterwards": ("verify", "verify_segments", "max_left"),
    "Continue": ("migration_id",),
}

_ABOUT = frozenset(
    {
        "approve",
        "prewarm",
        "prewarm_rcu",
        "prewarm_wcu",
        "hold_while",
        "healthy_for",
        "single_writer_region",
        "max_quarantined",
        "max_quarantined_percentage",
        "max_concurrency",
        "write_units_per_second",
        "read_units_per_second",
    }
)


def migration_params(**rules: Unpack[RuleArguments]) -> dict[str, Param]:
    """Return all form fields of a migration, as ``params`` of a DAG. Only ``table`` is required.

    :param rules: rules that apply to every run of the DAG; see :class:`AuthorRules`.
    :raises InvalidInputError: a rule is not valid.
    """
    return _form(migration_fields(), _FIRST, rules)


def many_params(**rules: Unpack[RuleArguments]) -> dict[str, Param]:
    """Return all form fields of a run for many tables. Only ``tables`` is required.

    Each entry of ``tables`` is the name of a table, or an object with ``table`` and settings for
    that table only.

    :param rules: rules that apply to every run of the DAG; see :class:`AuthorRules`.
    :raises InvalidInputError: a rule is not valid.
    """
    return _form(many_fields(), _FIRST_OF_MANY, rules)


def about_params(verb: str, **rules: Unpack[RuleArguments]) -> dict[str, Param]:
    """Return the form fields to undo or replay a migration. Only ``migration_id`` is required.

    :param verb: what the DAG does with the migration, such as ``"undo"``, for the form's text.
    :param rules: rules that apply to every run of the DAG; see :class:`AuthorRules`.
    :raises InvalidInputError: a rule is not valid.
    """
    fields = {name: param for name, param in migration_fields().items() if name in _ABOUT}
    return _form({"migration_id": earlier_migration(verb), **fields}, _FIRST_ABOUT, rules)


def _form(
    fields: Mapping[str, Param], first: tuple[str, ...], rules: RuleArguments
) -> dict[str, Param]:
    """Return the fields in the order of the form. Fields that are not shown first get a section."""
    rule_form(fields, AuthorRules.of(rules))
    form = {name: fields[name] for name in first}
    for section, names in _SECTIONS.items():
        for name in names:
            if name in fields and name not in form:
                form[name] = fields[name]
                form[name].schema["section"] = section
    return form
