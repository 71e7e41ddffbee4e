"""Refuses to replace roles that executions use: an execution keeps its role to its end."""

from collections.abc import Mapping
from typing import Any

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.services.stack import stack_outputs
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import DeployError
from airflow_ddb_migrate.deployment.keeping.unfinished import unfinished


def require_unused_roles(clients: Clients, stack: Mapping[str, Any]) -> None:
    """Raise DeployError while a migration is running, or capacity is not restored.

    :param stack: CloudFormation's description.
    """
    outputs = stack_outputs(stack)
    left = unfinished(
        clients,
        ledger_table=outputs.get("LedgerTable", ""),
        state_machine_arn=outputs.get("StateMachineArn", ""),
        clock=Clock(),
    )
    if left:
        raise DeployError(
            f"Stack {stack['StackName']} would get other roles, but its current roles are in use. "
            f"{' '.join(left)} Nothing changed. Deploy again after that."
        )
