"""Plan the migrations of many tables before any of them is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate.core.errors import InvalidInputError, MigrationError
from airflow_ddb_migrate.core.plan.many import OWN_FIELDS, table_entries
from airflow_ddb_migrate.core.validation import validate_at_least_one
from airflow_ddb_migrate.operators.base.author_rules import rules_for
from airflow_ddb_migrate.operators.base.parameters import Rules, check_constants
from airflow_ddb_migrate.operators.plan import PlanMigrationOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
    from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan


def _tables(value: Any) -> Any:
    table_entries(value)
    return value


class PlanManyMigrationsOperator(PlanMigrationOperator):
    """
    Plan a migration for each table, with one page, one total cost and one cost limit for all.

    All tables are checked before any is refused, so one message names all problems. The plans are
    saved in the ledger; nothing else changes. The XCom ``markdown`` holds the page.

    Returns a list for ``task_group.expand_kwargs``: one dict for each table, with ``table_name``,
    ``total_segments``, ``transform``, ``transform_params``, ``read_units_per_second``,
    ``write_units_per_second`` and ``max_concurrency``. A table's position in the list is the map
    index of its tasks. Other parameters: :class:`PlanMigrationOperator`.

    :param tables: names of tables, or objects with ``table`` and settings for that table only:
        ``segments``, ``transform``, ``params``, ``read_units_per_second``,
        ``write_units_per_second``, ``max_concurrency``. At most 100. (templated)
    :param max_parallel_tables: tables that are migrated at the same time, to estimate the total
        duration. (templated)
    :param max_cost_usd: refuse the plans if together they cost more than this many US dollars;
        None: no limit. (templated)
    """

    RULES: ClassVar[Rules] = {
        **PlanMigrationOperator.RULES,
        "max_parallel_tables": partial(validate_at_least_one, "max_parallel_tables"),
        "tables": _tables,
    }
    template_fields: Sequence[str] = (
        *PlanMigrationOperator.template_fields,
        "max_parallel_tables",
        "tables",
    )

    def __init__(
        self, *, tables: Sequence[Any], max_parallel_tables: int = 1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.tables = tables
        self.max_parallel_tables = max_parallel_tables
        check_constants(self)

    @classmethod
    def hold_to(cls, rules: "AuthorRules", values: Mapping[str, Any]) -> None:
        super().hold_to(rules, values)
        entries = table_entries(values["tables"]) if "tables" in values else []
        for number, entry in enumerate(entries, start=1):
            try:
                super().hold_to(rules, entry)
            except InvalidInputError as exc:
                raise InvalidInputError(f"Entry {number} of tables: {exc}") from exc

    def run_step(self, context: "Context") -> Any:
        from airflow_ddb_migrate.core.plan.many import (
            many_markdown,
            require_affordable_together,
        )

        entries = table_entries(self.tables)
        plans = self._plans(context, entries)
        page = many_markdown(plans, at_a_time=self.max_parallel_tables)
        self.log.info("%s", page)
        rules = rules_for(self)
        require_affordable_together(plans, rules.cost_limit(self.max_cost_usd), rules)
        if self.do_xcom_push:
            context["ti"].xcom_push(key="markdown", value=page)
        return [self._for_group(entry) for entry in entries]

    def _plans(
        self, context: "Context", entries: Sequence[dict[str, Any]]
    ) -> list["MigrationPlan"]:
        """Return a plan for each table.

        :raises InvalidInputError: some tables cannot be migrated. The message names all of them.
        """
        plans, refused = [], []
        for number, entry in enumerate(entries):
            try:
                plans.append(self._plan_of(context, number, entry))
            except MigrationError as exc:
                if exc.retryable:
                    raise
                refused.append(f"{entry['table_name']}: {exc}")
        if refused:
            raise InvalidInputError(
                f"{len(refused)} of {len(entries)} tables cannot be migrated, so none was changed. "
                + " ".join(refused)
            )
        return plans

    def _plan_of(
        self, context: "Context", map_index: int, entry: dict[str, Any]
    ) -> "MigrationPlan":
        from airflow_ddb_migrate.aws.plan.planner import make_plan

        address = replace(
            self.address(context), table_name=entry["table_name"], map_index=map_index
        )
        own = {_REQUEST.get(name, name): value for name, value in self._for_group(entry).items()}
        own.pop("table_name")
        options = replace(self.plan_options(), max_cost_usd=None)  # the limit is for all together
        return make_plan(address.open(), self.valid_request(context, **own), options)

    def _for_group(self, entry: dict[str, Any]) -> dict[str, Any]:
        common = {name: getattr(self, name) for name in OWN_FIELDS.values()}
        return {**common, **entry}


_REQUEST = {"transform_params": "params"}  # a parameter's name, and its field in a request
