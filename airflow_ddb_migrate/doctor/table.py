"""Checks of the table to migrate: its features, and what the plan would warn of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from airflow_ddb_migrate.aws.plan.table_facts import Questions, describe_for_plan, gather
from airflow_ddb_migrate.aws.services.autoscaling import with_scaling
from airflow_ddb_migrate.aws.services.stack import Stack
from airflow_ddb_migrate.aws.services.tables import Table, table_description, table_from
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.snapshot import (
    BillingMode,
    CapacitySnapshot,
    resource_words,
)
from airflow_ddb_migrate.core.doctor.check_results import (
    CheckResult,
    broken,
    ok,
    unknown,
    warning,
)
from airflow_ddb_migrate.core.errors import (
    InvalidInputError,
    MigrationError,
    TableNotFoundError,
    TableUnusableError,
)
from airflow_ddb_migrate.core.limits import QUARANTINE_PERCENTAGE
from airflow_ddb_migrate.core.plan.planner import Wishes, plan_migration, room_of
from airflow_ddb_migrate.core.plan.prices import prices_for
from airflow_ddb_migrate.core.plan.table_facts import TableFacts
from airflow_ddb_migrate.core.plan.warnings import Circumstances, warnings_of
from airflow_ddb_migrate.core.text.figures import size_words
from airflow_ddb_migrate.doctor.patient import Patient

_NO_MIGRATION: Final = "doctor"  # the id of its site, which no migration has


def check_table(patient: Patient, stack: Stack | None) -> Iterator[CheckResult]:
    """Check whether the table exists and can be used; then its capacity, features and plan."""
    try:
        description = table_description(patient.clients.dynamodb, patient.table_name)
    except TableNotFoundError as exc:
        yield broken("table", f"{exc}")
        return
    table = table_from(description)
    yield _is_usable(table)
    yield _capacity(patient, table)
    yield ok("table-features", f"{'; '.join(_features(description))}.")
    if stack:
        yield _is_allowed(stack, table.name)
        yield from _planned(patient, stack, table)


def _is_usable(table: Table) -> CheckResult:
    if table.not_active:
        return broken(
            "table",
            f"{'; '.join(table.not_active)}.",
            "Wait until all are ACTIVE, then check again.",
        )
    size = size_words(table.size_bytes)
    return ok(
        "table",
        f"{table.name} is ACTIVE with {table.item_count:,} items, {size} (figures up to six hours "
        "old).",
    )


def _is_allowed(stack: Stack, name: str) -> CheckResult:
    if stack.allows(name):
        return ok("table-allowed", f"Stack {stack.name} may migrate it.")
    return broken(
        "table-allowed",
        f"Stack {stack.name} may migrate {', '.join(stack.tables)}, not {name}.",
        f"Run: ddb-migrate deploy --stack-name {stack.name} --table {name}",
    )


def _capacity(patient: Patient, table: Table) -> CheckResult:
    try:
        snapshot = with_scaling(patient.clients.autoscaling, table.name, table.snapshot)
    except MigrationError as exc:
        found = "; ".join(_capacity_words(table.snapshot))
        return unknown("table-capacity", f"{found}; auto scaling is unknown. {exc}")
    return ok("table-capacity", f"{'; '.join(_capacity_words(snapshot))}.")


def _capacity_words(snapshot: CapacitySnapshot) -> Iterator[str]:
    yield snapshot.billing_mode.value
    is_provisioned = snapshot.billing_mode is BillingMode.PROVISIONED
    units = snapshot.provisioned if is_provisioned else snapshot.on_demand_maximum
    kind = "" if is_provisioned else "at most "
    for resource, figures in units.items():
        yield f"{resource_words(resource)} {kind}{figures}"
    for target in snapshot.scaling:
        yield f"{resource_words(target.resource)} scales {target.dimension} {target.limits}"


def _features(description: Mapping[str, Any]) -> Iterator[str]:
    """Report the table's features that matter to a migration, from DescribeTable."""
    for kind, words in (("Global", "global indexes"), ("Local", "local indexes")):
        rows = description.get(f"{kind}SecondaryIndexes") or ()
        yield f"{words}: {_named(rows, 'IndexName')}"
    replicas = _named(description.get("Replicas") or (), "RegionName")
    mode = description.get("MultiRegionConsistency", "")
    yield f"replicas: {replicas}{f' ({mode} consistency)' if mode else ''}"
    stream = description.get("StreamSpecification") or {}
    yield f"stream: {stream.get('StreamViewType', 'on') if stream.get('StreamEnabled') else 'none'}"
    encryption = description.get("SSEDescription") or {}
    yield f"encrypted by {encryption.get('KMSMasterKeyArn', 'a key of DynamoDB')}"
    table_class = (description.get("TableClassSummary") or {}).get("TableClass", "STANDARD")
    yield f"class {table_class}"
    vector = sorted(name for name in description if "Vector" in name and description[name])
    if vector:
        yield f"has {', '.join(vector)}"


def _named(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    return ", ".join(str(row.get(name)) for row in rows) or "none"


def _planned(patient: Patient, stack: Stack, table: Table) -> Iterator[CheckResult]:
    """Report what the plan would warn of, without a sample of items and without prewarm."""
    site = Site(
        clients=patient.clients,
        table=table,
        stack=stack,
        migration_id=_NO_MIGRATION,
        clock=patient.clock,
    )
    questions = Questions()
    try:
        facts = gather(site, describe_for_plan(site), questions)
    except TableUnusableError as exc:
        yield broken("table-key", f"{exc}")
        return
    yield ok("table-settings", f"{'; '.join(_settings(facts))}.")
    for why in questions.unknown:
        yield unknown("table-plan", why.removeprefix("unknown: "))
    try:
        found = _warnings(replace(facts, unknown=tuple(questions.unknown)))
    except InvalidInputError as exc:
        yield broken("table-plan", f"{exc}")
        return
    for words in found:
        yield warning("table-plan", words)
    if not found:
        yield ok("table-plan", "The plan has no warnings.")


def _settings(facts: TableFacts) -> Iterator[str]:
    """Report settings from other requests; what is unknown is in other lines."""
    switches = {
        "point-in-time recovery": facts.point_in_time_recovery,
        "deletion protection": facts.deletion_protection,
    }
    words = {True: "on", False: "off", None: "unknown"}
    for name, is_on in switches.items():
        yield f"{name} {words[is_on]}"
    ttl = {None: "unknown", "": "off"}.get(facts.ttl_attribute, f"by {facts.ttl_attribute}")
    yield f"TTL {ttl}"
    consumers = "unknown" if facts.consumers is None else ", ".join(facts.consumers) or "none"
    yield f"consumers of its changes: {consumers}"


def _warnings(facts: TableFacts) -> tuple[str, ...]:
    wishes = Wishes(prices=prices_for(facts.region))
    plan = plan_migration(facts, None, wishes, migration_id=_NO_MIGRATION, transform="")
    return warnings_of(
        plan,
        Circumstances(
            facts=facts,
            sampled=None,
            wishes=wishes,
            room=room_of(facts, None, wishes),
            max_quarantined_percentage=QUARANTINE_PERCENTAGE,
        ),
    )
