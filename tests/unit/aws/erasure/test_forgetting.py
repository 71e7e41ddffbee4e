"""What ``ddb-migrate forget`` deletes, what it leaves, and what it refuses."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.erasure.forgetting import Forgetting
from airflow_ddb_migrate.aws.execution.starting.start import start
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.ledger.history import list_history
from airflow_ddb_migrate.aws.ledger.keys import erasure_key
from airflow_ddb_migrate.aws.preflight.repeat import succeeded_before
from airflow_ddb_migrate.aws.preflight.table_lease import take_lease
from airflow_ddb_migrate.core.erasure import ErasureState
from airflow_ddb_migrate.core.errors import AccessDeniedError, LeaseHeldError, NotBegunError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.records import CapacityState, LeaseState
from airflow_ddb_migrate.core.mode import Mode
from moto import mock_aws
from tests.support.factories import LEDGER, MIGRATION
from tests.support.worlds.site_world import SiteWorld, arn_of, start_request

CALLER = "arn:aws:sts::000000000000:assumed-role/data-officer/ann"
PART = f"{MIGRATION}-verify"
UNDO = "orders-undo00000000"
PATHS = (
    "undo/000000/001-00001-000001.jsonl.gz",
    "quarantine/000001/001-00001-000001.jsonl.gz",
    "report.json",
)


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="bucket")
        on = {"Status": "Enabled"}
        client.put_bucket_versioning(Bucket="bucket", VersioningConfiguration=on)
        yield client


@dataclass
class Told:
    """A migration that has ended, with all that one leaves, and another that nobody touches."""

    world: SiteWorld
    s3: Any
    asked: list[str] = field(default_factory=list)

    @property
    def ledger(self) -> Any:
        return self.world.site.ledger

    def migrated(self, name: str, **fields: Any) -> None:
        site = self.world.site_for(name)
        fields = {"total_segments": 2, "params": {"person": "ann"}, **fields}
        start(site, start_request(**fields))
        for lane in range(2):
            self.world.lane(lane, migration_id=name)
        self.world.stepfunctions.end(arn_of(1, name), ExecutionStatus.SUCCEEDED, "", "")
        tend(site)
        for path in PATHS:
            for body in (b"old", b"new"):
                self.s3.put_object(Bucket="bucket", Key=f"migrations/{name}/{path}", Body=body)
        self.s3.delete_object(Bucket="bucket", Key=f"migrations/{name}/{PATHS[1]}")
        self.s3.put_object(Bucket="bucket", Key=f"values/{name}/{PATHS[1]}", Body=b"ann")

    def forget(self, name: str = MIGRATION, s3: Any = None, answer: bool = True) -> str:
        services = {
            "dynamodb": self.world.dynamodb,
            "stepfunctions": self.world.stepfunctions,
            "s3": s3 or self.s3,
            "sts": SimpleNamespace(get_caller_identity=lambda: {"Arn": CALLER}),
        }
        return Forgetting(
            clients=Clients(services.__getitem__),
            stack=self.world.site.stack,
            migration_id=name,
            by="ann",
            confirm=lambda question: self.asked.append(question) or answer,  # type: ignore[func-returns-value]
            clock=self.world.site.clock,
        ).forget()

    def left(self, name: str) -> tuple[set[str], set[str]]:
        """What ledger and bucket have of a migration: sort keys, and versions by key."""
        items = self.world.service.scan(TableName=LEDGER)["Items"]
        mine = (f"migration#{name}", f"migration#{name}#")
        rows = {i["sk"]["S"] for i in items if f"{i['pk']['S']}#".startswith(mine[1])}
        page = self.s3.list_object_versions(Bucket="bucket")
        versions = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        return rows, {v["Key"] for v in versions if f"/{name}/" in v["Key"]}


@pytest.fixture
def told(world: SiteWorld, s3: Any) -> Told:
    found = Told(world, s3)
    found.migrated(MIGRATION)
    return found


def test_all_of_it_is_deleted_and_a_record_is_kept(told: Told) -> None:
    """Rows of ledger, every version of every object; who, when and how much is written down."""
    told.migrated(UNDO, mode=Mode.UNDO, of=MIGRATION, transform="", params={})
    other = told.left(UNDO)
    records = len(told.left(MIGRATION)[0])

    said = told.forget()

    assert ({"forgotten"}, set()) == told.left(MIGRATION)
    assert other == told.left(UNDO)
    kept = told.ledger.erasure(MIGRATION)
    assert (ErasureState.DONE, "ann", CALLER) == (kept.state, kept.by, kept.caller)
    assert (8, records) == (kept.objects, kept.records)
    assert "It can no longer be undone" in said
    assert f"{UNDO} belong to it but are migrations of their own" in said
    assert "neither undone nor continued" in told.asked[0]


def test_its_history_stays_without_parameters_and_once_still_knows_it(told: Told) -> None:
    """Somebody has to be able to say what was done to the table; not with whose data."""
    key = told.world.site.table.key
    asked = {"transform": "add_updated_at", "params": {"person": "ann"}}
    (before,) = list_history(told.ledger, key.arn)
    hashed = {**asked, "transform_hash": before.transform_hash}
    assert succeeded_before(told.ledger, key, **hashed)

    told.forget()

    (row,) = list_history(told.ledger, key.arn)
    assert ("", before.counts, before.started_by) == (row.params, row.counts, row.started_by)
    assert row.forgotten_at
    assert succeeded_before(told.ledger, key, **hashed)
    assert not succeeded_before(told.ledger, key, **{**hashed, "params": {"person": "bob"}})


def test_its_checks_and_dry_runs_go_with_it(told: Told) -> None:
    """They have keys, and examples, of the same items."""
    told.migrated(PART, mode=Mode.VERIFY, of=MIGRATION)

    told.forget()

    assert ({"forgotten"}, set()) == told.left(PART)
    assert {""} == {row.params for row in list_history(told.ledger, told.world.site.table.key.arn)}


def test_it_is_done_once(told: Told) -> None:
    """A repetition says by whom, and deletes nothing."""
    told.forget()
    first = told.ledger.erasure(MIGRATION)

    assert "was already forgotten: ann" in told.forget()
    assert first == told.ledger.erasure(MIGRATION)


@pytest.mark.parametrize("call", ["delete_objects", "delete_item", "update_item"])
@pytest.mark.parametrize("after", [1, 2, 3])
def test_it_goes_on_where_it_was_killed(told: Told, call: str, after: int) -> None:
    """Whatever was deleted by then; nothing of it can be started meanwhile."""
    told.migrated(PART, mode=Mode.VERIFY, of=MIGRATION)
    left = after

    def dies(name: str, _: Any = None) -> None:
        nonlocal left
        left -= name == call
        if name == call and left < 0:
            raise KeyboardInterrupt

    told.world.dynamodb.before = dies
    watched = SimpleNamespace(
        get_paginator=told.s3.get_paginator,
        list_object_versions=told.s3.list_object_versions,
        delete_objects=lambda **arguments: (
            dies("delete_objects"),
            told.s3.delete_objects(**arguments),
        )[1],
    )
    with pytest.raises(KeyboardInterrupt):
        told.forget(s3=watched)
    told.world.dynamodb.before = lambda *_: None
    with pytest.raises(NotBegunError, match="was forgotten"):
        start(told.world.site, start_request())

    told.forget()

    assert ({"forgotten"}, set()) == told.left(MIGRATION) == told.left(PART)
    assert ErasureState.DONE is told.ledger.erasure(MIGRATION).state


def test_nothing_of_it_is_started_again(told: Told) -> None:
    """Neither itself, whose items would all be done again, nor an undo, which has no log."""
    told.forget()

    for name, fields in (
        (MIGRATION, {}),
        ("orders-new000000000", {"mode": Mode.UNDO, "of": MIGRATION, "transform": ""}),
    ):
        with pytest.raises(NotBegunError, match=rf"{MIGRATION} was forgotten: ann .*{CALLER}"):
            start(told.world.site_for(name), start_request(**fields))


def test_an_answer_of_no_deletes_nothing(told: Told) -> None:
    """And leaves no mark that would keep it from being continued."""
    before = told.left(MIGRATION)

    assert "Nothing was deleted." == told.forget(answer=False)
    assert before == told.left(MIGRATION)


def test_one_that_runs_is_refused(world: SiteWorld, s3: Any) -> None:
    """Running, or on hold: its workers need what would be deleted. It is not marked either."""
    told = Told(world, s3)
    world.start()

    with pytest.raises(LeaseHeldError, match=r"is running or paused.*Nothing was deleted.*stop"):
        told.forget()

    assert None is told.ledger.erasure(MIGRATION)
    world.start()


def test_one_whose_undo_runs_is_refused(told: Told) -> None:
    """The undo reads its log."""
    start(
        told.world.site_for(UNDO),
        start_request(mode=Mode.UNDO, of=MIGRATION, transform="", total_segments=2),
    )

    with pytest.raises(LeaseHeldError, match=f"Attempt 1 of migration {UNDO} is running"):
        told.forget()


@pytest.mark.parametrize("state", [CapacityState.RAISED, CapacityState.RESTORING])
@pytest.mark.parametrize("lease", LeaseState)
def test_one_that_owes_capacity_is_refused(told: Told, state: CapacityState, lease: Any) -> None:
    """Whether or not it holds its table: only the ledger knows what the capacity was."""
    site = told.world.site
    site.leases.change(
        site.table.key,
        lambda found: found and replace(found, state=lease, capacity_state=state, expires_at=0.0),
    )

    with pytest.raises(LeaseHeldError, match=rf"is not restored yet \({state}\)"):
        told.forget()


def test_one_that_raised_capacity_and_was_never_started_is_refused(
    world: SiteWorld, s3: Any
) -> None:
    """It is in no history yet."""
    told, site = Told(world, s3), world.site
    told.ledger.note(MIGRATION, "plan", "{}")
    take_lease(site)
    site.leases.change(
        site.table.key, lambda found: found and replace(found, capacity_state=CapacityState.RAISED)
    )

    with pytest.raises(LeaseHeldError, match="is not restored yet"):
        told.forget()


def test_one_that_holds_its_table_is_refused_until_the_lease_runs_out(told: Told) -> None:
    """As after a prewarm, before its start."""
    site, now = told.world.site, told.world.clock()
    site.leases.change(
        site.table.key,
        lambda found: found and replace(found, state=LeaseState.HELD, expires_at=now + 60),
    )
    with pytest.raises(LeaseHeldError, match="expires in 60 seconds"):
        told.forget()

    told.world.clock.advance(61)

    assert "Forgot migration" in told.forget()


def test_without_the_break_glass_role_nothing_is_deleted(told: Told) -> None:
    """The bucket's policy refuses; that is found out before anything else."""
    before = told.left(MIGRATION)

    def denied(**arguments: Any) -> Any:
        rows = arguments["Delete"]["Objects"]
        return {"Errors": [{**row, "Code": "AccessDenied"} for row in rows]}

    watched = SimpleNamespace(
        delete_objects=denied, list_object_versions=told.s3.list_object_versions
    )

    with pytest.raises(AccessDeniedError, match=r"--break-glass-role ARN.*--for data-officer"):
        told.forget(s3=watched)
    assert before == told.left(MIGRATION)


def test_what_nobody_has_heard_of_is_no_migration(told: Told) -> None:
    """Nor is a name that another one begins with."""
    with pytest.raises(NotBegunError, match="knows no migration orders-012345678"):
        told.forget("orders-012345678")
    assert told.left(MIGRATION)[1]


def test_what_was_only_planned_can_be_forgotten(world: SiteWorld, s3: Any) -> None:
    """A plan, and what a dry run left: it has no row in the history."""
    told = Told(world, s3)
    told.ledger.note(MIGRATION, "plan", "{}")

    assert "Forgot migration" in told.forget()
    assert ({"forgotten"}, set()) == told.left(MIGRATION)


def test_whoever_starts_it_and_whoever_forgets_it_see_each_other(told: Told) -> None:
    """In the same moment: one holds the table, the other has left a mark, and nothing runs."""

    def marked(name: str, arguments: Any) -> None:
        if name == "put_item" and arguments["Item"]["sk"]["S"].startswith("attempt#"):
            told.world.dynamodb.before = lambda *_: None
            with pytest.raises(LeaseHeldError):
                told.forget("orders-racing000000")
            told.ledger.put({**erasure_key("orders-racing000000"), "state": {"S": "ASKED"}})

    told.world.dynamodb.before = marked
    with pytest.raises(NotBegunError, match="was forgotten"):
        start(told.world.site_for("orders-racing000000"), start_request())
    assert arn_of(1, "orders-racing000000") not in told.world.stepfunctions.executions
