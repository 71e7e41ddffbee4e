"""The life of a stack on an emulator that decides every request by our own policies.

What is refused there, and what no request needs, is compared with the policies of ``ddb-migrate
policy`` and the template's roles. See ``tests/support/worlds/permission_world.py``.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow_ddb_migrate.core.errors import AccessDeniedError
from airflow_ddb_migrate.local.emulated_aws import emulator as emulators
from airflow_ddb_migrate.local.emulated_aws.emulator import Emulator
from airflow_ddb_migrate.permissions.deployer import DEPLOYER
from airflow_ddb_migrate.permissions.policy import Audience
from airflow_ddb_migrate.permissions.rows import Feature
from airflow_ddb_migrate.permissions.scope import Scope
from tests.support.policies import STACK, Policy, policy_for, role_policy, table_arn
from tests.support.worlds.chain_world import PICKY, PRUNE, SLOW, ChainWorld
from tests.support.worlds.permission_world import (
    FORMER,
    ON_DEMAND,
    TABLE,
    Decision,
    Life,
    by_name,
    user_clients,
)

pytestmark = pytest.mark.story

EVERY_RUN = "every run"
_FREE = {"sts:GetCallerIdentity"}  # needs no permission
# The emulator has no permission for it.
_UNASKED = {"lambda:GetAccountSettings"}
_STACK = {"cloudformation:DescribeStacks"}  # the command finds the stack, the steps have it
# Written by Lambda itself, of which the emulator asks nobody.
_LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}


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


def _authorizing(command: list[str]) -> list[str]:
    return [*command[:-1], "tests.integration.auth_launcher"]


@pytest.fixture(scope="module")
def decisions(
    emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Decision]]:
    """Every decision over a request of a whole life, by who asked."""
    transforms = tmp_path_factory.mktemp("transforms")
    for name, text in {"slow": SLOW, "picky": PICKY, "prune": PRUNE}.items():
        (transforms / f"{name}.py").write_text(text)
    return by_name(Life(emulator, transforms).run())


@pytest.mark.parametrize(
    "who",
    [
        *("FunctionRole", "RestoreRole"),
        *(Audience.DEPLOYER, Audience.AIRFLOW, Audience.VIEWER, Audience.DATA_OFFICER),
    ],
)
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
        if action.startswith("dynamodb:") and policy.allows(action, arn)
    }

    assert allowed == used
    assert policy.actions - _LOGS == {d.action for d in decisions["FunctionRole"]}


def test_airflow_uses_all_that_its_policy_allows(decisions: dict[str, list[Decision]]) -> None:
    """Plan, backup, prewarm, start, look, steer, report and restore: each action is called."""
    asked = {d.action for d in decisions[Audience.AIRFLOW]}

    assert policy_for(Audience.AIRFLOW).actions - _UNASKED == asked


@pytest.mark.parametrize("feature", [*Feature, None])
def test_a_feature_is_allowed_what_it_calls_and_no_more(
    decisions: dict[str, list[Decision]], feature: Feature | None
) -> None:
    """Beside what every run calls. One without calls of its own, as approval, adds nothing."""
    used = [d for d in decisions[Audience.AIRFLOW] if d.during in {EVERY_RUN, feature}]
    features = [feature] if feature else []
    policy = policy_for(Audience.AIRFLOW, features, tables=(TABLE, ON_DEMAND), bucket="*")

    refused = [(d.action, d.resource) for d in used if not _allows(policy, d)]
    assert [] == refused
    assert policy.actions - _UNASKED == {d.action for d in used}


def test_who_looks_uses_all_that_the_policy_allows(decisions: dict[str, list[Decision]]) -> None:
    """And nothing in it writes."""
    allowed = policy_for(Audience.VIEWER).actions

    assert allowed == {d.action for d in decisions[Audience.VIEWER]}
    reads = ("Get", "Describe", "List", "Query", "Scan")
    assert [] == [a for a in sorted(allowed) if not a.partition(":")[2].startswith(reads)]


def test_who_has_data_erased_uses_all_that_the_policy_allows(
    decisions: dict[str, list[Decision]],
) -> None:
    """And no more, by the role that the bucket's policy lets through."""
    used = {d.action for d in decisions[Audience.DATA_OFFICER]} - _FREE

    assert policy_for(Audience.DATA_OFFICER).actions - _STACK == used


def test_who_deploys_uses_all_that_the_policy_allows(decisions: dict[str, list[Decision]]) -> None:
    """Apart from what CloudFormation does with it, which the emulator asks nobody for."""
    direct = {action for row in DEPLOYER if row.where(Scope()) for action in row.actions}

    assert direct == {d.action for d in decisions[Audience.DEPLOYER]} - _FREE


def test_airflow_and_the_safety_net_never_ask_for_an_item(
    decisions: dict[str, list[Decision]],
) -> None:
    """Neither tries, whatever its policy says; nor do who deploys and who looks."""
    items = {"GetItem", "Scan", "Query", "PutItem", "UpdateItem", "DeleteItem"}
    names = {f"dynamodb:{name}" for name in items}
    others = (Audience.DEPLOYER, Audience.AIRFLOW, Audience.VIEWER, "RestoreRole")

    asked = {d.resource for who in others for d in decisions[who] if d.action in names}
    assert {table_arn(f"{STACK}-ledger")} == asked


def test_an_undo_log_is_refused_to_whoever_may_use_all_objects(
    decisions: dict[str, list[Decision]],
) -> None:
    """The bucket's own policy refuses reading, rewriting and erasing, whatever else allows it."""
    asked = {(d.action, "/undo/" in d.resource, d.allowed) for d in decisions[FORMER]}

    assert {
        ("s3:GetObject", True, False),
        ("s3:GetObjectVersion", True, False),
        ("s3:PutObject", True, False),
        ("s3:DeleteObject", True, False),
        ("s3:PutObject", False, True),
    } == asked


def test_a_request_beyond_the_policy_is_refused(
    emulator: Emulator, decisions: dict[str, list[Decision]]
) -> None:
    """The emulator really decides: a user without a policy may not even look."""
    clients = user_clients(emulator, "nobody")

    with pytest.raises(AccessDeniedError, match="dynamodb:DescribeTable on table orders"):
        ChainWorld(clients, emulator.state_dir, None).site(TABLE)  # type: ignore[arg-type]


def _allows(policy: Policy, decision: Decision) -> bool:
    keys = {
        "application_autoscaling__service_namespace": "dynamodb",
        "s3__prefix": decision.prefix,
    }
    return policy.allows(decision.action, decision.resource, **keys)
