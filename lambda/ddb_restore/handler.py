"""The safety net's entry point, invoked by a scheduled rule or by hand."""

import functools
import json
import os
import uuid
from typing import Any

import boto3
from botocore.config import Config

from airflow_ddb_migrate.aws.capacity.net_metrics import NetMetrics, is_any_taken
from airflow_ddb_migrate.aws.capacity.safety_net import SafetyNet, raise_failures
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.erasure.expiry import Expiry
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.ledger.records import LeaseRecord
from airflow_ddb_migrate.core.limits import SLICE_MARGIN_SECONDS
from airflow_ddb_migrate.core.metrics.catalog import Detail

# Explicit, since botocore's defaults differ by version.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 6}, connect_timeout=5, read_timeout=30
)


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001  # it has no input
    """Restore owed capacity that no task restores; log a JSON line for each lease that owes some.

    Then send metrics of what is still owed and of stalled migrations, and let the records of
    migrations that are over for good expire.

    :raises RestoreError: some capacity could not be restored. All was tried; the next run retries.
    """
    clients, ledger_table = _clients(), os.environ["LEDGER_TABLE"]
    net = SafetyNet(
        clients=clients,
        ledger_table=ledger_table,
        by=f"safety net {uuid.uuid4().hex}",  # not the request id: a redelivered event repeats that
        seconds=context.get_remaining_time_in_millis() / 1000 - SLICE_MARGIN_SECONDS,
    )
    leases, findings = net.leases(), []
    for finding in net.settle(leases):
        print(finding.to_json())  # noqa: T201  # Lambda's log; names and figures of capacity only
        findings.append(finding)
    try:
        if _tells_metrics(leases):
            print(NetMetrics(clients=clients, ledger_table=ledger_table).line(leases))  # noqa: T201
        _expire(context)
    finally:
        raise_failures(findings)
    return {"findings": [json.loads(finding.to_json()) for finding in findings]}


def _expire(context: Any) -> None:
    """Let records expire in the time left. Capacity comes first: the next run tries again."""
    seconds = context.get_remaining_time_in_millis() / 1000 - SLICE_MARGIN_SECONDS
    expiry = Expiry(
        clients=_clients(),
        ledger_table=os.environ["LEDGER_TABLE"],
        days=int(os.environ.get("RETENTION_DAYS", "0")),
        seconds=seconds,
    )
    try:
        if marked := expiry.mark():
            print(json.dumps({"expire": marked}))  # noqa: T201
    except MigrationError as exc:
        print(json.dumps({"expire": 0, "why": str(exc)}))  # noqa: T201


def _tells_metrics(leases: list[LeaseRecord]) -> bool:
    """Return whether to send metrics: always for alarms, which need them to go back to OK.

    Metrics cost money. Without alarms they are sent only while a migration holds a table or owes
    capacity.
    """
    if os.environ.get("METRICS", Detail.OFF) == Detail.OFF:
        return False
    return os.environ.get("ALARMS") == "on" or is_any_taken(leases)


@functools.cache
def _clients() -> Clients:
    return Clients(functools.partial(boto3.client, config=_CONFIG))
