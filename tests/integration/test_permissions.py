"""Whole migrations on an emulator that decides every request by our own policies.

Airflow's side has the keys of a user with ``docs/airflow-policy.json`` and nothing else; the
Lambdas have the roles of the template, which name one table. Every decision is written down.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.aws.capacity.prewarm import prewarm
from airflow_ddb_migrate.aws.capacity.restore import restore
from airflow_ddb_migrate.aws.clients import AUTOSCALING, Clients
from airflow_ddb_migrate.aws.execution import steering
from airflow_ddb_migrate.aws.execution.steering import stop_now
from airflow_ddb_migrate.aws.ledger.keys import stack_key
from airflow_ddb_migrate.aws.ledger.scans import all_history
from airflow_ddb_migrate.aws.plan.planner import PlanOptions, make_plan
from airflow_ddb_migrate.aws.preflight.backup_gate import ensure_backup
from airflow_ddb_migrate.aws.report.compose import compose, keep
from airflow_ddb_migrate.aws.report.view import look_at_lane, look_at_quarantine, view_of
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits
from airflow_ddb_migrate.core.errors import AccessDeniedError
from airflow_ddb_migrate.core.ledger.notes import ENGINE_PROOF
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.deployment.deploy import Deployment
from airflow_ddb_migrate.local.emulated_aws import emulator as emulators
from airflow_ddb_migrate.local.emulated_aws.emulator import REGION, Emulator
from botocore.model import OperationModel
from tests.support.factories import at
from tests.support.policies import STACK, Policy, airflow_document, role_policy, table_arn
from tests.support.worlds.chain_world import (
    PICKY,
    PRUNE,
    SLOW,
    ChainWorld,
    begin,
    finish,
    migrated,
    request,
    source,
    until,
)

TABLE, ITEMS = "orders", 60
USER = "airflow"
BAD = {"bad": ["item-00007"]}
# Written by Lambda itself, of which the emulator asks nobody.
_UNASKED = {"lambda:GetAccountSettings"}  # the emulator has no permission for it
_TARGET = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": f"table/{TABLE}",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}
_LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}


@dataclass(frozen=True, slots=True)
class Decision:
    """One request, as the emulator decided it."""

    who: str
    action: str
    resource: str
    allowed: bool


@dataclass(slots=True)
class Chain:
    """What a scenario needs; ``root`` may do everything, ``world`` is Airflow's side."""

    root: Clients
    world: ChainWorld

    def fill(self) -> None:
        """Bring the table's items back to what they were."""
        for number in range(ITEMS):
            self.root.dynamodb.put_item(TableName=TABLE, Item=source(number))

    def site(self, run: str) -> Site:
        return self.world.site(TABLE, run=run)

    def migrate(self, run: str, **fields: Any) -> Site:
        site, seen = migrated(self.world, TABLE, run, **{"segments": 2, **fields})
        assert Outcome.SUCCEEDED is seen.verdict.outcome, seen.verdict.reason
        return site


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    folder = tmp_path_factory.mktemp("permissions")
    with pytest.MonkeyPatch.context() as patch:
        root = Path(__file__).parents[2]
        patch.setenv("DECISIONS", str(folder / "decisions.jsonl"))
        patch.setenv("PYTHONPATH", f"{root}:{root / 'lambda'}")
        launch = emulators.launch
        patch.setattr(
            emulators, "launch", lambda command, **more: launch(_authorizing(command), **more)
        )
        with emulators.start_emulator(folder) as running:
            yield running


@pytest.fixture(scope="module")
def decisions(
    emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Decision]]:
    """Every decision over a request of a whole life, by who asked."""
    transforms = tmp_path_factory.mktemp("transforms")
    for name, text in {"slow": SLOW, "picky": PICKY, "prune": PRUNE}.items():
        (transforms / f"{name}.py").write_text(text)
    chain = _deployed(emulator, transforms)
    asked: list[Decision] = []
    _record_scaling(chain.world.clients, asked)
    _live(chain)
    file = emulator.state_dir / "decisions.jsonl"
    asked += [Decision(**json.loads(line)) for line in file.read_text().splitlines()]
    by_name: dict[str, list[Decision]] = {}
    for decision in asked:
        by_name.setdefault(_name(decision.who), []).append(decision)
    return by_name


def _authorizing(command: list[str]) -> list[str]:
    return [*command[:-1], "tests.integration.auth_launcher"]


def _deployed(emulator: Emulator, transforms: Path) -> Chain:
    root = emulator.clients()
    stack = Deployment(
        clients=root,
        stack_name=STACK,
        tables=[TABLE],
        transforms_dir=transforms,
        say=lambda _: None,
        poll_seconds=0.2,
    ).deploy()
    document = airflow_document(
        Partition="aws",
        Region=REGION,
        Account=stack.state_machine_arn.split(":")[4],
        Stack=STACK,
        Table=TABLE,
        Bucket=stack.bucket,
    )
    clients = _user_clients(emulator, root, document)
    _make_table(root)
    return Chain(root, ChainWorld(clients, emulator.state_dir, stack))


def _user_clients(emulator: Emulator, root: Clients, document: dict[str, Any]) -> Clients:
    """Make a user with this policy alone; return clients with its keys."""
    iam = root._make("iam")
    iam.create_user(UserName=USER)
    iam.put_user_policy(UserName=USER, PolicyName="p", PolicyDocument=json.dumps(document))
    keys = iam.create_access_key(UserName=USER)["AccessKey"]
    session = boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        region_name=REGION,
    )

    return Clients(lambda service: session.client(service, endpoint_url=emulator.endpoint_url))


def _make_table(root: Clients) -> None:
    """A provisioned table with a stream, and auto scaling of its writes."""
    root.dynamodb.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    root.autoscaling.register_scalable_target(**_TARGET, MinCapacity=5, MaxCapacity=50)


def _record_scaling(clients: Clients, asked: list[Decision]) -> None:
    """Auto scaling is another server's, which allows everything: ask the policy ourselves."""
    policy = Policy(airflow_document(**dict.fromkeys(_PLACEHOLDERS, "x")))

    def before(model: OperationModel, params: dict[str, Any], **_: Any) -> None:
        action = f"{AUTOSCALING}:{model.name}"
        namespace = json.loads(params["body"])["ServiceNamespace"]
        allowed = policy.allows(action, "*", application_autoscaling__service_namespace=namespace)
        asked.append(Decision(f":user/{USER}", action, "*", allowed))

    clients.autoscaling.meta.events.register(f"before-call.{AUTOSCALING}", before)


_PLACEHOLDERS = ("Partition", "Region", "Account", "Stack", "Table", "Bucket")


def _live(chain: Chain) -> None:
    """All that people do with a table: plan, migrate, look, steer, undo, restore."""
    chain.fill()
    _planned_and_raised(chain)
    _modes(chain)
    _steered(chain)
    _one_by_one(chain)
    _rescued(chain)
    all_history(chain.world.clients.dynamodb, chain.world.stack.ledger_table)


def _planned_and_raised(chain: Chain) -> None:
    site, wanted = chain.site("first"), request(2, transform="picky", params=BAD, max_quarantined=2)
    make_plan(site, wanted, PlanOptions())
    ensure_backup(site, "auto")
    ensure_backup(site, "auto")
    assert prewarm(site, CapacityUnits(100, 200), warm=False).changes
    begin(site, wanted)
    seen = finish(site)
    assert 1 == seen.progress.counts.quarantined
    assert "SUCCEEDED" == view_of(site)["outcome"]
    assert 0 == look_at_lane(site, 0)["lane"]
    assert 1 == len(look_at_quarantine(site)["rows"])
    assert "" == keep(site, compose(site))
    assert restore(site, by="test").changes


def _modes(chain: Chain) -> None:
    chain.fill()
    of = chain.site("first").migration_id
    chain.migrate("replay", mode=Mode.REPLAY, segments=None, of=of, transform="slow")
    chain.fill()
    chain.migrate("dry", mode=Mode.DRY_RUN, transform="prune", show_values=True)
    pruned = chain.migrate("pruned", transform="prune")
    assert len(_items(chain)) < ITEMS
    chain.migrate("check", mode=Mode.VERIFY, segments=None, transform="", of=pruned.migration_id)
    chain.migrate("undo", mode=Mode.UNDO, transform="", of=pruned.migration_id)
    assert ITEMS == len(_items(chain))


def _items(chain: Chain) -> list[Any]:
    return list(chain.root.dynamodb.scan(TableName=TABLE)["Items"])


def _steered(chain: Chain) -> None:
    chain.fill()
    site = chain.site("steered")
    begin(site, request(4, transform="slow", write_units_per_second=10))
    until(site, lambda seen: seen.progress.running > 0)
    steering.retune(site, by="ann", max_concurrency=2)
    steering.pause(site, by="ann")
    steering.resume(site, by="ann")
    stop_now(site, by="ann", reason="seen enough", patience_seconds=20.0)
    assert Outcome.FAILED is finish(site).verdict.outcome


def _one_by_one(chain: Chain) -> None:
    """Without a proof of its engine a worker writes by single requests."""
    chain.root.dynamodb.delete_item(
        TableName=chain.world.stack.ledger_table, Key=stack_key(ENGINE_PROOF)
    )
    chain.fill()
    pruned = chain.migrate("one-by-one", transform="prune")
    chain.migrate("undo-one-by-one", mode=Mode.UNDO, transform="", of=pruned.migration_id)


def _rescued(chain: Chain) -> None:
    """Airflow is gone after prewarm, and the safety net brings the capacity back."""
    site = chain.site("lost")
    assert prewarm(at(site, 1700000000.0), CapacityUnits(100, 200), warm=False).changes
    site.leases.change(site.table.key, lambda lease: lease and replace(lease, expires_at=1.0))
    answer = chain.root.lambda_.invoke(FunctionName=f"{STACK}-restore", Payload=b"{}")
    said = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, said
    assert CapacityUnits(5, 5) == site.fresh_table().snapshot.provisioned[""]


def _name(arn: str) -> str:
    """Return FunctionRole, RestoreRole, airflow, or root."""
    known = ("FunctionRole", "RestoreRole", "StateMachineRole", USER)
    return next((name for name in known if name in arn), "root")


@pytest.mark.parametrize("who", ["FunctionRole", "RestoreRole", USER])
def test_nothing_is_refused(decisions: dict[str, list[Decision]], who: str) -> None:
    """Every request of every step is allowed by the policies, as they stand."""
    refused = {(d.action, d.resource) for d in decisions[who] if not d.allowed}

    assert set() == refused


def test_the_worker_uses_all_that_its_role_allows(decisions: dict[str, list[Decision]]) -> None:
    """On table and ledger apart: a permission that these migrations do not use is one too many."""
    used = {(d.action, d.resource) for d in decisions["FunctionRole"] if ":dynamodb:" in d.resource}
    policy = role_policy("FunctionRole", (TABLE,))
    allowed = {
        (action, arn)
        for arn in (table_arn(), table_arn(f"{STACK}-ledger"))
        for action in policy.actions
        if policy.allows(action, arn)
    }

    assert allowed == used
    assert policy.actions - _LOGS == {d.action for d in decisions["FunctionRole"]}


def test_airflow_uses_all_that_its_policy_allows(decisions: dict[str, list[Decision]]) -> None:
    """Plan, backup, prewarm, start, look, steer, report and restore: each action is called."""
    document = airflow_document(**dict.fromkeys(_PLACEHOLDERS, "x"))

    asked = {d.action for d in decisions[USER]}
    assert Policy(document).actions - _UNASKED == asked


def test_airflow_and_the_safety_net_never_ask_for_an_item(
    decisions: dict[str, list[Decision]],
) -> None:
    """Neither tries, whatever its policy says."""
    items = {"GetItem", "Scan", "Query", "PutItem", "UpdateItem", "DeleteItem"}
    names = {f"dynamodb:{name}" for name in items}

    asked = {
        d.resource for who in (USER, "RestoreRole") for d in decisions[who] if d.action in names
    }
    assert {table_arn(f"{STACK}-ledger")} == asked


def test_a_request_beyond_the_policy_is_refused(
    emulator: Emulator, decisions: dict[str, list[Decision]]
) -> None:
    """The emulator really decides: the same user without its policy may not even look."""
    root = emulator.clients()
    root._make("iam").create_user(UserName="nobody")
    keys = root._make("iam").create_access_key(UserName="nobody")["AccessKey"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], region_name=REGION)
    clients = Clients(lambda name: session.client(name, endpoint_url=emulator.endpoint_url))

    with pytest.raises(AccessDeniedError, match="dynamodb:DescribeTable on table orders"):
        ChainWorld(clients, emulator.state_dir, None).site(TABLE)  # type: ignore[arg-type]
