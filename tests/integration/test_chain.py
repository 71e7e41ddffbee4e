"""The whole chain below Airflow: a real Distributed Map of real Lambdas on the embedded stack."""

import uuid
from collections.abc import Iterable

import pytest
from airflow_ddb_migrate.aws.execution.steering.stop import stop
from airflow_ddb_migrate.core.errors import LeaseHeldError
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.local import sample
from tests.support.worlds.chain_world import ITEMS, begin, finish, request, source, until


def test_every_item_is_migrated_and_nothing_else_changes(world):
    """After a migration every item has the new attribute and all others exactly as they were."""
    table = world.table(ITEMS)
    site = world.site(table)
    begin(site, request())
    seen = finish(site)
    items = world.items(table)
    assert (Outcome.SUCCEEDED, ITEMS, ITEMS) == (
        seen.verdict.outcome,
        seen.progress.counts.seen,
        seen.progress.counts.changed,
    )
    assert all("updatedAt" in item for item in items.values())
    assert {source(n)["id"]["S"]: source(n) for n in range(ITEMS)} == {
        name: {k: v for k, v in item.items() if k != "updatedAt"} for name, item in items.items()
    }


def test_an_empty_table_is_a_clean_success(world):
    """A table without items ends in success with zero items."""
    site = world.site(world.table(0))
    begin(site, request())
    seen = finish(site)
    assert (Outcome.SUCCEEDED, 0) == (seen.verdict.outcome, seen.progress.counts.seen)


def test_more_segments_than_items(world):
    """Segments without items are finished like any other."""
    site = world.site(world.table(3))
    begin(site, request(segments=25))
    seen = finish(site)
    assert (Outcome.SUCCEEDED, 25, 3) == (
        seen.verdict.outcome,
        seen.progress.done,
        seen.progress.counts.changed,
    )


def test_a_second_start_attaches(world):
    """Starting a migration that runs finds the same execution."""
    site = world.site(world.table(60))
    first = begin(site, request(transform="slow"))
    second = begin(site, request(transform="slow"))
    assert first.execution_arn == second.execution_arn
    assert "Attached" in second.explanation
    finish(site)


def test_a_second_migration_of_the_table_is_refused(world):
    """While one migration of a table runs another one is refused, with the holder's name."""
    table = world.table(60)
    site = world.site(table)
    begin(site, request(transform="slow"))
    with pytest.raises(LeaseHeldError, match=site.migration_id):
        begin(world.site(table, run="other"), request())
    finish(site)


@pytest.mark.story
def test_workers_killed_in_the_middle_lose_nothing(world):
    """Lambdas that are killed are run again from their last checkpoint, and every item is done."""
    table = world.table(ITEMS)
    site = world.site(table)
    begin(site, request(segments=4, transform="slow"))
    until(site, lambda seen: seen.progress.running > 0)
    killed = world.kill_workers()
    seen = finish(site)
    assert killed
    assert (Outcome.SUCCEEDED, ITEMS) == (seen.verdict.outcome, seen.progress.counts.seen)
    assert {True} == {item["done"]["BOOL"] for item in world.items(table).values()}


def test_stop_and_resume(world):
    """A stopped migration goes on in a new attempt with the unfinished segments only."""
    table = world.table(ITEMS)
    site = world.site(table)
    first = begin(site, request(segments=30, transform="slow"))
    until(site, lambda seen: seen.progress.done >= 4)
    stop(site, reason="a test")
    assert Outcome.FAILED is finish(site).verdict.outcome
    second = begin(site, request(segments=30, transform="slow"))
    seen = finish(site)
    assert (1, 30, 2, True) == (first.attempt, first.lanes, second.attempt, second.lanes <= 26)
    assert (Outcome.SUCCEEDED, ITEMS) == (seen.verdict.outcome, seen.progress.counts.seen)


def test_delete_and_skip(world):
    """A transform deletes, skips and changes items by its answers."""
    table = world.table(30)
    site = world.site(table)
    begin(site, request(transform="prune"))
    counts = finish(site).progress.counts
    done = [item for item in world.items(table).values() if "done" in item]
    assert (30, 10, 10, 10) == (counts.seen, counts.deleted, counts.skipped, counts.changed)
    assert (20, 10) == (len(world.items(table)), len(done))


def test_real_flights_under_a_composite_key_and_an_index(world):
    """Two thousand flights get the attribute; key, index and every other attribute stay."""
    dynamodb, table = world.clients.dynamodb, f"flights-{uuid.uuid4().hex[:8]}"
    sample.create_table(dynamodb, table)
    sample.load_sample(dynamodb, 2_000, table)
    site = world.site(table)
    begin(site, request(segments=16))
    seen = finish(site)
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    flights = [item for page in pages for item in page["Items"]]
    stamps = {item.pop("updatedAt")["S"] for item in flights}
    assert (Outcome.SUCCEEDED, 2_000) == (seen.verdict.outcome, seen.progress.counts.changed)
    assert {site.ledger.required_migration(site.migration_id).started_at_iso} == stamps
    assert by_key(sample.items(2_000)) == by_key(flights)


def by_key(flights: Iterable[dict]) -> dict[tuple[str, str], dict]:
    return {(item["carrier_flight"]["S"], item["time_hour_origin"]["S"]): item for item in flights}
