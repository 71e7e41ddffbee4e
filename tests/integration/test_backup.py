"""The backup gate on the emulator: a backup that can really be restored."""

from collections.abc import Callable

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.preflight.backup_gate import ensure_backup
from airflow_ddb_migrate.aws.site import Identity, Site, open_site
from airflow_ddb_migrate.core.execution.backup_policy import BackupKind
from tests.integration.conftest import Deployed


def site_of(deployed: Deployed, table_name: str) -> Site:
    return open_site(
        deployed.clients,
        table_name=table_name,
        stack_name=deployed.stack.name,
        identity=Identity(dag_id="tests", run_id=table_name),
    )


def test_the_table_comes_back_from_the_backup(
    clients: Clients, deployed_stack: Deployed, make_table: Callable[..., str]
) -> None:
    """A second try makes no second one, and what was there before can be restored."""
    name = make_table(items=3)
    site = site_of(deployed_stack, name)

    found = ensure_backup(site, "auto")
    assert found == ensure_backup(site, "auto")

    clients.dynamodb.delete_item(TableName=name, Key={"id": {"S": "item-0"}})
    clients.dynamodb.restore_table_from_backup(
        TargetTableName=f"{name}-restored", BackupArn=found.arn
    )
    restored = clients.dynamodb.scan(TableName=f"{name}-restored")["Items"]
    assert ["item-0", "item-1", "item-2"] == sorted(item["id"]["S"] for item in restored)
    assert 1 == len(clients.dynamodb.list_backups(TableName=name)["BackupSummaries"])


def test_recovery_that_is_on_is_enough(
    clients: Clients, deployed_stack: Deployed, make_table: Callable[..., str]
) -> None:
    """No backup is made then."""
    name = make_table()
    clients.dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )

    assert BackupKind.PITR is ensure_backup(site_of(deployed_stack, name), "require_pitr").kind
