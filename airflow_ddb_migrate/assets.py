"""A migrated table as an asset of Airflow, on which other DAGs can be scheduled."""

import re
from typing import Any, Final

from airflow.sdk import Asset, AssetAlias

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.names import validate_table_name

# Every table that is migrated: the run's configuration names it, so no DAG can list it before.
MIGRATED: Final = AssetAlias("ddb_migrate")


def migrated_table(*, region: str, account: str, table: str) -> Asset:
    """Return the asset of one table: ``schedule=[migrated_table(...)]`` runs after a migration.

    Airflow keeps schemes that begin with ``x-`` free of rules of its own.

    :param account: the twelve digits of the AWS account, as text.
    :raises InvalidInputError: the table's name or the account is not a valid one.
    """
    if not re.fullmatch(r"[0-9]{12}", account):
        raise InvalidInputError(
            f"account is {account!r}; it must be the twelve digits of an AWS account, as text."
        )
    return Asset(uri=f"x-dynamodb://{region}/{account}/{validate_table_name(table)}")


def note_migrated(context: Any, table_arn: str, facts: dict[str, Any]) -> bool:
    """Add an event of the table to the task's outlets; False where the task has no such outlet.

    :param facts: what the event says of the migration, as JSON.
    """
    events = context.get("outlet_events")
    if events is None or MIGRATED not in context["task"].outlets:
        return False
    _, _, _, region, account, name = table_arn.split(":", 5)
    asset = migrated_table(region=region, account=account, table=name.removeprefix("table/"))
    events[MIGRATED].add(asset, extra=facts)
    return True
