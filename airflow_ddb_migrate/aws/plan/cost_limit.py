"""The cost limit of a migration: at its start, when it is raised, and when it is planned again."""

from dataclasses import asdict

from airflow_ddb_migrate.aws.ledger.notes import known_plan, noted_capacity, plan_fields
from airflow_ddb_migrate.aws.plan.measured_cost import tariff_of
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.health.spending import Rates, spent_by
from airflow_ddb_migrate.core.ledger.notes import CAPACITY_DURING
from airflow_ddb_migrate.core.ledger.records import ControlRecord, CostLimit
from airflow_ddb_migrate.core.plan.measured_cost import rates_of
from airflow_ddb_migrate.core.report.view import owes_capacity
from airflow_ddb_migrate.core.text.figures import dollars_words
from airflow_ddb_migrate.core.text.times import iso
from airflow_ddb_migrate.core.validation import is_number, shown

_MOST = 1_000_000_000  # dollars, far above any bill


def cost_limit_of(site: Site, limits: AuthorRules) -> CostLimit:
    """Return the limit with which an attempt begins: the lower of the plan's and the author's.

    A limit that a person set after the plan was made stays, within the author's.
    """
    plan = plan_fields(site.ledger, site.migration_id)
    limit = limits.cost_limit(plan.get("max_cost_usd"))
    control = site.ledger.control(site.migration_id)
    planned_at_iso = str(plan.get("planned_at_iso", ""))
    if control and control.max_cost_usd and _is_from_before(site, planned_at_iso, control):
        limit = limits.cost_limit(control.max_cost_usd)
    return CostLimit(max_cost_usd=limit or 0.0, rates=asdict(_rates(site)))


def _is_from_before(site: Site, planned_at_iso: str, control: ControlRecord) -> bool:
    """Return whether the control record's attempt began, if only to wait, after the plan."""
    begun = max(
        (
            one.expected_since or one.ended_at or control.since
            for one in site.ledger.attempts(site.migration_id)
            if one.number <= control.attempt
        ),
        default=0.0,
    )
    return planned_at_iso < iso(begun)


def new_limit(site: Site, control: ControlRecord, given: object) -> float:
    """Return the new limit.

    :raises InvalidInputError: it is not an amount, less than was spent, or more than the DAG's
        author allows.
    """
    if not is_number(given) or not 0 < given <= _MOST:
        raise InvalidInputError(
            f"max_cost_usd is {shown(given)}; it must be an amount in US dollars above 0 and at "
            f"most {_MOST:,}. Leave it out to keep it as it is."
        )
    record = site.ledger.required_migration(site.migration_id)
    limits = AuthorRules.from_json(record.limits)
    limits.check_cost_limit(float(given))
    rows = site.lanes.all(site.migration_id)
    spent = spent_by(rows, Rates.from_dict(control.rates), _raised_until(site))
    require_unspent(site, float(given), spent, limits)
    return float(given)


def _raised_until(site: Site) -> float:
    """Return until when raised capacity is charged: it is restored after the attempt has ended.

    An attempt that waits for its first window, or was never started, is not charged.
    """
    attempt = site.ledger.current_attempt(site.migration_id)
    if attempt is None:
        return 0.0
    if attempt.ended_at or not attempt.expected_since:
        return attempt.ended_at
    execution = site.execution_of(attempt)
    if execution.status is ExecutionStatus.MISSING:
        return 0.0
    return execution.ended_at or site.clock.now()


def spent_before(site: Site) -> float:
    """Return what a migration that is planned again has cost so far."""
    now = site.clock.now()
    return spent_by(site.lanes.all(site.migration_id), _rates(site), now)


def require_unspent(site: Site, limit: float, spent: float, limits: AuthorRules) -> None:
    """Raise InvalidInputError for a limit that is already spent."""
    if spent >= limit:
        raise InvalidInputError(
            f"max_cost_usd is {dollars_words(limit)}, but migration {site.migration_id} has "
            f"already cost {dollars_words(spent)}. {limits.higher_cost_limit(limit)}. Nothing was "
            "changed."
        )


def _rates(site: Site) -> Rates:
    """Compute the rates of an attempt that begins now.

    What raised capacity has cost before counts at the rates of the attempts that raised it. Once it
    is restored, it costs no more.
    """
    plan = known_plan(site.ledger, site.migration_id)
    control = site.ledger.control(site.migration_id)
    former = Rates.from_dict(control.rates) if control else Rates()
    is_new = bool(plan and control and not _is_from_before(site, plan.planned_at_iso, control))
    is_raised = owes_capacity(site.leases.get(site.table.key), site.migration_id)
    was_raised = not is_new and noted_capacity(site.ledger, site.migration_id, CAPACITY_DURING)
    tariff = plan.tariff if plan and (is_raised or was_raised) else None
    once = tariff.once if tariff else 0.0
    return rates_of(
        tariff_of(site),
        regions=1 + len(site.table.replicas),
        hour=tariff.hourly_difference if tariff and is_raised else 0.0,
        since=site.clock.now(),
        once=once,
        base=former.base
        + former.raised(_raised_until(site))
        + (once if is_new else max(0.0, once - former.once)),
    )
