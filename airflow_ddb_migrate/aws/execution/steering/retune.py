"""Changes the budgets, the concurrency or the cost limit of a migration."""

from collections.abc import Mapping

from airflow_ddb_migrate.aws.execution.steering.current import current, overtaken, title
from airflow_ddb_migrate.aws.plan.cost_limit import new_limit
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
from airflow_ddb_migrate.core.errors import InvalidInputError, SteeringError
from airflow_ddb_migrate.core.execution.payload import validate_max_concurrency
from airflow_ddb_migrate.core.ledger.events import What, budget_of
from airflow_ddb_migrate.core.ledger.holds import HoldKind
from airflow_ddb_migrate.core.ledger.records import AttemptRecord, ControlRecord
from airflow_ddb_migrate.core.limits import TABLE_UNITS
from airflow_ddb_migrate.core.text.figures import dollars_words
from airflow_ddb_migrate.core.text.markdown import entered
from airflow_ddb_migrate.core.validation import is_number, shown


def retune(  # noqa: PLR0913 # one parameter for each figure that can be changed
    site: Site,
    *,
    by: str,
    read_units_per_second: float | None = None,
    write_units_per_second: float | None = None,
    max_concurrency: int | None = None,
    max_cost_usd: float | None = None,
) -> str:
    """Change budgets (units per second of the whole migration; 0: none), concurrency or limit.

    None leaves a figure as it is. Budgets also apply to attempts that the wait task starts; an
    attempt that a start task starts has its request's. The concurrency applies to this attempt
    only. ``max_cost_usd`` is a new cost limit, within that of the DAG's author; it ends a hold for
    money.

    :raises InvalidInputError: a figure is out of range or above what the DAG's author allows, or
        all are None.
    :raises LedgerError: it was never started.
    :raises SteeringError: it is over, is being stopped, or its map has not begun yet.
    """
    by = entered(by)
    budget = _budget(
        read_units_per_second=read_units_per_second, write_units_per_second=write_units_per_second
    )
    if max_concurrency is not None:
        validate_max_concurrency(max_concurrency)
    elif not budget and max_cost_usd is None:
        raise InvalidInputError(
            "Nothing to retune: give read_units_per_second, write_units_per_second, "
            "max_concurrency or max_cost_usd."
        )
    attempt, control = current(site)
    _require_within_limits(site, budget)
    limit = {} if max_cost_usd is None else _limit(site, control, max_cost_usd)
    if max_concurrency is not None:
        _update_map_run(site, attempt, max_concurrency)
    figures = {**budget, **limit}
    if figures and not site.ledger.retune(site.migration_id, attempt.number, figures):
        raise overtaken(site, attempt)
    words = _retuned(site, control, budget, max_concurrency, max_cost_usd)
    site.note_event(What.RETUNED, by, words, {**budget_of(control), **budget})
    return f"{words}{_end_for_money(site, attempt, by)}" if limit else words


def _limit(site: Site, control: ControlRecord, given: object) -> dict[str, float]:
    """Return the fields to write for a new limit; the cost is added up again at once."""
    return {"max_cost_usd": new_limit(site, control, given), "spent_due": 0.0}


def _end_for_money(site: Site, attempt: AttemptRecord, by: str) -> str:
    """End a hold for money, and return a sentence on it; empty if there is none."""
    now, kind = site.clock.now(), HoldKind.MONEY
    reason = f"limit raised by {by}"
    if not site.ledger.end_holds(
        site.migration_id, {kind}, attempt=attempt.number, reason=reason, now=now
    ):
        return ""
    words = "It ended the hold for money."
    site.note_event(What.RELEASED, by, f"{words} {reason.capitalize()}.", kind=kind)
    return f" {words}"


def _require_within_limits(site: Site, budget: Mapping[str, float]) -> None:
    """Raise InvalidInputError for a budget above the limit of the DAG's author.

    :raises ApprovalError: the author has rules that only a later version knows.
    """
    record = site.ledger.required_migration(site.migration_id)
    limits = AuthorRules.from_json(record.limits)
    limits.check_known()
    for name, units in budget.items():
        limits.check_budget(name, units)


def _retuned(
    site: Site,
    before: ControlRecord,
    budget: dict[str, float],
    max_concurrency: int | None,
    max_cost_usd: float | None,
) -> str:
    changes = [
        f"{name} {_units(getattr(before, name))} -> {_units(units)}"
        for name, units in budget.items()
    ]
    if max_concurrency is not None:
        changes.append(f"max_concurrency -> {max_concurrency:,} (running children continue)")
    if max_cost_usd is not None:
        limit = dollars_words(before.max_cost_usd) if before.max_cost_usd else "none"
        changes.append(f"max_cost_usd {limit} -> {dollars_words(max_cost_usd)}")
    return f"Retuned attempt {before.attempt} of {site.migration_id}: {', '.join(changes)}."


def _units(per_second: float) -> str:
    return f"{per_second:,g}" if per_second else "none"


def _budget(**figures: object) -> dict[str, float]:
    return {name: _checked(name, given) for name, given in figures.items() if given is not None}


def _checked(name: str, given: object) -> float:
    if not is_number(given) or not (given == 0 or 1 <= given <= TABLE_UNITS):
        raise InvalidInputError(
            f"{name} is {shown(given)}; it must be 0 for no limit, or 1 to {TABLE_UNITS:,} units "
            "per second. Leave it out to keep it as it is."
        )
    return float(given)


def _update_map_run(site: Site, attempt: AttemptRecord, max_concurrency: int) -> None:
    arn = site.executions.map_run_arn(attempt.execution_arn)
    if not arn:
        raise SteeringError(
            f"{title(site, attempt)} has no map run yet, so max_concurrency cannot be changed. "
            "Nothing was changed; try again in a few seconds."
        )
    site.executions.update_map_run(arn, max_concurrency=max_concurrency)
