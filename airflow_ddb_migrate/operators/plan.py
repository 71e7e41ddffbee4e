"""Estimate what a migration will do, how long it takes and what it costs, before it starts."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate.core.limits import (
    BUDGET_SHARE,
    DEFAULT_PREWARM_READ_UNITS,
    DEFAULT_PREWARM_WRITE_UNITS,
)
from airflow_ddb_migrate.core.validation import (
    validate_at_least_zero,
    validate_object,
    validate_share,
    validate_switch,
    validate_units,
)
from airflow_ddb_migrate.operators.base.author_rules import check_units, rules_for
from airflow_ddb_migrate.operators.base.parameters import Rules, check_constants, optional
from airflow_ddb_migrate.operators.base.request import REQUEST_FIELDS, MigrationRequestOperator
from airflow_ddb_migrate.operators.base.task import template_fields

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.plan.planner import PlanOptions
    from airflow_ddb_migrate.core.approval.author_rules import AuthorRules

_OWN_FIELDS = (
    "budget_share",
    "max_cost_usd",
    "prewarm",
    "prices",
    "read_units",
    "warm_throughput",
    "write_units",
)


class PlanMigrationOperator(MigrationRequestOperator):
    """
    Plan a migration from the table's metadata, its live traffic and a sample of its items.

    The plan is saved in the ledger; nothing else changes. The start operator takes from it what the
    request leaves open: segments, concurrency and both budgets. A migration that cannot work or
    costs too much is refused. The log shows the plan as markdown, and each warning as a warning.
    The stack's Lambda reads the sample, so no item reaches Airflow. ``docs/plan.md`` gives the
    formulas.

    Returns the plan as a dict: ``migration_id``, ``total_segments``, ``max_concurrency``, the
    budgets in units per second, ``seconds`` (the expected duration), ``bound_by`` (the bottleneck),
    ``cost_usd`` by part, ``total_cost_usd``, ``warnings``, ``unknown``, ``markdown`` and more.
    Other parameters: :class:`MigrationRequestOperator` and :class:`MigrationTask`. Give them the
    same values as in the start operator.

    :param prewarm: whether prewarm will raise the capacity; budgets and cost take it into account.
        (templated)
    :param read_units: the same value as in :class:`PrewarmTableOperator`. (templated)
    :param write_units: the same value as in :class:`PrewarmTableOperator`. (templated)
    :param warm_throughput: the same value as in :class:`PrewarmTableOperator`. (templated)
    :param budget_share: share of the capacity unused by live traffic that the migration may use,
        above 0 and at most 1. (templated)
    :param max_cost_usd: limit in US dollars. A plan that costs more is refused, and a migration
        whose measured cost reaches it goes on hold. None: no limit. (templated)
    :param prices: prices in US dollars that replace those of the price list, such as
        ``{"write_request_million": 0.7}``. (templated)
    """

    RULES: ClassVar[Rules] = {
        **MigrationRequestOperator.RULES,
        "budget_share": partial(validate_share, "budget_share"),
        "max_cost_usd": optional(partial(validate_at_least_zero, "max_cost_usd")),
        "prewarm": partial(validate_switch, "prewarm"),
        "prices": partial(validate_object, "prices"),
        "read_units": partial(validate_units, "prewarm_rcu"),
        "warm_throughput": partial(validate_switch, "warm_throughput"),
        "write_units": partial(validate_units, "prewarm_wcu"),
    }
    template_fields: Sequence[str] = template_fields(*REQUEST_FIELDS, *_OWN_FIELDS)
    template_fields_renderers = {"prices": "json", "transform_params": "json"}  # noqa: RUF012  # Airflow's own form

    def __init__(  # noqa: PLR0913  # the parameters of an Airflow class
        self,
        *,
        prewarm: bool = False,
        read_units: int = DEFAULT_PREWARM_READ_UNITS,
        write_units: int = DEFAULT_PREWARM_WRITE_UNITS,
        warm_throughput: bool = False,
        budget_share: float = BUDGET_SHARE,
        max_cost_usd: float | None = None,
        prices: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.prewarm = prewarm
        self.read_units = read_units
        self.write_units = write_units
        self.warm_throughput = warm_throughput
        self.budget_share = budget_share
        self.max_cost_usd = max_cost_usd
        self.prices = {} if prices is None else prices
        check_constants(self)

    @classmethod
    def hold_to(cls, rules: "AuthorRules", values: Mapping[str, Any]) -> None:
        super().hold_to(rules, values)
        rules.check_cost_limit(values.get("max_cost_usd"))
        if values.get("prewarm"):
            check_units(rules, values)

    def run_step(self, context: "Context") -> dict[str, Any]:
        from airflow_ddb_migrate.aws.plan.planner import make_plan
        from airflow_ddb_migrate.core.plan.page import plan_markdown

        request = self.valid_request(context)
        options = self.plan_options()
        plan = make_plan(self.open_site(context), request, options)
        page = plan_markdown(plan)
        self.log.info("%s", page)
        for warning in plan.warnings:
            self.log.warning("%s", warning)
        return {**plan.to_dict(), "markdown": page}

    def plan_options(self) -> "PlanOptions":
        from airflow_ddb_migrate.aws.plan.planner import PlanOptions
        from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits

        wanted = CapacityUnits(self.read_units, self.write_units)
        options = PlanOptions(
            prewarm=wanted if self.prewarm else None,
            warm_throughput=self.warm_throughput,
            budget_share=self.budget_share,
            max_cost_usd=rules_for(self).cost_limit(self.max_cost_usd),
            prices=self.prices,
        )
        options.validate()
        return options
