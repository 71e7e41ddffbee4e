"""The DAG to which a migration belongs, by the ledger."""

from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.notes import plan_fields
from airflow_ddb_migrate.core.errors import NotBegunError
from airflow_ddb_migrate.core.ledger.owners import run_of
from airflow_ddb_migrate.core.names import DRY_RUN


def dag_of(ledger: Ledger, migration_id: str) -> str:
    """Return the DAG that started or planned a migration, or its dry run; empty if none did.

    :raises NotBegunError: the ledger does not know it.
    """
    record = ledger.migration(migration_id) or ledger.migration(f"{migration_id}-{DRY_RUN}")
    if record:
        return run_of(record.started_by)[0]
    plan = plan_fields(ledger, migration_id)
    if not plan:
        raise NotBegunError(f"The ledger {ledger.table_name} knows no migration {migration_id}.")
    return run_of(str(plan.get("planned_by", "")))[0]
