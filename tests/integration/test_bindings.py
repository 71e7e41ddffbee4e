"""Who deploys decides which transform may work on which table, whatever a ledger or a conf says."""

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.execution.observe import Observation
from airflow_ddb_migrate.aws.plan.planner import PlanOptions, make_plan
from airflow_ddb_migrate.aws.preflight import checks
from airflow_ddb_migrate.aws.services.function import asked_bindings, describe_transform, invoke
from airflow_ddb_migrate.aws.services.stack import Stack
from airflow_ddb_migrate.aws.site import Identity, Site, open_site
from airflow_ddb_migrate.cli import main
from airflow_ddb_migrate.core.bindings import bindings_of
from airflow_ddb_migrate.core.errors import NotBoundError
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.deployment.deploy import Deployment
from airflow_ddb_migrate.deployment.destroy import Removal
from airflow_ddb_migrate.deployment.keeping import transform_set
from airflow_ddb_migrate.local.emulated_aws.emulator import Emulator
from tests.support.worlds.chain_world import begin, finish, request

NAME = "team-a"
EVERYTHING = {"attribute": "createdAt", "older_than": "9999-12-31"}
DELETE = "delete_by_predicate"
TAG = "def transform(item, context):\n    item['tag'] = 'x'\n    return item\n"


@dataclass(slots=True)
class Team:
    """A stack, and what somebody may do who has its ledger and may start executions."""

    clients: Clients
    transforms: Path
    said: list[str]

    def deploy(self, *tables: str, **fields: Any) -> Stack:
        self.said.clear()
        return Deployment(
            clients=self.clients,
            stack_name=NAME,
            tables=tables,
            say=self.said.append,
            poll_seconds=0.1,
            **{"transforms_dir": self.transforms, **fields},
        ).deploy()

    def site(self, table: str, run: str = "run") -> Site:
        identity = Identity(dag_id="dag", run_id=run)
        return open_site(self.clients, table_name=table, stack_name=NAME, identity=identity)

    def migrate(self, table: str, run: str, **fields: Any) -> tuple[Site, Observation]:
        site = self.site(table, run)
        begin(site, request(2, **fields))
        return site, finish(site)

    def forged(self, table: str, run: str, **fields: Any) -> Observation:
        """Write the ledger and start the execution as a plan would, asking nobody."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(checks, "_require_allowed", lambda _: None)
            patch.setattr(checks, "_probe_transform", lambda *_: "")
            return self.migrate(table, run, **fields)[1]

    def items(self, table: str) -> list[dict[str, Any]]:
        return list(self.clients.dynamodb.scan(TableName=table)["Items"])


@pytest.fixture(scope="module")
def team(
    emulator: Emulator, clients: Clients, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Team]:
    folder = tmp_path_factory.mktemp("transforms")
    (folder / "tag.py").write_text(TAG)
    yield Team(emulator.clients(), folder, [])
    Removal(clients=clients, stack_name=NAME, say=lambda _: None, poll_seconds=0.1).destroy(
        force=True, delete_data=True
    )


@pytest.fixture
def tables(clients: Clients, make_table: Callable[..., str]) -> tuple[str, str]:
    """Orders and payroll, of 20 items each."""
    names = make_table(), make_table()
    for name in names:
        for number in range(20):
            item = {"id": {"S": str(number)}, "createdAt": {"S": "2020-01-01"}}
            clients.dynamodb.put_item(TableName=name, Item=item)
    return names


def test_a_plain_deployment_deletes_nothing(team: Team, tables: tuple[str, str]) -> None:
    """Neither for a conf that asks for it, nor for a ledger that somebody has forged."""
    orders, payroll = tables
    team.deploy(orders, payroll)
    wanted = request(2, transform=DELETE, params=EVERYTHING)
    words = f"'{DELETE}' deletes items.*--stack-name {NAME} --table {payroll}:{DELETE}"

    with pytest.raises(NotBoundError, match=words):
        make_plan(team.site(payroll), wanted, PlanOptions())
    with pytest.raises(NotBoundError, match=words):
        begin(team.site(payroll), wanted)
    seen = team.forged(payroll, "forged", transform=DELETE, params=EVERYTHING)

    assert Outcome.FAILED is seen.verdict.outcome
    assert "NotBoundError" in seen.verdict.reason
    assert 20 == len(team.items(payroll))
    assert any(line.startswith("Off, since they delete items") for line in team.said)


@pytest.mark.parametrize("mode", [Mode.MIGRATE, Mode.DRY_RUN])
def test_a_forged_ledger_reaches_no_table_of_another(
    team: Team, tables: tuple[str, str], mode: Mode
) -> None:
    """Which the stack's role could reach, and which nobody has bound to that transform."""
    orders, payroll = tables
    stack = team.deploy(f"{orders}:{DELETE}", f"{payroll}:add_updated_at")
    before = team.items(payroll)

    seen = team.forged(payroll, f"forged-{mode}", transform=DELETE, params=EVERYTHING, mode=mode)
    sampled = _sampled(team, stack, payroll, DELETE)

    assert Outcome.FAILED is seen.verdict.outcome
    assert 0 == seen.progress.counts.seen
    assert before == team.items(payroll)
    assert (False, "NotBoundError") == (sampled["ok"], sampled["error_class"])
    assert orders not in sampled["error"]


def test_a_table_that_is_not_bound_is_not_sampled(
    team: Team, tables: tuple[str, str], make_table: Callable[..., str]
) -> None:
    """The words are those for a table that is not there."""
    stack = team.deploy(tables[0])
    found = {
        name: _sampled(team, stack, name, "add_updated_at")["error"].replace(name, "X")
        for name in (make_table(items=1), "no-such-table")
    }

    assert 1 == len(set(found.values()))
    assert next(iter(found.values())).startswith("Table X is not bound to any transform")


def _sampled(team: Team, stack: Stack, table: str, transform: str) -> dict[str, Any]:
    asked = {
        "action": "sample",
        "migration_id": "m",
        "transform": transform,
        "params": EVERYTHING,
        "started_at": "2026-01-01T00:00:00.000Z",
        "table_name": table,
        "key_names": ["id"],
        "total_segments": 1,
    }
    return invoke(team.clients.lambda_, stack.function_arn, asked)


@pytest.mark.story
def test_what_is_named_may_delete_and_be_undone_when_it_is_not_any_more(
    team: Team, tables: tuple[str, str]
) -> None:
    """To bind a table is a new version of the Lambda, and changes no transform."""
    orders, _ = tables
    team.deploy(orders)
    before = _hashes(team, orders)
    second = team.deploy(f"{orders}:{DELETE}", transforms_dir=None)
    assert before == _hashes(team, orders)
    bound = asked_bindings(team.clients.lambda_, second.function_arn)
    assert bound
    assert ("*", DELETE) == bound.rows[orders]

    deleted, seen = team.migrate(orders, "delete", transform=DELETE, params=EVERYTHING)
    assert (Outcome.SUCCEEDED, 20) == (seen.verdict.outcome, seen.progress.counts.deleted)
    assert [] == team.items(orders)
    team.deploy(transforms_dir=None, drop_tables=[f"{orders}:{DELETE}"])
    undo = {"mode": Mode.UNDO, "transform": "", "of": deleted.migration_id}
    _, seen = team.migrate(orders, "undo", **undo)

    assert (Outcome.SUCCEEDED, 20) == (seen.verdict.outcome, seen.progress.counts.changed)
    assert 20 == len(team.items(orders))
    replay = replace(request(2, transform=DELETE), mode=Mode.REPLAY, of=deleted.migration_id)
    with pytest.raises(NotBoundError, match="deletes items"):
        begin(team.site(orders, "replay"), replay)


def _hashes(team: Team, table: str) -> list[str]:
    lambda_, function = team.clients.lambda_, team.site(table).stack.function_arn
    return [describe_transform(lambda_, function, name) for name in ("tag", "add_updated_at")]


@pytest.mark.story
def test_a_stack_of_before_keeps_its_tables(
    team: Team, tables: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bound to each transform that does not delete, and the deployment says so."""
    team.deploy(*tables)
    monkeypatch.setattr(transform_set, "read_bindings", lambda _: None)

    stack = team.deploy(transforms_dir=None)

    assert set(tables) <= set(stack.tables)
    assert "before tables were bound to transforms" in team.said[0]
    bound = asked_bindings(team.clients.lambda_, stack.function_arn)
    assert bound
    assert {("*",)} == set(bound.rows.values())


@pytest.mark.story
def test_the_command_line_says_what_is_bound(
    team: Team,
    emulator: Emulator,
    capsys: pytest.CaptureFixture[str],
    tables: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """After a deployment, from the Lambda; and a bundle has the same file."""
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    team.deploy(*tables)

    assert 0 == main.main(["deploy", "--stack-name", NAME, "--table", f"{tables[0]}:tag,{DELETE}"])
    assert 0 == main.main(["bundle", "--output", str(tmp_path / "b"), "--table", f"a-b-c:{DELETE}"])

    said = capsys.readouterr().out
    assert f"{tables[0]}: every transform that does not delete, {DELETE}, tag" in said
    (path,) = (tmp_path / "b" / "code").glob("*.zip")
    with zipfile.ZipFile(BytesIO(path.read_bytes())) as archive:
        rows = json.loads(archive.read("ddb_transform/bindings.json"))
    assert bindings_of([f"a-b-c:{DELETE}"]).rows == {name: tuple(row) for name, row in rows.items()}
