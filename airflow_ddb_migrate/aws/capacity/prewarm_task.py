"""The work of PrewarmTableOperator: raise the capacity, log what that costs, note it."""

from collections.abc import Collection, Mapping
from typing import Any

from airflow_ddb_migrate.aws.capacity.cost import prices_of
from airflow_ddb_migrate.aws.capacity.prewarm import Prewarm, note_shown, prewarm
from airflow_ddb_migrate.aws.ledger.notes import known_plan, note_capacity
from airflow_ddb_migrate.aws.preflight import checks
from airflow_ddb_migrate.aws.preflight.approvals import require_approved
from airflow_ddb_migrate.aws.preflight.as_planned import require_as_planned
from airflow_ddb_migrate.aws.preflight.author_limits import require_within_limits
from airflow_ddb_migrate.aws.preflight.repeat import refuse_repeat
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.approval.author_rules import RequiredStep
from airflow_ddb_migrate.core.capacity.changes import ScalingChange, changes_from_json
from airflow_ddb_migrate.core.capacity.owed import keep_raised
from airflow_ddb_migrate.core.capacity.snapshot import (
    BillingMode,
    CapacitySnapshot,
    CapacityUnits,
    ScalingTarget,
)
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.plan.prices import cost_words
from airflow_ddb_migrate.core.plan.table_facts import written_resources
from airflow_ddb_migrate.core.report.migration_report import show_capacity
from airflow_ddb_migrate.core.validation import validate_units


def wanted_units(read_units: object, write_units: object) -> CapacityUnits:
    """Return the units to raise to; raises InvalidInputError if they are not valid."""
    return CapacityUnits(
        validate_units("prewarm_rcu", read_units),
        validate_units("prewarm_wcu", write_units),
    )


def check_prewarm(
    site: Site, request: StartRequest, *, switch_to_on_demand: bool = False
) -> tuple[str, ...] | None:
    """Refuse what cannot work; then note the current capacity for the report.

    Returns the resources, of the table and its indexes, that the migration writes; None: unknown.

    :raises InvalidInputError: the table has replicas, which would be switched to on-demand, too.
    """
    if switch_to_on_demand:
        _require_one_region(site)
    transform_hash = checks.check(
        site,
        request.transform,
        single_writer_region=request.single_writer_region,
    )
    require_as_planned(site, request, transform_hash)
    refuse_repeat(site, request, transform_hash)
    limits = require_within_limits(site, request)
    require_approved(site, request, RequiredStep.APPROVE, limits, transform_hash)
    note_capacity(site.ledger, site.migration_id, "before", site.table.snapshot)
    return _written(site, transform_hash)


def _require_one_region(site: Site) -> None:
    """Raise InvalidInputError for replicas, whose billing mode would change, too."""
    table = site.table
    if table.replicas and table.snapshot.billing_mode is BillingMode.PROVISIONED:
        raise InvalidInputError(
            f"Table {table.name} has replicas in {', '.join(table.replicas)}: switch_to_on_demand "
            "would switch all of them, and their own read capacity would be lost. Leave it off: "
            "prewarm then raises the provisioned capacity. Nothing was touched."
        )


def _written(site: Site, transform_hash: str) -> tuple[str, ...] | None:
    """Return the written resources by the plan, if that was made for the deployed transform."""
    plan = known_plan(site.ledger, site.migration_id)
    if plan is None or plan.writes is None or plan.transform_hash != transform_hash:
        return None
    return written_resources(plan.writes)


def nothing_raised(site: Site) -> Prewarm:
    return Prewarm(site.table.snapshot, ())


def raised_as_told(event: Mapping[str, Any]) -> Prewarm:
    """Return the changes from the event of CapacityRaisedTrigger."""
    before = CapacitySnapshot.from_json(event["before"])
    return Prewarm(before, changes_from_json(event["changes"]))


def raise_for_task(  # noqa: PLR0913  # what a person may ask for
    site: Site,
    wanted: CapacityUnits,
    *,
    written: Collection[str] | None,
    warm: bool,
    switch_to_on_demand: bool,
    log: Any,
) -> Prewarm:
    """Ask for the capacity that is missing, and log each change with its cost."""
    asked = prewarm(
        site, wanted, warm=warm, switch_to_on_demand=switch_to_on_demand, written=written
    )
    if asked.changes:
        _tell_changes(site, asked, log)
    elif asked.before.billing_mode is BillingMode.PAY_PER_REQUEST and not warm:
        log.info(
            "Table %s is on-demand: AWS scales it with its traffic, so there is no provisioned "
            "capacity to raise. warm_throughput=True prepares it for a sudden start; that is "
            "charged once and is permanent.",
            site.table.name,
        )
    else:
        log.info(
            "Nothing to raise: table %s has at least %s units per second, and the indexes that "
            "are written have enough write units.",
            site.table.name,
            wanted,
        )
    return asked


def finish(site: Site, asked: Prewarm, hold_seconds: float) -> dict[str, Any]:
    """Note the current capacity, keep it raised for a time, and return the task's result."""
    until = site.clock.now() + hold_seconds
    site.leases.change(site.table.key, lambda lease: keep_raised(lease, site.migration_id, until))
    note_shown(site)
    during = site.fresh_table().snapshot
    note_capacity(site.ledger, site.migration_id, "during", during)
    return {
        "migration_id": site.migration_id,
        "before": show_capacity(asked.before),
        "changes": [str(change) for change in asked.changes],
        "during": show_capacity(during),
    }


def _tell_changes(site: Site, asked: Prewarm, log: Any) -> None:
    prices = prices_of(site.table)
    for change in asked.changes:
        log.info("Raising %s: %s", change, cost_words(change, prices, site.table.replicas))
    log.info("Prices: %s; a guide, not a bill.", prices.words)
    for target in _scheduled(asked):
        log.warning(
            "Scheduled actions of auto scaling stay active and may change %s capacity of %s: %s.",
            target.dimension,
            f"index {target.resource}" if target.resource else "the table",
            ", ".join(target.scheduled_actions),
        )


def _scheduled(asked: Prewarm) -> list[ScalingTarget]:
    changed = {
        (change.resource, change.dimension)
        for change in asked.changes
        if isinstance(change, ScalingChange)
    }
    targets = asked.before.targets
    return [targets[f] for f in changed if f in targets and targets[f].scheduled_actions]
