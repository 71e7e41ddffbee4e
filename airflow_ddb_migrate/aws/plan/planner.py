"""Make the plan of a migration and keep it in the ledger; touches nothing else.

What cannot work is refused. What a person should know is in the plan's warnings.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from airflow_ddb_migrate.aws.ledger.notes import keep_plan, known_plan
from airflow_ddb_migrate.aws.plan.cost_limit import require_unspent, spent_before
from airflow_ddb_migrate.aws.plan.sample import take_sample
from airflow_ddb_migrate.aws.plan.table_facts import Questions, describe_for_plan, gather
from airflow_ddb_migrate.aws.preflight import checks
from airflow_ddb_migrate.aws.preflight.alarms import known_states
from airflow_ddb_migrate.aws.preflight.author_limits import require_allowed
from airflow_ddb_migrate.aws.preflight.repeat import refuse_repeat, repeat_of
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.approval.approval import params_hash
from airflow_ddb_migrate.core.approval.author_rules import NO_RULES, AuthorRules
from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.hours.windows import Hours, overlaps, read_windows
from airflow_ddb_migrate.core.inspection.dry_run import DryRunReport
from airflow_ddb_migrate.core.inspection.sample import SampleResult
from airflow_ddb_migrate.core.ledger.records import MigrationRecord
from airflow_ddb_migrate.core.limits import BUDGET_SHARE
from airflow_ddb_migrate.core.plan.migration_plan import DryRunFigures, MigrationPlan, corrected
from airflow_ddb_migrate.core.plan.planner import Wishes, plan_migration, room_of, with_nights
from airflow_ddb_migrate.core.plan.prices import prices_for
from airflow_ddb_migrate.core.plan.table_facts import TableFacts
from airflow_ddb_migrate.core.plan.warnings import Circumstances, warnings_of
from airflow_ddb_migrate.core.text.bills import bill_words
from airflow_ddb_migrate.core.text.figures import dollars_words
from airflow_ddb_migrate.core.text.times import iso
from airflow_ddb_migrate.core.validation import validate_at_least_zero, validate_share


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What a plan depends on, besides the request.

    ``prewarm`` are the units to prewarm to (None: it is off); ``prices`` replace prices of
    core/plan/prices.json; a plan above ``max_cost_usd`` is refused (None: no limit).
    """

    prewarm: CapacityUnits | None = None
    warm_throughput: bool = False
    budget_share: float = BUDGET_SHARE
    max_cost_usd: float | None = None
    prices: Mapping[str, float] = field(default_factory=dict)

    def validate(self) -> None:
        """Raise InvalidInputError for options that are not valid; prices are checked when used."""
        validate_share("budget_share", self.budget_share)
        if self.max_cost_usd is not None:
            validate_at_least_zero("max_cost_usd", self.max_cost_usd)


def make_plan(site: Site, request: StartRequest, options: PlanOptions) -> MigrationPlan:
    """Make the plan, or raise the reason why the migration cannot start.

    A migration that was started before keeps its segments, transform and parameters.

    :raises InvalidInputError: a parameter is not valid, the plan costs more than allowed, it takes
        longer than an execution can run, or it was done before and ``once`` is true.
    :raises TableUnusableError: the table's KMS key cannot be used.
    :raises StackOutdatedError: the stack is older than this package.
    :raises TransformError: the transform cannot be used, or fails for every item of a sample.
    :raises MigrationError: see preflight.check.
    """
    now = site.clock.now()
    request.validate()
    request.require_transform()
    options.validate()
    wishes = _wishes(site, request, options)
    description = describe_for_plan(site)
    checks.require_current_stack(site)
    record = site.ledger.migration(site.migration_id)
    if record:
        request, wishes = _as_started(request, wishes, record)
    transform_hash = checks.check(
        site, request.transform, single_writer_region=request.single_writer_region
    )
    request = replace(request, limits=require_allowed(site, request))
    wishes = replace(wishes, limits=request.limits)
    alarms = known_states(site, request.alarms)
    refuse_repeat(site, request, transform_hash)
    questions = Questions()
    facts = gather(site, description, questions)
    started_at = record.started_at_iso if record else iso(now)
    sampled = take_sample(site, request, facts, questions, started_at)
    facts = replace(facts, unknown=tuple(questions.unknown))
    plan = _plan(site, request, facts, sampled, wishes)
    repeat = repeat_of(site, request, transform_hash)
    repeated = (f"This was done before: {repeat}.",) if repeat else ()
    plan = replace(
        plan,
        transform_hash=transform_hash,
        params_hash=params_hash(request.params),
        alarms=alarms,
        warnings=(*plan.warnings, *repeated, *overlaps(request.hours, now)),
        max_cost_usd=options.max_cost_usd,
        planned_by=request.started_by,
        planned_at_iso=iso(now),
    )
    plan = with_nights(plan, request.hours, now, request.limits)
    require_affordable(plan, options.max_cost_usd, request.limits)
    if record and options.max_cost_usd is not None:
        require_unspent(site, options.max_cost_usd, spent_before(site), request.limits)
    keep_plan(site.ledger, plan)
    return plan


def correct_plan(
    site: Site,
    report: DryRunReport,
    *,
    max_cost_usd: float | None = None,
    limits: AuthorRules = NO_RULES,
) -> MigrationPlan | None:
    """Correct the plan of the site's migration by a dry run; None without a plan.

    :raises InvalidInputError: it now costs more than ``max_cost_usd``; the old plan is kept.
    """
    plan = known_plan(site.ledger, site.migration_id)
    if plan is None:
        return None
    seen = DryRunFigures(
        items=report.seen,
        changed=report.changed,
        deleted=report.deleted,
        write_units=report.write_units,
        changed_attributes=tuple(report.attributes),
        sampled_lanes=report.lanes_done if report.is_sample else 0,
    )
    hours = Hours(tuple(map(read_windows, plan.windows)))
    better = with_nights(corrected(plan, seen), hours, site.clock.now(), limits)
    require_affordable(better, max_cost_usd, limits)
    keep_plan(site.ledger, better)
    return better


def _wishes(site: Site, request: StartRequest, options: PlanOptions) -> Wishes:
    return Wishes(
        prices=prices_for(site.table.key.region).overridden(options.prices),
        total_segments=request.total_segments,
        max_concurrency=request.max_concurrency,
        read_units_per_second=request.read_units_per_second,
        write_units_per_second=request.write_units_per_second,
        slice_seconds=request.slice_seconds,
        budget_share=options.budget_share,
        prewarm=options.prewarm,
        warm_throughput=options.warm_throughput,
    )


def _as_started(
    request: StartRequest, wishes: Wishes, record: MigrationRecord
) -> tuple[StartRequest, Wishes]:
    """Return the request with the segments, transform and params of the started migration."""
    return (
        replace(request, transform=record.transform, params=json.loads(record.params)),
        replace(wishes, total_segments=record.total_segments),
    )


def _plan(
    site: Site,
    request: StartRequest,
    facts: TableFacts,
    sampled: SampleResult | None,
    wishes: Wishes,
) -> MigrationPlan:
    plan = plan_migration(
        facts, sampled, wishes, migration_id=site.migration_id, transform=request.transform
    )
    circumstances = Circumstances(
        facts=facts,
        sampled=sampled,
        wishes=wishes,
        room=room_of(facts, sampled, wishes),
        max_quarantined_percentage=request.max_quarantined_percentage,
    )
    return replace(plan, warnings=warnings_of(plan, circumstances))


def require_affordable(
    plan: MigrationPlan, max_cost_usd: float | None, limits: AuthorRules
) -> None:
    """Raise InvalidInputError for a plan that costs more than allowed; None: no limit."""
    if max_cost_usd is None or plan.total_cost_usd <= max_cost_usd:
        return
    raise InvalidInputError(
        f"Table {plan.table_name}: the migration would cost {dollars_words(plan.total_cost_usd)} "
        f"({bill_words(plan.cost_usd, 3)}; prices: {plan.tariff.table_prices.words}); "
        f"max_cost_usd is {dollars_words(max_cost_usd)}. "
        f"{limits.higher_cost_limit(max_cost_usd)}, or let the transform change fewer items."
    )
