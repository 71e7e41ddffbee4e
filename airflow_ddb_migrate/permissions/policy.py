"""IAM policies for the people and programs around a stack."""

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from airflow_ddb_migrate.permissions.airflow import AIRFLOW, VIEWER
from airflow_ddb_migrate.permissions.data_officer import DATA_OFFICER
from airflow_ddb_migrate.permissions.deployer import DEPLOYER
from airflow_ddb_migrate.permissions.provisioning import PROVISIONING
from airflow_ddb_migrate.permissions.rows import DEFAULT_FEATURES, Feature, Row
from airflow_ddb_migrate.permissions.scope import Scope

MANAGED_POLICY_CHARS: Final = 6_144  # IAM's quota, white space not counted
_VERSION: Final = "2012-10-17"


class Audience(StrEnum):
    """The person or program that a policy is for. CLOUDFORMATION is its service role."""

    DEPLOYER = "deployer"
    AIRFLOW = "airflow"
    VIEWER = "viewer"
    DATA_OFFICER = "data-officer"
    CLOUDFORMATION = "cloudformation"


_ROWS: Final[Mapping[Audience, tuple[Row, ...]]] = {
    Audience.DEPLOYER: (*DEPLOYER, *PROVISIONING),
    Audience.AIRFLOW: AIRFLOW,
    Audience.VIEWER: VIEWER,
    Audience.DATA_OFFICER: DATA_OFFICER,
    Audience.CLOUDFORMATION: PROVISIONING,
}


def policy(
    audience: Audience, scope: Scope, features: Iterable[Feature] = DEFAULT_FEATURES
) -> dict[str, Any]:
    """Return the policy document that allows exactly what the features need.

    Features matter only for Airflow's policy. A deployer who passes a service role does not need
    that role's permissions.
    """
    in_use = frozenset(features)
    is_passed = audience is Audience.DEPLOYER and scope.service_role
    rows = DEPLOYER if is_passed else _ROWS[audience]
    statements = (row.statement(scope, in_use) for row in rows)
    return {"Version": _VERSION, "Statement": [each for each in statements if each]}


def policy_text(document: Mapping[str, Any]) -> str:
    """Return a policy as indented JSON."""
    return json.dumps(document, indent=2)


def policy_chars(document: Mapping[str, Any]) -> int:
    """Return the size that IAM counts, which is without white space."""
    return len(json.dumps(document, separators=(",", ":")))
