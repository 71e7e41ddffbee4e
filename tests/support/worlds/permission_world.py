"""The whole life of a stack on an emulator that decides every request by our own policies.

Who deploys, Airflow, and who only looks have the keys of users with the policies that ``ddb-migrate
policy`` prints, and nothing else; the Lambdas have the roles of the template. Every decision is
written down, with what was being done meanwhile.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.aws.capacity.prewarm import prewarm
from airflow_ddb_migrate.aws.capacity.restore import restore
from airflow_ddb_migrate.aws.clients import AUTOSCALING, Clients
from airflow_ddb_migrate.aws.erasure.forgetting import Forgetting
from airflow_ddb_migrate.aws.execution.steering.pause import pause, resume
from airflow_ddb_migrate.aws.execution.steering.retune import retune
from airflow_ddb_migrate.aws.execution.steering.stop import stop_now
from airflow_ddb_migrate.aws.inspection.reports import compose_dry_run, compose_verify
from airflow_ddb_migrate.aws.ledger.history import dags_that_migrate, newest_of_dags
from airflow_ddb_migrate.aws.ledger.keys import stack_key
from airflow_ddb_migrate.aws.plan.planner import PlanOptions, make_plan
from airflow_ddb_migrate.aws.preflight.backup_gate import ensure_backup
from airflow_ddb_migrate.aws.preflight.engine_proof import check_engine
from airflow_ddb_migrate.aws.report.compose import compose, keep
from airflow_ddb_migrate.aws.report.status import status_of
from airflow_ddb_migrate.aws.report.view import look_at_lane, look_at_quarantine, view_of
from airflow_ddb_migrate.aws.services.stack import Stack
from airflow_ddb_migrate.aws.site import Site, history_of, open_known_site
from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits
from airflow_ddb_migrate.core.errors import DeployError
from airflow_ddb_migrate.core.ledger.notes import ENGINE_PROOF
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.deployment.deploy import Deployment
from airflow_ddb_migrate.deployment.destroy import Removal
from airflow_ddb_migrate.deployment.keeping.bucket_removal import remove_bucket
from airflow_ddb_migrate.deployment.settings.settings import AskedSettings
from airflow_ddb_migrate.local.emulated_aws.emulator import REGION, Emulator
from airflow_ddb_migrate.permissions.policy import Audience
from airflow_ddb_migrate.permissions.rows import Feature
from airflow_ddb_migrate.permissions.scope import made_bucket
from botocore.exceptions import ClientError
from botocore.model import OperationModel
from tests.support.factories import at, put_alarm
from tests.support.policies import ACCOUNT, STACK, Policy, policy_for, role_arn
from tests.support.worlds.chain_world import (
    ChainWorld,
    begin,
    finish,
    migrated,
    request,
    source,
    until,
)

TABLE, ON_DEMAND, ITEMS = "orders", "customers", 60
ALARM = "checkout-latency"
BAD = {"bad": ["item-00007"]}
EMPTY = "Resources: {Topic: {Type: AWS::SNS::Topic}}"
_TARGET = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": f"table/{TABLE}",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}
# What docs/airflow-policy.json once gave to Airflow's connection: all that migrations leave.
FORMER = "former"
_ALL_OBJECTS = {
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject"],
    "Resource": "arn:aws:s3:::*/migrations/*",
}
_KNOWN = ("FunctionRole", "RestoreRole", "StateMachineRole", FORMER, *Audience)


@dataclass(frozen=True, slots=True)
class Decision:
    """One request, as the emulator decided it. ``during`` is the features in use, or "".

    ``prefix`` is that of a listing.
    """

    who: str
    action: str
    resource: str
    allowed: bool
    during: str = ""
    prefix: str = ""


@dataclass(slots=True)
class Life:
    """``root`` may do everything; the others are users with a policy each."""

    emulator: Emulator
    transforms: Path
    asked: list[Decision] = field(default_factory=list)
    world: ChainWorld = field(init=False)
    deployer: Clients = field(init=False)
    viewer: Clients = field(init=False)
    during: str = ""

    @property
    def root(self) -> Clients:
        return self.emulator.clients()

    def run(self) -> list[Decision]:
        """Live through it all; return every decision."""
        self._deployed()
        self._migrations()
        self._destroyed()
        return self._decisions()

    # The steps

    def _deployed(self) -> None:
        self.deployer = self._user(Audience.DEPLOYER, bucket=made_bucket(STACK))
        # Somebody began, and made only the change set.
        self.deployer.cloudformation.create_change_set(
            StackName=STACK, ChangeSetName="ddb-migrate-0", ChangeSetType="CREATE",
            TemplateBody=EMPTY,
        )  # fmt: skip
        self._deploy()
        stack = self._deploy()
        check_engine(self.deployer, stack)
        airflow = self._user(Audience.AIRFLOW, bucket=stack.bucket)
        self.viewer = self._user(Audience.VIEWER, bucket=stack.bucket)
        self._record_scaling(airflow)
        self.world = ChainWorld(airflow, self.emulator.state_dir, stack)

    def _deploy(self) -> Stack:
        return Deployment(
            clients=self.deployer,
            stack_name=STACK,
            tables=[TABLE, f"{TABLE}:prune", ON_DEMAND],
            transforms_dir=self.transforms,
            say=lambda _: None,
            poll_seconds=0.2,
            asked=AskedSettings({"--break-glass-role": [role_arn(Audience.DATA_OFFICER)]}),
        ).deploy()

    def _migrations(self) -> None:
        _make_tables(self.root)
        self.fill()
        with self.using():
            self._plain()
        self._prepared()
        self._modes()
        self._steered()
        self._one_by_one()
        self._forgotten()
        self._rescued()

    def _plain(self) -> None:
        """What every run does, beside being stopped when its task is ended."""
        restore(self.migrate("plain"), by="test")

    def _prepared(self) -> None:
        put_alarm(self.root.cloudwatch, ALARM)
        wanted = request(2, transform="picky", params=BAD, max_quarantined=2, hold_while=[ALARM])
        self.fill()
        with self.using(Feature.PREWARM):
            self._raised(self.site("raised"))
        with self.using(Feature.WARM_THROUGHPUT):
            prewarm(self.site("warm", ON_DEMAND), CapacityUnits(20_000, 8_000), warm=True)
        self.root.autoscaling.register_scalable_target(**_TARGET, MinCapacity=5, MaxCapacity=50)
        site = self.site("first")
        with self.using(Feature.PLAN):
            make_plan(site, wanted, PlanOptions())
        with self.using(Feature.BACKUP):
            ensure_backup(site, "auto")
            ensure_backup(site, "auto")
        with self.using(Feature.AUTO_SCALING):
            self._raised(site)
        with self.using():
            begin(site, wanted)
            assert 1 == finish(site).progress.counts.quarantined
        with self.using(Feature.REPORT):
            assert "" == keep(site, compose(site))
        with self.using(Feature.TAB):
            self._looked_at(self.world.clients, site.migration_id)
        self._looked_at(self.viewer, site.migration_id)

    def _raised(self, site: Site) -> None:
        assert prewarm(site, CapacityUnits(100, 200), warm=False).changes
        assert restore(site, by="test").changes

    def _looked_at(self, clients: Clients, migration_id: str) -> None:
        """All that the tab shows, and what status, report and history show."""
        site = open_known_site(clients, STACK, migration_id)
        assert view_of(site)["migration_id"] == migration_id
        assert 0 == look_at_lane(site, 0)["lane"]
        assert "" == look_at_quarantine(site)["unknown"]
        assert compose(site)
        assert status_of(site, events_shown=5)
        assert history_of(clients, stack_name=STACK, table_name=TABLE)
        dags = dags_that_migrate(site.ledger)
        assert newest_of_dags(site.ledger, dags, limit=5)

    def _modes(self) -> None:
        of = self.site("first").migration_id
        self.fill()
        with self.using(Feature.REPLAY):
            self.migrate("replay", mode=Mode.REPLAY, segments=None, of=of, transform="slow")
        self.fill()
        with self.using(Feature.DRY_RUN):
            dry = self.migrate("dry", mode=Mode.DRY_RUN, transform="prune")
            assert compose_dry_run(dry).examples
        with self.using(Feature.SHOW_VALUES):
            shown = self.migrate("shown", mode=Mode.DRY_RUN, transform="prune", show_values=True)
            found = compose_dry_run(shown)
            assert (True, "") == (bool(found.examples), found.examples_missing)
        with self.using(Feature.CANARY):
            self.migrate("canary", sample_lanes=1)
        of = self.migrate("pruned", transform="prune").migration_id
        assert len(self._items()) < ITEMS
        with self.using(Feature.VERIFY):
            check = self.migrate("check", mode=Mode.VERIFY, segments=None, transform="", of=of)
            assert compose_verify(check)
        self._forged(of)
        with self.using(Feature.UNDO):
            self.migrate("undo", mode=Mode.UNDO, transform="", of=of)
        assert ITEMS == len(self._items())

    def _forged(self, of: str) -> None:
        """Someone with every right on the objects tries to read, rewrite and erase an undo log."""
        document = {"Version": "2012-10-17", "Statement": [_ALL_OBJECTS]}
        s3 = user_clients(self.emulator, FORMER, document).s3
        bucket = replace(self.site("pruned").bucket.of(of), s3=self.root.s3)
        path = next(bucket.paths("undo/"))
        what = {"Bucket": bucket.name, "Key": bucket.key(path)}
        (version,) = self._versions(what)
        for forbidden in (
            lambda: s3.get_object(**what),
            lambda: s3.get_object(**what, VersionId=version),
            lambda: s3.put_object(**what, Body=b"forged"),
            lambda: s3.put_object(Bucket=bucket.name, Key=bucket.key("undo/0/report.json")),
            lambda: s3.delete_object(**what),
        ):
            with pytest.raises(ClientError, match="AccessDenied"):
                forbidden()
        assert [version] == self._versions(what)
        s3.put_object(Bucket=bucket.name, Key=bucket.key("report.json"), Body=b"{}")

    def _versions(self, what: dict[str, str]) -> list[str]:
        page = self.root.s3.list_object_versions(Bucket=what["Bucket"], Prefix=what["Key"])
        return [row["VersionId"] for row in [*page["Versions"], *page.get("DeleteMarkers", ())]]

    def _steered(self) -> None:
        self.fill()
        site = self.site("steered")
        begin(site, request(4, transform="slow", write_units_per_second=10))
        until(site, lambda seen: seen.progress.running > 0)
        self._looked_at(self.viewer, site.migration_id)
        with pytest.raises(DeployError, match="is still needed"):
            self._remove()
        with self.using(Feature.STEERING):
            retune(site, by="ann", max_concurrency=2)
            pause(site, by="ann")
            resume(site, by="ann")
        with self.using():
            stop_now(site, by="ann", reason="its task was ended", patience_seconds=20.0)
            assert Outcome.FAILED is finish(site).verdict.outcome
        self._looked_at(self.viewer, site.migration_id)

    def _one_by_one(self) -> None:
        """Without a proof of its engine a worker writes by single requests."""
        self.root.dynamodb.delete_item(
            TableName=self.world.stack.ledger_table, Key=stack_key(ENGINE_PROOF)
        )
        self.fill()
        of = self.migrate("one-by-one", transform="prune").migration_id
        self.migrate("undo-one-by-one", mode=Mode.UNDO, transform="", of=of)

    def _rescued(self) -> None:
        """Airflow is gone after prewarm, and the safety net brings the capacity back."""
        site = self.site("lost")
        assert prewarm(at(site, 1700000000.0), CapacityUnits(100, 200), warm=False).changes
        site.leases.change(site.table.key, lambda lease: lease and replace(lease, expires_at=1.0))
        answer = self.root.lambda_.invoke(FunctionName=f"{STACK}-restore", Payload=b"{}")
        said = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, said
        assert CapacityUnits(5, 5) == site.fresh_table().snapshot.provisioned[""]

    def _forgotten(self) -> None:
        """Who has data erased, by the break-glass role, has one migration forgotten."""
        site = self.site("pruned")
        said = Forgetting(
            clients=self._assumed(Audience.DATA_OFFICER),
            stack=self.world.stack,
            migration_id=site.migration_id,
            by="ann",
        ).forget()
        assert "Forgot migration" in said
        page = self.root.s3.list_object_versions(
            Bucket=site.bucket.name, Prefix=site.bucket.key("")
        )
        assert [] == [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]

    def _assumed(self, audience: Audience) -> Clients:
        """Make a role with this policy alone; return clients of a session of it."""
        iam, sts = self.root._make("iam"), self.root.sts
        document = policy_for(audience, bucket=self.world.stack.bucket).document
        arn = _make_role(iam, audience, document)
        keys = sts.assume_role(RoleArn=arn, RoleSessionName="ann")["Credentials"]
        session = boto3.Session(
            keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=REGION
        )
        endpoint = self.emulator.endpoint_url
        return Clients(lambda service: session.client(service, endpoint_url=endpoint))

    def _destroyed(self) -> None:
        """The stack is made anew, with what it left, and again without its bucket, and deleted."""
        self._remove(force=True)  # the safety net leaves the warmed table's lease
        self.root.s3.delete_bucket_policy(Bucket=self.world.stack.bucket)
        self.world = replace(self.world, stack=self._deploy())
        self.fill()
        with self.using():
            self.migrate("taken-up")
        remove_bucket(self.root.s3, self.world.stack.bucket)
        self._remove(force=True)
        self._deploy()
        self._remove(force=True, delete_data=True)

    def _remove(self, *, force: bool = False, delete_data: bool = False) -> None:
        Removal(
            clients=self.deployer, stack_name=STACK, say=lambda _: None, poll_seconds=0.2
        ).destroy(force=force, delete_data=delete_data)

    # What they are made of

    @contextmanager
    def using(self, *features: Feature) -> Iterator[None]:
        """What Airflow asks within was for these features, or for what every run does."""
        begun = len(self._rows())
        self.during = ",".join(features) or "every run"
        yield
        rows = self._rows()[begun:]
        mine = (row for row in rows if _name(row["who"]) == Audience.AIRFLOW)
        self.asked += [Decision(**row, during=self.during) for row in mine]
        self.during = ""

    def fill(self) -> None:
        """Bring the table's items back to what they were."""
        for number in range(ITEMS):
            self.root.dynamodb.put_item(TableName=TABLE, Item=source(number))

    def site(self, run: str, table: str = TABLE) -> Site:
        return self.world.site(table, run=run)

    def migrate(self, run: str, **fields: Any) -> Site:
        site, seen = migrated(self.world, TABLE, run, **{"segments": 2, **fields})
        assert Outcome.SUCCEEDED is seen.verdict.outcome, seen.verdict.reason
        return site

    def _items(self) -> list[Any]:
        return list(self.root.dynamodb.scan(TableName=TABLE)["Items"])

    def _user(self, audience: Audience, **place: str) -> Clients:
        """Make a user with this policy alone; return clients with its keys."""
        document = policy_for(audience, tables=(TABLE, ON_DEMAND), **place).document
        return user_clients(self.emulator, audience, document)

    def _rows(self) -> list[dict[str, Any]]:
        lines = (self.emulator.state_dir / "decisions.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def _decisions(self) -> list[Decision]:
        return [*self.asked, *(Decision(**row) for row in self._rows())]

    def _record_scaling(self, clients: Clients) -> None:
        """Auto scaling is another server's, which allows everything: ask the policy ourselves."""
        allowed = policy_for(Audience.AIRFLOW)
        clients.autoscaling.meta.events.register(
            f"before-call.{AUTOSCALING}", self._deciding(allowed)
        )

    def _deciding(self, allowed: Policy) -> Callable[..., None]:
        def before(model: OperationModel, params: dict[str, Any], **_: Any) -> None:
            action = f"{AUTOSCALING}:{model.name}"
            namespace = json.loads(params["body"])["ServiceNamespace"]
            is_allowed = allowed.allows(
                action, "*", application_autoscaling__service_namespace=namespace
            )
            who = f":user/{Audience.AIRFLOW}"
            self.asked.append(Decision(who, action, "*", is_allowed, self.during))

        return before


def _make_role(iam: Any, name: str, document: Mapping[str, Any]) -> str:
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    made = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
    )
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    return str(made["Role"]["Arn"])


def user_clients(emulator: Emulator, name: str, document: dict[str, Any] | None = None) -> Clients:
    """Make a user with this policy, or none; return clients with its keys."""
    iam = emulator.clients()._make("iam")
    iam.create_user(UserName=name)
    if document:
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    keys = iam.create_access_key(UserName=name)["AccessKey"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], region_name=REGION)
    return Clients(lambda service: session.client(service, endpoint_url=emulator.endpoint_url))


def by_name(decisions: list[Decision]) -> dict[str, list[Decision]]:
    """Group decisions by role, by audience, or root."""
    grouped: dict[str, list[Decision]] = {}
    for decision in decisions:
        grouped.setdefault(_name(decision.who), []).append(decision)
    return grouped


def _name(arn: str) -> str:
    return next((name for name in _KNOWN if name in arn), "root")


def _make_tables(root: Clients) -> None:
    """A provisioned table with a stream, and one on demand."""
    known: dict[str, Any] = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    }
    root.dynamodb.create_table(
        TableName=TABLE,
        **known,
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    root.dynamodb.create_table(TableName=ON_DEMAND, **known, BillingMode="PAY_PER_REQUEST")
