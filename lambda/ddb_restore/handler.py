"""The safety net's entry: a scheduled rule calls it, or a person by hand."""

import functools
import json
import os
import uuid
from typing import Any

import boto3
from botocore.config import Config

from airflow_ddb_migrate.aws.capacity.safety_net import SafetyNet, raise_failures
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.core.limits import SLICE_MARGIN_SECONDS

# Explicit, since botocore's defaults changed between versions.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 6}, connect_timeout=5, read_timeout=30
)


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001  # none is needed
    """Restore what is owed and nobody restores; log a JSON line for each lease that owes.

    :raises RestoreError: some could not be restored. All were tried, and the next run does again.
    """
    net = SafetyNet(
        clients=_clients(),
        ledger_table=os.environ["LEDGER_TABLE"],
        by=f"safety net {uuid.uuid4().hex}",  # not the request id: a redelivered event repeats that
        seconds=context.get_remaining_time_in_millis() / 1000 - SLICE_MARGIN_SECONDS,
    )
    findings = []
    for finding in net.sweep():
        print(finding.to_json())  # noqa: T201  # Lambda's log; names and figures of capacity only
        findings.append(finding)
    raise_failures(findings)
    return {"findings": [json.loads(finding.to_json()) for finding in findings]}


@functools.cache
def _clients() -> Clients:
    return Clients(functools.partial(boto3.client, config=_CONFIG))
