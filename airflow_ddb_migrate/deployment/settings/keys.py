"""The key of a ledger that a former stack left, which the new stack has to use."""

from typing import Any

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.services.tables import table_description
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.deployment.settings.settings import StackSettings


def require_key_of(ledger: str, clients: Clients, settings: StackSettings) -> None:
    """Raise InvalidInputError if a kept ledger has another key than the new stack's settings.

    :param ledger: the ledger's name; empty: none was kept.
    """
    found = _encryption(clients, ledger) if ledger else {}
    key = found.get("KMSMasterKeyArn", "") if found.get("SSEType") == "KMS" else ""
    if key and key != settings.parameters["KmsKeyArn"]:
        raise InvalidInputError(
            f"Ledger {ledger}, which a former stack left, is encrypted with {key}. Nothing was "
            f"changed. Deploy with --kms-key {key}"
        )


def _encryption(clients: Clients, table: str) -> dict[str, Any]:
    return dict(table_description(clients.dynamodb, table).get("SSEDescription") or {})
