"""A migrated table as an Airflow asset, on which you can schedule other DAGs."""

import re
from typing import Any, Final

from airflow.sdk import Asset, AssetAlias

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.names import validate_table_name

# Stands for every migrated table. A run's configuration names the table, so a DAG cannot list it.
MIGRATED: Final = AssetAlias("ddb_migrate")


def migrated_table(*, region: str, account: str, table: str) -> Asset:
    """Return the asset of one table. ``schedule=[migrated_table(...)]`` runs after its migration.

    The URI is ``x-dynamodb://REGION/ACCOUNT/TABLE``. Airflow does not normalize schemes that begin
    with ``x-``.

    :param region: AWS region of the table, such as ``eu-west-1``.
    :param account: the twelve digits of the AWS account, as text.
    :param table: name of the table.
    :raises InvalidInputError: the table name or the account is not valid.
    """
    if not re.fullmatch(r"[0-9]{12}", account):
        raise InvalidInputError(
            f"account is {account!r}; it must be the twelve digits of an AWS account, as text."
        )
    return Asset(uri=f"x-dynamodb://{region}/{account}/{validate_table_name(table)}")


def note_migrated(context: Any, table_arn: str, facts: dict[str, Any]) -> bool:
    """Add an asset event of the table. Return False if the task lacks the outlet ``ddb_migrate``.

    :param facts: data about the migration, as JSON, for the event's ``extra``.
    """
    events = context.get("outlet_events")
    if events is None or MIGRATED not in context["task"].outlets:
        return False
    _, _, _, region, account, name = table_arn.split(":", 5)
    asset = migrated_table(region=region, account=account, table=name.removeprefix("table/"))
    events[MIGRATED].add(asset, extra=facts)
    return True
