"""The deployed safety net on the embedded stack: rule, permission, and the Lambda itself."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.capacity.prewarm import prewarm
from airflow_ddb_migrate.aws.site import Identity, Site, open_site
from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits
from airflow_ddb_migrate.core.ledger.notes import SAFETY_NET
from airflow_ddb_migrate.core.ledger.records import CapacityState, LeaseRecord, LeaseState
from tests.integration.conftest import Deployed
from tests.support.factories import at

NAME = "ddb-migrate-restore"
SETTINGS = {
    "BillingMode": "PROVISIONED",
    "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 4},
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("id", "origin")
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_origin",
            "KeySchema": [{"AttributeName": "origin", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
            "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 2},
        }
    ],
}
BEFORE = {"": CapacityUnits(5, 4), "by_origin": CapacityUnits(3, 2)}
WANTED = CapacityUnits(1_000, 500)
RAISED = {"": WANTED, "by_origin": CapacityUnits(3, 500)}  # nobody reads the index


@pytest.fixture
def site(deployed_stack: Deployed, make_table: Callable[..., str]) -> Site:
    """A table with an index, raised by a migration that was never started."""
    site = open_site(
        deployed_stack.clients,
        table_name=make_table(**SETTINGS),
        stack_name=deployed_stack.stack.name,
        identity=Identity(dag_id="dag", run_id="run"),
    )
    prewarm(at(site, 1700000000.0), WANTED, warm=False)
    return site


def set_expiry(site: Site, expires_at: float) -> None:
    def edited(lease: LeaseRecord | None) -> LeaseRecord:
        assert lease is not None
        return replace(lease, expires_at=expires_at)

    site.leases.change(site.table.key, edited)


def invoke(site: Site) -> dict[str, dict[str, Any]]:
    """Call the deployed Lambda as a person would; return what it found, by table."""
    answer = site.clients.lambda_.invoke(FunctionName=NAME, Payload=b"{}")
    said = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, said
    return {finding["table"]: finding for finding in said["findings"]}


def test_what_a_lost_migration_raised_is_brought_back(site: Site) -> None:
    """Table and index; the ledger says who it was."""
    set_expiry(site, 1_700_000_000.0)
    assert RAISED == site.fresh_table().snapshot.provisioned

    finding = invoke(site)[site.table.name]

    assert BEFORE == site.fresh_table().snapshot.provisioned
    assert ("RESTORED", site.migration_id) == (finding["fate"], finding["migration_id"])
    note = json.loads(site.ledger.read_note(site.migration_id, SAFETY_NET))
    assert note["by"].startswith("safety net ")
    assert finding["restored"] == note["restored"]
    lease = site.leases.get(site.table.key)
    assert lease is not None
    assert (CapacityState.RESTORED, LeaseState.FREE) == (lease.capacity_state, lease.state)
    assert site.table.name not in invoke(site)


def test_what_somebody_still_tends_is_left_alone(site: Site) -> None:
    """Its lease is fresh, on the real clock."""
    set_expiry(site, 4_000_000_000.0)

    assert "SKIPPED" == invoke(site)[site.table.name]["fate"]
    assert RAISED == site.fresh_table().snapshot.provisioned


def test_a_rule_with_the_permission_calls_it(deployed_stack: Deployed) -> None:
    """Every 15 minutes, the function that was deployed."""
    events = deployed_stack.clients._make("events")
    lambda_ = deployed_stack.clients.lambda_

    rule = events.describe_rule(Name=NAME)
    (target,) = events.list_targets_by_rule(Rule=NAME)["Targets"]
    function = lambda_.get_function(FunctionName=NAME)["Configuration"]
    (allowed,) = json.loads(lambda_.get_policy(FunctionName=NAME)["Policy"])["Statement"]

    assert ("rate(15 minutes)", "ENABLED") == (rule["ScheduleExpression"], rule["State"])
    assert function["FunctionArn"] == target["Arn"]
    assert {"Service": "events.amazonaws.com"} == allowed["Principal"]
    assert rule["Arn"] in json.dumps(allowed["Condition"])
