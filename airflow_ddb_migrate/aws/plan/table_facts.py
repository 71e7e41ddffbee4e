"""Gathers the facts of a table that a plan needs; touches nothing.

Facts that the credentials may not ask for, or that the service does not know, become ``unknown:
…``; the plan is made without them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from airflow_ddb_migrate.aws.ledger.history import list_history
from airflow_ddb_migrate.aws.plan import lookups
from airflow_ddb_migrate.aws.services.table_backups import Backups
from airflow_ddb_migrate.aws.services.tables import table_description, table_from
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.snapshot import CapacitySnapshot
from airflow_ddb_migrate.core.errors import MigrationError, TableUnusableError
from airflow_ddb_migrate.core.ledger.lease import is_held_by
from airflow_ddb_migrate.core.limits import (
    DEFAULT_TABLE_UNITS,
    LAMBDA_CONCURRENCY,
    LAMBDA_MEMORY_MB,
)
from airflow_ddb_migrate.core.plan.table_facts import IndexFacts, TableFacts

_T = TypeVar("_T")
_U = TypeVar("_U")
_INACCESSIBLE = "INACCESSIBLE_ENCRYPTION_CREDENTIALS"


def describe_for_plan(site: Site) -> Mapping[str, Any]:
    """Return DescribeTable's response as it is.

    :raises TableUnusableError: the table's KMS key cannot be used.
    """
    name = site.table.name
    table = table_description(site.clients.dynamodb, name)
    encryption = table.get("SSEDescription") or {}
    since = encryption.get("InaccessibleEncryptionDateTime")
    if since or table.get("TableStatus") == _INACCESSIBLE:
        key = encryption.get("KMSMasterKeyArn", "a KMS key")
        raise TableUnusableError(
            f"Table {name} is encrypted by {key}, which DynamoDB cannot use"
            f"{f' since {since}' if since else ''} (table status {table.get('TableStatus')}). "
            "Enable the key or fix its policy: after seven days DynamoDB archives the table."
        )
    return table


@dataclass(slots=True)
class Questions:
    """Asks for facts that may be refused, and keeps sentences on those that were."""

    unknown: list[str] = field(default_factory=list)

    def ask(self, what: str, question: Callable[[], _T], otherwise: _U) -> _T | _U:
        """Return the answer; if there is none, keep that and return ``otherwise``."""
        try:
            return question()
        except MigrationError as exc:
            self.unknown.append(f"unknown: {what}. {exc}")
        except (KeyError, TypeError, ValueError) as exc:  # an endpoint that differs from AWS
            self.unknown.append(f"unknown: {what}. The response has no {exc}.")
        return otherwise


def gather(site: Site, description: Mapping[str, Any], questions: Questions) -> TableFacts:
    """Return the facts: DescribeTable's, and whatever else can be found out."""
    now = site.clock.now()
    facts = _described(site, description)
    facts = _with_traffic(facts, site, questions, now)
    facts = _with_account(facts, site, questions)
    clients, ask = site.clients, questions.ask
    return replace(
        facts,
        consumers=_consumers(site, description, questions),
        ttl_attribute=ask("TTL", lambda: lookups.ttl_attribute(clients.dynamodb, facts.name), None),
        point_in_time_recovery=ask(
            "point-in-time recovery",
            lambda: Backups(clients.dynamodb, site.table.key).recovery().is_on,
            None,
        ),
    )


def _described(site: Site, description: Mapping[str, Any]) -> TableFacts:
    table = table_from(description)
    return TableFacts(
        name=table.name,
        region=table.key.region,
        key_names=table.key_names,
        item_count=table.item_count,
        size_bytes=table.size_bytes,
        snapshot=_before_our_raise(site) or table.snapshot,
        indexes=_indexes(description),
        replicas=table.replicas,
        table_class=table.table_class,
        is_multi_region_strong=table.is_multi_region_strong,
        unknown_key=_unknown_key(site, description),
        undo_log_days=site.stack.undo_log_days,
        metric_sets=site.stack.metric_sets,
        has_stream=bool(_stream(description)),
        deletion_protection=description.get("DeletionProtectionEnabled"),
    )


def _unknown_key(site: Site, description: Mapping[str, Any]) -> str:
    key = str((description.get("SSEDescription") or {}).get("KMSMasterKeyArn", ""))
    return "" if site.stack.may_use(key) else key


def _with_traffic(facts: TableFacts, site: Site, questions: Questions, now: float) -> TableFacts:
    resources = list(facts.snapshot.provisioned)
    migrations = tuple(_migrations(site))
    not_judged = sum(end - begin for begin, end in migrations)
    return replace(
        facts,
        peak=questions.ask(
            "live traffic of the last 24 hours; the plan assumes that the table is idle",
            lambda: lookups.peak_units(
                site.clients.cloudwatch, facts.name, resources, now, but=migrations
            ),
            {},
        ),
        not_judged_seconds=min(lookups.LOOK_BACK_SECONDS, not_judged),
    )


def _with_account(facts: TableFacts, site: Site, questions: Questions) -> TableFacts:
    clients, ask = site.clients, questions.ask
    return replace(
        facts,
        quota=ask(
            f"the quota of a table, assumed to be {DEFAULT_TABLE_UNITS:,} units",
            lambda: lookups.table_quota(clients.dynamodb),
            facts.quota,
        ),
        lambda_concurrency=ask(
            f"the account's Lambda concurrency, assumed to be {LAMBDA_CONCURRENCY:,}",
            lambda: lookups.unreserved_concurrency(clients.lambda_),
            facts.lambda_concurrency,
        ),
        lambda_memory_mb=ask(
            f"the Lambda's memory, assumed to be {LAMBDA_MEMORY_MB:,} MB",
            lambda: lookups.function_memory_mb(clients.lambda_, site.stack.function_arn),
            facts.lambda_memory_mb,
        ),
    )


def _before_our_raise(site: Site) -> CapacitySnapshot | None:
    """Return the capacity before our own prewarm, for a plan that is made again after it."""
    lease = site.leases.get(site.table.key)
    if not is_held_by(lease, site.migration_id) or not lease.owes_capacity:
        return None
    return CapacitySnapshot.from_json(lease.snapshot)


def _migrations(site: Site) -> Iterator[lookups.Span]:
    """Yield the times in which migrations worked on the table in the last 24 hours.

    A migration whose end was not noted may have ended long ago, so only this one's time is known.
    """
    now = site.clock.now()
    since = now - lookups.LOOK_BACK_SECONDS
    for row in list_history(site.ledger, site.table.key.arn):
        ours = row.migration_id == site.migration_id
        end = row.ended_at or (now if ours else 0)
        if end > since:
            yield max(since, row.started_at), end


def _consumers(
    site: Site, description: Mapping[str, Any], questions: Questions
) -> tuple[str, ...] | None:
    """Return the consumers of every change; None if neither kind is known."""
    clients, stream = site.clients, _stream(description)
    functions: tuple[str, ...] | None = ()
    if stream:
        functions = questions.ask(
            "which Lambda functions read the table's stream",
            lambda: lookups.stream_functions(clients.lambda_, stream),
            None,
        )
    streams = questions.ask(
        "whether changes go to Kinesis",
        lambda: lookups.kinesis_streams(clients.dynamodb, site.table.name),
        None,
    )
    if functions is None and streams is None:
        return None
    return (*(functions or ()), *(streams or ()))


def _stream(description: Mapping[str, Any]) -> str:
    is_on = (description.get("StreamSpecification") or {}).get("StreamEnabled", False)
    return str(description.get("LatestStreamArn", "")) if is_on else ""


def _indexes(description: Mapping[str, Any]) -> tuple[IndexFacts, ...]:
    kinds = {"GlobalSecondaryIndexes": False, "LocalSecondaryIndexes": True}
    return (
        *(
            _index(row, is_local=is_local)
            for kind, is_local in kinds.items()
            for row in description.get(kind) or ()
        ),
        *map(_vector_index, description.get("VectorIndexes") or ()),
    )


def _index(row: Mapping[str, Any], *, is_local: bool) -> IndexFacts:
    """Return an index. It also has the table's keys, which no transform changes."""
    return IndexFacts(
        name=row["IndexName"],
        key_names=tuple(element["AttributeName"] for element in row["KeySchema"]),
        projected=_projected(row),
        is_local=is_local,
    )


def _vector_index(row: Mapping[str, Any]) -> IndexFacts:
    """Return a vector index; an older botocore leaves fields out."""
    vector = (row.get("VectorAttribute") or {}).get("AttributeName")
    searched = tuple(element["AttributeName"] for element in row.get("SearchSchema") or ())
    return IndexFacts(
        name=row["IndexName"],
        key_names=(*([vector] if vector else []), *searched),
        projected=_projected(row),
        is_vector=True,
    )


def _projected(row: Mapping[str, Any]) -> tuple[str, ...] | None:
    projection = row.get("Projection") or {}
    is_all = projection.get("ProjectionType", "ALL") == "ALL"
    return None if is_all else tuple(projection.get("NonKeyAttributes") or ())
