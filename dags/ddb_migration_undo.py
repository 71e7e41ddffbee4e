"""Undo a migration: every item back to what it was, where nobody has changed it since.

Trigger it with ``{"migration_id": "orders-0123456789ab"}``.
"""

import os
from datetime import timedelta

from airflow.sdk import DAG

from airflow_ddb_migrate import (
    MigrationReportOperator,
    PrewarmTableOperator,
    RestoreCapacityOperator,
    UndoMigrationOperator,
)
from airflow_ddb_migrate.params import about_params

POKE_SECONDS = float(os.environ.get("AIRFLOW_DDB_MIGRATE_POKE_SECONDS", "30"))
STACK_NAME = os.environ.get("AIRFLOW_DDB_MIGRATE_STACK", "ddb-migrate")
AWS_CONN_ID = os.environ.get("AIRFLOW_DDB_MIGRATE_CONN_ID", "aws_default")

ABOUT = """
### Undo a migration

Every write of a migration is in its undo log, with what was there before. This reverts them through
the same distributed map, **only where an item still holds what was written**: what live traffic has
changed since is kept as it is and listed, a deleted item is put back only where its key is free.

**Trigger it** with the id that the migration's tasks and its report show:

```json
{"migration_id": "orders-0123456789ab"}
```

The migration must have ended; stop it first. Undoing is itself a migration: it holds the table, can
be stopped, and goes on where it was when you clear `undo`. The log is kept for 90 days. Was its
quarantine replayed? Undo the replay first.
"""

with DAG(
    dag_id="ddb_migration_undo",
    doc_md=ABOUT,
    schedule=None,
    catchup=False,
    max_active_runs=16,
    params=about_params("undo"),
    render_template_as_native_obj=True,
    tags=["dynamodb", "migration"],
    default_args={
        "stack_name": STACK_NAME,
        "aws_conn_id": AWS_CONN_ID,
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
    },
) as dag:
    budget = {
        "max_concurrency": dag.param("max_concurrency"),
        "read_units_per_second": dag.param("read_units_per_second"),
        "write_units_per_second": dag.param("write_units_per_second"),
        "max_quarantined": dag.param("max_quarantined"),
        "max_quarantined_percentage": dag.param("max_quarantined_percentage"),
    }
    table = {"table_of": dag.param("migration_id")}
    prewarm = PrewarmTableOperator(
        task_id="prewarm",
        enabled=dag.param("prewarm"),
        transform=None,
        read_units=dag.param("prewarm_rcu"),
        write_units=dag.param("prewarm_wcu"),
        poke_interval=min(POKE_SECONDS, 20),
        deferrable=True,
        **table,
    )
    undo = UndoMigrationOperator(
        task_id="undo",
        of=dag.param("migration_id"),
        poke_interval=POKE_SECONDS,
        deferrable=True,
        **budget,
    )
    report = MigrationReportOperator(
        task_id="report",
        required_task_ids=["prewarm", "undo"],
        trigger_rule="all_done",
        **table,
    )
    restore = RestoreCapacityOperator(
        task_id="restore",
        retries=8,
        retry_delay=timedelta(minutes=1),
        retry_exponential_backoff=True,
        max_retry_delay=timedelta(hours=1),
        **table,
    ).as_teardown(on_failure_fail_dagrun=True)

    prewarm >> undo >> report
    [prewarm, undo] >> restore
