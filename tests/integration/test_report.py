"""The report of a migration that really ran, on the emulator."""

import json

import pytest
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.ledger.history import list_history
from airflow_ddb_migrate.aws.preflight.repeat import refuse_repeat
from airflow_ddb_migrate.aws.report.compose import compose, keep
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.report.page import report_markdown
from tests.support.worlds.chain_world import begin, migrated, request


def test_the_report_of_a_real_run(world):
    """Counts, cost and links come from what workers and services really left."""
    table = world.table(60)
    site, _ = migrated(world, table, segments=2)
    tend(site)

    report = compose(site)
    keep(site, report)

    assert ("SUCCEEDED", 60, "Every one of 60 items seen is accounted for.") == (
        report["status"],
        report["counts"]["changed"],
        report["counts_words"],
    )
    assert report["cost"]["measured"]["lambda"] > 0
    assert report["cost"]["measured"]["step_functions"] > 0
    assert ":mapRun:" in report["links"]["map_run_arn"]
    kept = site.clients.s3.get_object(
        Bucket=site.stack.bucket, Key=f"migrations/{site.migration_id}/report.json"
    )
    assert report == json.load(kept["Body"])
    assert f"# Migration {site.migration_id}: SUCCEEDED" in report_markdown(report)


def test_the_history_of_a_real_table(world):
    """What has succeeded is found again by the hash that the Lambda tells, and refused."""
    table = world.table(10)
    first, _ = migrated(world, table, segments=1)
    tend(first)

    (row,) = list_history(first.ledger, first.table.key.arn)
    assert ("SUCCEEDED", 10) == (row.result, row.counts.seen)
    with pytest.raises(InvalidInputError, match=first.migration_id):
        begin(world.site(table, "another"), request(1, once=True))
    refuse_repeat(world.site(table, "another"), request(1, once=True), "another hash")
