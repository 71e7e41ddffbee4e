"""Every policy before policy_sentry's copy of AWS's service authorization reference."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
from airflow_ddb_migrate.permissions.policy import Audience
from policy_sentry.querying.actions import get_action_data
from tests.support.policies import ROLES, Policy, listed, policy_for, role_policy, table_arn

POLICIES = {
    **{audience.value: policy_for(audience) for audience in Audience},
    **{role: role_policy(role) for role in ROLES},
}


def wrong(statements: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the actions that AWS does not know, and the keys that an action does not have."""
    for row in statements:
        asked = {key for test in row.get("Condition", {}).values() for key in test}
        for action in listed(row["Action"]):
            known = _keys(action)
            if known is None:
                yield f"{action} is no action"
            else:
                yield from (f"{action} has no {key}" for key in asked if not _has(known, key))


def _keys(action: str) -> set[str] | None:
    service, _, name = action.partition(":")
    found = get_action_data(service, name)
    if not found:
        return None
    return {key.partition("/")[0] for one in found[service] for key in one["condition_keys"]}


def _has(known: set[str], key: str) -> bool:
    """Keys of ``aws:`` are every action's."""
    return key.startswith("aws:") or key.partition("/")[0] in known


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_actions_and_their_condition_keys_are_awss(policy: Policy) -> None:
    """A key that an action does not have never matches: what it should allow is refused."""
    assert [] == list(wrong(policy.document["Statement"]))


def test_a_mistake_would_be_found() -> None:
    """An unknown action, and a key of another service."""
    condition = {"StringEquals": {"s3:prefix": "x", "aws:SourceVpc": "vpc-1"}}
    rows = [
        {"Action": "dynamodb:Skan", "Resource": table_arn()},
        {"Action": ["dynamodb:Scan"], "Resource": table_arn(), "Condition": condition},
    ]

    assert ["dynamodb:Skan is no action", "dynamodb:Scan has no s3:prefix"] == list(wrong(rows))
