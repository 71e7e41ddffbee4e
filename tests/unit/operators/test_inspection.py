"""Dry run, check and canary as tasks: what they start, when they are anew, what fails them."""

import json

import pytest
from airflow.sdk.exceptions import TaskDeferred
from airflow_ddb_migrate import (
    CanaryMigrationOperator,
    DryRunMigrationOperator,
    StartDistributedMapMigrationOperator,
    VerifyMigrationOperator,
)
from airflow_ddb_migrate._compat import AirflowFailException, AirflowSkipException
from airflow_ddb_migrate.aws.execution.parts import latest_part, next_part
from airflow_ddb_migrate.core.ledger.records import Command
from airflow_ddb_migrate.core.mode import Mode
from tests.support.factories import TABLE
from tests.support.worlds.airflow_world import (
    REFUSED,
    finish_lanes,
    make_context,
    run_deferred,
    table_world,
)

LANES = 4
WAITS = {"deferrable": True, "poke_interval": 0, "table_name": TABLE}


@pytest.fixture
def world(monkeypatch):
    with table_world(monkeypatch) as world:
        yield world


@pytest.fixture
def site(world):
    return start().open_site(make_context())


def start(**changes):
    return StartDistributedMapMigrationOperator(
        task_id="start", **{"total_segments": LANES, "wait": True, **WAITS, **changes}
    )


def dry_run(**changes):
    return DryRunMigrationOperator(task_id="dry_run", total_segments=LANES, **{**WAITS, **changes})


def verify(**changes):
    return VerifyMigrationOperator(task_id="verify", **{**WAITS, **changes})


def canary(**changes):
    known = {"canary_lanes": 1, "total_segments": LANES, **WAITS}
    return CanaryMigrationOperator(task_id="canary", **{**known, **changes})


def succeed(world, site, **outcomes):
    """Do what the workers of whatever was started last would."""

    def happens():
        execution = list(world.stepfunctions.executions.values())[-1]
        payload = json.loads(execution["input"])
        finish_lanes(
            site.named(payload["migration_id"]),
            payload["segments"],
            attempt=payload["attempt"],
            **outcomes,
        )
        world.stepfunctions.end_all("SUCCEEDED")

    return happens


def names(world):
    return [arn.rpartition(":")[2] for arn in world.stepfunctions.executions]


# Dry run


def test_a_dry_run_belongs_to_its_migration(world, site):
    """It has a name and a record of its own, and the migration is not begun."""
    result = run_deferred(dry_run(), succeed(world, site, changed=4, unchanged=6))
    record = site.ledger.required_migration(f"{site.migration_id}-dry")
    assert [f"{site.migration_id}-dry-a01"] == names(world)
    assert (Mode.DRY_RUN, site.migration_id) == (record.mode, record.of)
    assert site.ledger.migration(site.migration_id) is None
    assert (16, 24) == (result["counts"]["changed"], result["counts"]["unchanged"])
    assert "16" in result["markdown"]


def test_a_dry_run_looks_at_a_sample(world, site):
    """So many segments only."""
    run_deferred(dry_run(sample_segments=2), succeed(world, site))
    (execution,) = world.stepfunctions.executions.values()
    assert (2, LANES) == (
        len(json.loads(execution["input"])["segments"]),
        json.loads(execution["input"])["lanes"],
    )


def test_a_dry_run_needs_no_lease(world, site):
    """Something else may be working on the table."""
    start(migration_id="another", wait=False).execute(make_context())
    run_deferred(dry_run(), succeed(world, site))
    lease = site.leases.get(site.table.key)
    assert lease.migration_id == "another"


@pytest.mark.parametrize("operator", [dry_run, verify])
def test_what_was_not_asked_for_is_skipped(world, operator):
    """Nothing is looked up, let alone started."""
    with pytest.raises(AirflowSkipException):
        operator(enabled=False).execute(make_context())
    assert {} == world.stepfunctions.executions


@pytest.mark.parametrize(
    ("operator", "field"), [(dry_run, "dry_run"), (verify, "verify"), (canary, "canary_approve")]
)
def test_a_switch_is_one(world, operator, field):
    """A text from a template that was not rendered is refused."""
    wrong = {"always_ask": "no"} if field == "canary_approve" else {"enabled": "no"}
    with pytest.raises(REFUSED, match=f"^{field} is 'no'"):
        operator(**wrong).execute(make_context())


# Verify


@pytest.fixture
def migrated(world, site):
    """A migration that has ended; nothing quarantined."""
    run_deferred(start(), succeed(world, site))
    return site


def test_a_check_that_finds_nothing(world, migrated):
    """It has the migration's transform, parameters and start."""
    result = run_deferred(verify(), succeed(world, migrated, unchanged=10))
    record = migrated.ledger.required_migration(f"{migrated.migration_id}-verify")
    known = migrated.ledger.required_migration(migrated.migration_id)
    assert (Mode.VERIFY, migrated.migration_id) == (record.mode, record.of)
    assert (known.transform, known.params, known.started_at_iso, known.total_segments) == (
        record.transform,
        record.params,
        record.started_at_iso,
        record.total_segments,
    )
    assert 0 == result["would_change"]


@pytest.mark.parametrize(("max_left", "fails"), [(0, True), (3, True), (4, False)])
def test_a_check_that_finds_something(world, migrated, max_left, fails):
    """More than may be left fails the task, without retries."""
    happens = succeed(world, migrated, unchanged=9, changed=1)
    if not fails:
        assert 4 == run_deferred(verify(max_left=max_left), happens)["would_change"]
        return
    words = rf"4 would still change.*{max_left} are allowed"
    with pytest.raises(AirflowFailException, match=words):
        run_deferred(verify(max_left=max_left), happens)


def test_what_is_quarantined_is_known(world, site):
    """Items that the migration could not change are no news to the check."""
    run_deferred(
        start(max_quarantined_percentage=100),
        succeed(world, site, changed=9, quarantined=1),
    )
    result = run_deferred(verify(), succeed(world, site, unchanged=9, changed=1))
    assert 4 == result["would_change"]


def test_a_retried_check_takes_the_look_that_has_succeeded(world, migrated):
    """A try may fail behind its look, and Airflow tries again; nobody cleared the task."""
    first = run_deferred(verify(retries=2), succeed(world, migrated, unchanged=10))
    again = verify(retries=2).execute(make_context(try_number=2, max_tries=2))

    assert first == again
    assert f"{migrated.migration_id}-verify2" == next_part(migrated, "verify").migration_id


def test_a_check_that_was_cleared_after_a_retry_looks_anew(world, migrated):
    """Clearing raises the number of tries that Airflow allows."""
    run_deferred(verify(retries=2), succeed(world, migrated, unchanged=10))

    with pytest.raises(TaskDeferred):
        verify(retries=2).execute(make_context(try_number=3, max_tries=4))

    assert f"{migrated.migration_id}-verify2-a01" in names(world)


def test_a_cleared_check_looks_anew(world, migrated):
    """What was true then need not be true now; one that did not end goes on."""
    run_deferred(verify(), succeed(world, migrated, unchanged=10))
    again = next_part(migrated, "verify")
    assert again.migration_id == f"{migrated.migration_id}-verify2"

    def fails():
        world.stepfunctions.end_all("FAILED")

    with pytest.raises(AirflowFailException, match="unfinished"):
        run_deferred(verify(), fails)
    run_deferred(verify(), succeed(world, migrated, unchanged=10))
    assert [
        f"{migrated.migration_id}-{name}"
        for name in ("a01", "verify-a01", "verify2-a01", "verify2-a02")
    ] == names(world)
    assert again.migration_id == latest_part(migrated, "verify").migration_id


@pytest.mark.parametrize(
    ("status", "command", "words"),
    [
        ("ABORTED", None, "2 of 4 segments are unfinished.*clear the start task"),
        ("RUNNING", None, "2 of 4 segments done.*Clear the waiting task"),
        ("RUNNING", Command.STOP, "Being stopped: enough. Clear the start task"),
    ],
)
def test_what_is_unfinished_is_not_looked_at(world, site, status, command, words):
    """As after a wait that was marked successful: no scan, and how to go on is said at once."""
    start(wait=False).execute(make_context())
    finish_lanes(site, range(2))
    world.stepfunctions.end_all(status)
    if command:
        site.ledger.stop(site.migration_id, attempt=1, reason="enough", now=0)

    with pytest.raises(AirflowFailException, match=f"is not finished, so nothing was .*{words}"):
        verify().execute(make_context())
    assert [f"{site.migration_id}-a01"] == names(world)


def test_a_check_of_nothing(world):
    """A migration that was never started cannot be checked."""
    with pytest.raises(AirflowFailException, match="knows no migration"):
        verify().execute(make_context())


# Canary


def test_a_clean_canary_goes_on_by_itself(world, site):
    """Its segments are an attempt of the migration, and a check of the same segments follows."""
    result = run_deferred(canary(), succeed(world, site), succeed(world, site, unchanged=10))
    first, check = world.stepfunctions.executions.values()
    assert (True, False, 1) == (result["clean"], result["ask"], result["lanes"])
    assert json.loads(first["input"])["segments"] == json.loads(check["input"])["segments"]
    assert [f"{site.migration_id}-a01", f"{site.migration_id}-canary-a01"] == names(world)

    rest = run_deferred(start(), succeed(world, site))
    assert (2, LANES - 1) == (rest["attempt"], rest["lanes"])


@pytest.mark.parametrize(
    ("asked", "migrated", "checked", "clean", "ask"),
    [
        (True, {"changed": 10}, {"unchanged": 10}, True, True),
        (False, {"changed": 9, "quarantined": 1}, {"unchanged": 10}, False, True),
        (False, {"changed": 10}, {"unchanged": 9, "changed": 1}, False, True),
    ],
    ids=["asked for", "quarantine", "something left"],
)
def test_who_says_go(world, site, asked, migrated, checked, clean, ask):
    """A person, where that was asked for and where the canary is not clean."""
    operator = canary(always_ask=asked, max_quarantined_percentage=100)
    result = run_deferred(
        operator, succeed(world, site, **migrated), succeed(world, site, **checked)
    )
    assert (clean, ask) == (result["clean"], result["ask"])


def test_a_canary_that_was_not_asked_for(world):
    """Zero segments skip the task."""
    with pytest.raises(AirflowSkipException):
        canary(canary_lanes=0).execute(make_context())
    assert {} == world.stepfunctions.executions


@pytest.mark.parametrize("wrong", [-1, True, "1", 1.5])
def test_a_number_of_segments(world, wrong):
    """A whole number of at least 0."""
    with pytest.raises(REFUSED, match=r"^canary_lanes is .*whole number"):
        canary(canary_lanes=wrong).execute(make_context())
