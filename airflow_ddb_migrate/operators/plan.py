"""Say what a migration will do, how long it takes and what it costs, before anything is touched."""

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
    Plan a migration: look at the table, its surroundings and a sample, and write the plan down.

    Nothing is touched but the plan in the ledger, where the start operator finds whatever the
    request leaves open: segments, children at a time, and both budgets. What cannot work, or costs
    too much, is refused. The log has the plan as markdown, and each warning as a warning. The
    sample is looked at by the stack's Lambda: no item reaches Airflow. See ``docs/plan.md``.

    Returns the plan as a dict: ``migration_id``, ``total_segments``, ``max_concurrency``, the
    budgets, ``seconds``, ``bound_by``, ``cost_usd`` by part, ``total_cost_usd``, ``warnings``,
    ``unknown``, ``markdown`` and more. Other parameters: :class:`MigrationRequestOperator` and
    :class:`MigrationTask`; give them as to the start operator.

    :param prewarm: whether prewarm will raise the capacity: the budgets and the cost allow for it.
        (templated)
    :param read_units: as given to :class:`PrewarmTableOperator`. (templated)
    :param write_units: as given to :class:`PrewarmTableOperator`. (templated)
    :param warm_throughput: as given to :class:`PrewarmTableOperator`. (templated)
    :param budget_share: share of what live traffic leaves that the migration may use, above 0, at
        most 1. (templated)
    :param max_cost_usd: refuse a plan that costs more, and put the migration on hold when it has
        cost as much, as measured; None: at any cost. (templated)
    :param prices: figures in dollars that replace those of the price list, as in
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
