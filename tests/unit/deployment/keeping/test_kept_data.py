"""Ledger and bucket outlive the stack: who finds them again, and what deletes them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.ledger import history
from airflow_ddb_migrate.aws.ledger.keys import history_key
from airflow_ddb_migrate.aws.ledger.leases import Leases
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.services.stack_identity import TAG
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import AccessDeniedError, DeployError
from airflow_ddb_migrate.core.ledger.records import CapacityState
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.deployment.destroy import Removal
from airflow_ddb_migrate.deployment.keeping.kept_data import (
    BUCKET_TAG,
    KeptData,
    find_kept,
    missing_of,
    note_bucket,
)
from moto import mock_aws
from tests.support import factories
from tests.support.engines.fakes import FakeStepFunctions
from tests.support.factories import client_error

STACK, LEDGER, BUCKET = "ddb-migrate", "ddb-migrate-ledger", "bucket"
DATA = KeptData(LEDGER, BUCKET)


@dataclass
class FakeStack:
    """A CloudFormation with one stack, or none; deleting it leaves ledger and bucket."""

    is_there: bool = True
    keeps: bool = True
    status: str = "CREATE_COMPLETE"
    outputs: dict[str, str] = field(
        default_factory=lambda: {"LedgerTable": LEDGER, "Bucket": BUCKET}
    )
    refusal: Exception | None = None
    meta: Any = field(default_factory=lambda: SimpleNamespace(region_name=factories.REGION))

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        if not self.is_there:
            raise client_error("ValidationError", message="Stack does not exist")
        return {
            "Stacks": [
                {
                    "StackName": STACK,
                    "StackStatus": self.status,
                    "Tags": [{"Key": TAG, "Value": STACK}],
                    "Parameters": [
                        {"ParameterKey": name, "ParameterValue": ""}
                        for name in (("KeptLedger", "KeptBucket") if self.keeps else ())
                    ],
                    "Outputs": [
                        {"OutputKey": k, "OutputValue": v} for k, v in self.outputs.items()
                    ],
                }
            ]
        }

    def get_template(self, **_: Any) -> dict[str, Any]:
        return {"TemplateBody": {"Metadata": {"AirflowDdbMigrate": {}}}}

    def describe_stack_events(self, **_: Any) -> dict[str, Any]:
        return {"StackEvents": []}

    def delete_stack(self, **_: Any) -> None:
        if self.refusal:
            raise self.refusal
        self.is_there = False


@dataclass
class World:
    """A stack with ledger and bucket, all of which a test may take away."""

    stack: FakeStack
    dynamodb: Any
    s3: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    answer: bool = True

    @property
    def clients(self) -> Clients:
        known = {"cloudformation": self.stack, "dynamodb": self.dynamodb, "s3": self.s3}
        known["stepfunctions"] = FakeStepFunctions()
        return Clients(known.__getitem__)

    def destroy(self, **options: bool) -> bool:
        return Removal(
            clients=self.clients,
            stack_name=STACK,
            say=self.said.append,
            confirm=lambda question: self.asked.append(question) or self.answer,  # type: ignore[func-returns-value]
            clock=Clock(now=lambda: factories.NOW, sleep=lambda _: None),
        ).destroy(**options)

    @property
    def left(self) -> tuple[bool, bool, bool]:
        """Whether stack, ledger and bucket are there."""
        tables = self.dynamodb.list_tables()["TableNames"]
        buckets = [row["Name"] for row in self.s3.list_buckets()["Buckets"]]
        return self.stack.is_there, LEDGER in tables, BUCKET in buckets


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name=factories.REGION)
        factories.ledger_table(dynamodb, LEDGER)
        s3 = boto3.client("s3", region_name=factories.REGION)
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="code/1.zip", Body=b"")
        made = World(FakeStack(), dynamodb, s3)
        tag(made, {TAG: STACK, BUCKET_TAG: BUCKET})
        yield made


def tag(world: World, tags: dict[str, str]) -> None:
    arn = world.dynamodb.describe_table(TableName=LEDGER)["Table"]["TableArn"]
    known = world.dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]
    world.dynamodb.untag_resource(ResourceArn=arn, TagKeys=[row["Key"] for row in known])
    rows = [{"Key": key, "Value": value} for key, value in tags.items()]
    world.dynamodb.tag_resource(ResourceArn=arn, Tags=rows)


def test_a_ledger_is_found_by_its_tag_and_names_its_bucket(world: World) -> None:
    assert DATA == find_kept(world.clients, STACK)
    assert KeptData() == find_kept(world.clients, "other")


@pytest.mark.parametrize("tags", [{"a": "b"}, {TAG: "another"}], ids=["none", "another's"])
def test_a_table_of_the_ledger_s_name_alone_is_not_taken(
    world: World, tags: dict[str, str]
) -> None:
    """It is somebody's, and would be given to the Lambda as its ledger, or deleted."""
    tag(world, tags)
    world.stack.is_there = False

    for act in (lambda: find_kept(world.clients, STACK), lambda: world.destroy(delete_data=True)):
        with pytest.raises(DeployError, match=f"lacks the tag {TAG}={STACK}.*Use another --stack"):
            act()

    assert (False, True, True) == world.left


def test_a_bucket_that_is_gone_is_not_taken_up_again(world: World) -> None:
    """A new one is made then, and the ledger names that."""
    world.s3.delete_object(Bucket=BUCKET, Key="code/1.zip")
    world.s3.delete_bucket(Bucket=BUCKET)

    assert KeptData(LEDGER) == find_kept(world.clients, STACK)
    assert f"bucket {BUCKET}" == missing_of(world.clients, DATA)
    world.s3.create_bucket(Bucket="new")
    note_bucket(world.dynamodb, KeptData(LEDGER, "new"))
    assert KeptData(LEDGER, "new") == find_kept(world.clients, STACK)


def test_destroy_keeps_ledger_and_bucket_and_says_so(world: World) -> None:
    """Twice in a row, and how to delete them."""
    assert [True, False] == [world.destroy(), world.destroy()]

    assert (False, True, True) == world.left
    later = (
        f"The next deploy --stack-name {STACK} uses them again. To delete them: ddb-migrate "
        f"destroy --stack-name {STACK} --delete-data"
    )
    assert [
        f"Kept: ledger {LEDGER} and bucket {BUCKET}. {later}",
        f"Stack {STACK} does not exist; kept are ledger {LEDGER} and bucket {BUCKET}. {later}",
    ] == world.said
    assert [f"Delete stack {STACK}? Kept: ledger {LEDGER} and bucket {BUCKET}."] == world.asked


def test_what_destroy_keeps_is_what_is_still_there(world: World) -> None:
    """And the next deploy needs the user's transforms."""
    world.stack.outputs["Transforms"] = "add_updated_at,mine,other"
    world.s3.delete_object(Bucket=BUCKET, Key="code/1.zip")
    world.s3.delete_bucket(Bucket=BUCKET)

    assert world.destroy()

    kept, own = world.said
    assert kept.startswith(f"Kept: ledger {LEDGER}. The next deploy")
    assert "Give that deploy your transforms: mine, other (--transforms DIR)." == own


@pytest.mark.parametrize("is_there", [True, False], ids=["with the stack", "kept before"])
def test_destroy_with_the_data_leaves_nothing(world: World, is_there: bool) -> None:
    """Also what was kept when the stack was deleted; a second time there is nothing to do."""
    world.stack.is_there = is_there

    assert [True, False] == [world.destroy(delete_data=True) for _ in range(2)]

    assert (False, False, False) == world.left
    assert f"Stack {STACK} does not exist: nothing to do." == world.said[-1]
    assert f"Deleted bucket {BUCKET} (1 objects and versions)." in world.said


def test_the_migrations_that_lose_their_undo_are_named_before_it_is_asked(world: World) -> None:
    """Those that changed something and whose undo log is there: id, table, when, items."""
    migrated(world, "orders-1", changed=1_200, deleted=34)
    migrated(world, "orders-2", changed=0)
    migrated(world, "orders-3", changed=5)
    for name in ("orders-1", "orders-2"):  # that of the third has expired
        world.s3.put_object(Bucket=BUCKET, Key=f"migrations/{name}/undo/000000/1.gz", Body=b"")
    world.answer = False

    assert not world.destroy(delete_data=True)

    assert (True, True, True) == world.left
    first, row, last = world.said
    assert "These migrations can no longer be undone:" == first
    assert row.startswith("  orders-1 of table orders, ")
    assert row.endswith(", 1,234 items changed")
    assert "Nothing was deleted." == last
    assert [f"Delete stack {STACK} with ledger {LEDGER} and bucket {BUCKET}?"] == world.asked


def migrated(world: World, migration_id: str, *, changed: int, **fields: Any) -> None:
    """Put a migration into the ledger's history."""
    ledger = Ledger(world.dynamodb, LEDGER)
    known = {"migration_id": migration_id, "started_at": factories.NOW, "mode": Mode.MIGRATE}
    deleted = fields.pop("deleted", 0)
    record = factories.migration_record(**{**known, **fields})
    history.begin(ledger, record, "hash")
    counts = {"seen": changed + deleted, "changed": changed, "deleted": deleted}
    ledger.update(history_key(record), {"counts": counts})


@pytest.mark.parametrize("force", [False, True])
def test_a_ledger_that_is_protected_keeps_everything(world: World, force: bool) -> None:
    """Stack and bucket, too; without the data the stack can go."""
    world.dynamodb.update_table(TableName=LEDGER, DeletionProtectionEnabled=True)

    with pytest.raises(DeployError, match="--no-deletion-protection-enabled --table-name ddb-mi"):
        world.destroy(delete_data=True, force=force)

    assert (True, True, True) == world.left
    assert world.destroy()


def test_who_may_not_delete_objects_deletes_nothing(world: World) -> None:
    """It is found out before the stack is deleted."""
    s3 = world.s3

    def delete_objects(*, Delete: Any, **_: Any) -> dict[str, Any]:  # noqa: N803
        return {"Errors": [{**row, "Code": "AccessDenied"} for row in Delete["Objects"]]}

    world.s3 = SimpleNamespace(delete_objects=delete_objects)
    with pytest.raises(AccessDeniedError, match="Allow s3:DeleteObject"):
        world.destroy(delete_data=True)

    world.s3 = s3
    assert (True, True, True) == world.left


def test_who_may_not_delete_the_stack_deletes_nothing(world: World) -> None:
    """The data goes after the stack."""
    world.stack.refusal = client_error("AccessDenied", "DeleteStack")

    with pytest.raises(AccessDeniedError, match="cloudformation:DeleteStack"):
        world.destroy(delete_data=True)

    assert (True, True, True) == world.left
    assert 1 == world.s3.list_objects_v2(Bucket=BUCKET)["KeyCount"]


def test_owed_capacity_is_not_forgotten_with_the_data_that_was_kept(world: World) -> None:
    """The ledger is the one memory of it, with the stack or without."""
    leases = Leases(Ledger(world.dynamodb, LEDGER))
    owed = factories.lease(capacity_state=CapacityState.RAISED)
    leases.change(factories.TABLE_KEY, lambda _: owed)
    world.stack.is_there = False

    with pytest.raises(DeployError, match="Capacity of table orders was raised"):
        world.destroy(delete_data=True)

    assert world.left[1]


def test_a_stack_whose_template_deletes_the_ledger_is_not_deleted_without_a_word(
    world: World,
) -> None:
    """An older version deployed it. With the data, its bucket has to be empty before."""
    world.stack.keeps = False
    # As _is_former recognises one, by its outputs.
    with pytest.raises(DeployError, match=r"deletes the ledger.*Deploy with this version first"):
        world.destroy()
    assert (True, True, True) == world.left

    emptied: list[int] = []
    delete_stack = world.stack.delete_stack

    def deleted() -> None:
        emptied.append(world.s3.list_objects_v2(Bucket=BUCKET)["KeyCount"])
        delete_stack()

    world.stack.delete_stack = lambda **_: deleted()  # type: ignore[method-assign]
    assert world.destroy(delete_data=True)
    assert ([0], (False, False, False)) == (emptied, world.left)


def test_the_bucket_of_a_half_made_stack_goes_with_it(world: World) -> None:
    """No migration was possible without a ledger, and no ledger would name the bucket."""
    world.stack.outputs = {"Bucket": BUCKET}
    world.dynamodb.delete_table(TableName=LEDGER)

    assert world.destroy()

    assert (False, False, False) == world.left


def test_a_stack_whose_parts_are_gone_can_be_destroyed(world: World) -> None:
    """By hand; with and without the data."""
    world.dynamodb.delete_table(TableName=LEDGER)
    world.s3.delete_object(Bucket=BUCKET, Key="code/1.zip")
    world.s3.delete_bucket(Bucket=BUCKET)

    assert world.destroy(delete_data=True)

    assert (False, False, False) == world.left


def test_an_interrupted_deletion_goes_on(world: World) -> None:
    """The stack is gone, and the bucket: the ledger is found by its tag."""
    world.stack.is_there = False
    world.s3.delete_object(Bucket=BUCKET, Key="code/1.zip")
    world.s3.delete_bucket(Bucket=BUCKET)

    assert world.destroy(delete_data=True)

    assert (False, False, False) == world.left


def test_a_new_ledger_is_named_in_words() -> None:
    assert ("ledger a", "bucket b") == (
        str(KeptData("a")),
        str(replace(DATA, ledger="", bucket="b")),
    )
