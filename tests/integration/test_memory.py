"""What a worker's process takes at most: a Lambda of 512 MB has to hold it."""

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from airflow_ddb_migrate.aws.preflight.engine_proof import known_proof
from airflow_ddb_migrate.aws.site import Identity, Site, open_site
from airflow_ddb_migrate.core.ledger.lease import acquire
from airflow_ddb_migrate.local.emulated_aws.emulator import Emulator
from tests.integration.conftest import Deployed
from tests.support.factories import migration_record
from tests.support.waiting import HANG_SECONDS

_ROOT = Path(__file__).parents[2]
_LARGE_BYTES = 400_000

# One invocation as Lambda makes it, then what the process took at most, by the kernel's count.
_INVOCATION = """
import json, sys
import transforms
transforms.__path__.append(sys.argv[2])
from airflow_ddb_migrate.core.bindings import bindings_of
from ddb_transform import handler

handler.deployed_bindings = lambda: bindings_of(["*"])

class Context:
    def get_remaining_time_in_millis(self):
        return 900_000

result = handler.handle(json.loads(sys.argv[1]), Context())
status = open("/proc/self/status").read()
peak = int(status.split("VmHWM:")[1].split()[0])
print(json.dumps({"peak_kb": peak, "result": result}))
"""

# It changes what is largest, so that condition, value and log hold it, too.
_TRANSFORM = """
def transform(item, context):
    if not item["pad"].endswith("y"):
        item["pad"] = item["pad"] + "y"
    item["updatedAt"] = context.started_at
    return item
"""


@pytest.mark.parametrize(
    ("items", "pad_bytes", "most_mb"),
    [(60, _LARGE_BYTES, 300), (3_000, 10, 150)],
    ids=["items of 400 KB", "small items"],
)
def test_a_worker_stays_within_its_memory(
    emulator: Emulator,
    deployed_stack: Deployed,
    tmp_path: Path,
    items: int,
    pad_bytes: int,
    most_mb: int,
) -> None:
    """One slice over a whole table that reads and writes every item, by the fast writer."""
    dynamodb = deployed_stack.clients.dynamodb
    table = _fill(dynamodb, items, pad_bytes)
    (tmp_path / "largest.py").write_text(_TRANSFORM)
    said = _invoke(emulator, deployed_stack, tmp_path, _begin(deployed_stack, table))
    assert ("DONE", items) == (said["result"]["status"], said["result"]["counts"]["changed"])
    assert said["peak_kb"] / 1024 < most_mb


def _fill(dynamodb, items: int, pad_bytes: int) -> str:
    table = f"memory-{uuid.uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    rows = [_item(number, pad_bytes) for number in range(items)]
    size = 1 if pad_bytes else 25
    for start in range(0, items, size):
        puts = [{"PutRequest": {"Item": row}} for row in rows[start : start + size]]
        dynamodb.batch_write_item(RequestItems={table: puts})
    return table


def _item(number: int, pad_bytes: int) -> dict:
    item = {"id": {"S": f"item-{number:06d}"}, "updatedAt": {"S": "2001-01-01T00:00:00.000Z"}}
    return {**item, "pad": {"S": "x" * pad_bytes}}


def _begin(deployed: Deployed, table: str) -> dict:
    """Write down a migration by the transform; return the event."""
    site = _site(deployed, table)
    now = time.time()
    record = migration_record(
        migration_id=site.migration_id,
        table_name=table,
        table_arn=site.table.key.arn,
        table_id=site.table.key.table_id,
        transform="largest",
    )
    assert known_proof(site.ledger).fast
    site.ledger.create_migration(record)
    site.ledger.begin_attempt(record.migration_id, 1, now)
    site.leases.change(
        site.table.key,
        lambda lease: acquire(
            lease,
            site.table.key,
            migration_id=record.migration_id,
            now=now,
            holder_is_live=False,
        ),
    )
    return {
        "migration_id": record.migration_id,
        "attempt": 1,
        "table_name": table,
        "total_segments": 1,
        "segment": 0,
        "lanes": 1,
    }


def _site(deployed: Deployed, table: str) -> Site:
    return open_site(
        deployed.clients,
        table_name=table,
        stack_name=deployed.stack.name,
        identity=Identity(dag_id="dag", run_id="memory"),
    )


def _invoke(emulator: Emulator, deployed: Deployed, transforms: Path, event: dict) -> dict:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "COVERAGE_"))}
    environment = {
        **inherited,
        **emulator.environment,
        "LEDGER_TABLE": deployed.stack.ledger_table,
        "BUCKET": deployed.stack.bucket,
        "PYTHONPATH": f"{_ROOT / 'lambda'}:{_ROOT}",
    }
    ran = subprocess.run(
        [sys.executable, "-c", _INVOCATION, json.dumps(event), str(transforms)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=True,
    )
    return json.loads(ran.stdout.splitlines()[-1])
