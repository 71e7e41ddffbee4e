"""Try the quarantined items of a migration again, with the transform as it is deployed now.

Trigger it with ``{"migration_id": "orders-0123456789ab"}``.
"""

import os
from datetime import timedelta

from airflow.sdk import DAG

from airflow_ddb_migrate import (
    MigrationReportOperator,
    PrewarmTableOperator,
    ReplayQuarantineOperator,
    RestoreCapacityOperator,
)
from airflow_ddb_migrate.params import about_params

POKE_SECONDS = float(os.environ.get("AIRFLOW_DDB_MIGRATE_POKE_SECONDS", "30"))
STACK_NAME = os.environ.get("AIRFLOW_DDB_MIGRATE_STACK", "ddb-migrate")
AWS_CONN_ID = os.environ.get("AIRFLOW_DDB_MIGRATE_CONN_ID", "aws_default")

ABOUT = """
### Replay a quarantine

Items that a migration could not change are set aside with their error. Mend the transform and
deploy it, or mend the items, and **trigger this** with the id of the migration:

```json
{"migration_id": "orders-0123456789ab"}
```

Each of those items is read again as it is now and migrated like any other. What fails again is in
the quarantine of this replay, whose id is in its report: replay that one in turn.
"""

with DAG(
    dag_id="ddb_migration_replay",
    doc_md=ABOUT,
    schedule=None,
    catchup=False,
    max_active_runs=16,
    params=about_params("replay"),
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
    replay = ReplayQuarantineOperator(
        task_id="replay",
        of=dag.param("migration_id"),
        poke_interval=POKE_SECONDS,
        deferrable=True,
        **budget,
    )
    report = MigrationReportOperator(
        task_id="report",
        required_task_ids=["prewarm", "replay"],
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

    prewarm >> replay >> report
    [prewarm, replay] >> restore
