"""Migrate one DynamoDB table: check and prewarm, start, wait, report, and restore whatever fails.

Trigger it with a configuration such as ``{"table": "orders", "segments": 100}``.
"""

import os
from datetime import timedelta

from airflow.sdk import DAG, Param

from airflow_ddb_migrate import (
    DistributedMapMigrationSensor,
    MigrationReportOperator,
    PrewarmTableOperator,
    RestoreCapacityOperator,
    StartDistributedMapMigrationOperator,
)

POKE_SECONDS = float(os.environ.get("AIRFLOW_DDB_MIGRATE_POKE_SECONDS", "30"))
STACK_NAME = os.environ.get("AIRFLOW_DDB_MIGRATE_STACK", "ddb-migrate")
AWS_CONN_ID = os.environ.get("AIRFLOW_DDB_MIGRATE_CONN_ID", "aws_default")

ABOUT = """
### Change every item of a DynamoDB table

A Step Functions Distributed Map scans the table in parallel segments; a Lambda gives each item to
your **transform** and writes back only what changed, and only where nobody else changed it in the
meantime. Live traffic wins, deleted items stay deleted, running twice changes nothing more.

**Trigger it** with the form, or with a configuration:

```json
{"table": "orders", "segments": 100}
```

| task | what it does |
|---|---|
| `prewarm` | Checks everything before anything is touched; if asked, raises the capacity. |
| `start` | Starts the execution, finds the one that runs, or goes on with what is unfinished. |
| `wait` | Shows how far it is. Ends with counts, or with error, cause and failed segments. |
| `report` | One summary: items, units, capacity, time. |
| `restore` | Brings back exactly the capacity that was there before, whatever failed above. |

**Stop it**: mark `wait` as failed. The execution is stopped, the capacity restored, and what is
done stays done.

**It failed?** Read the message of the red task, mend the cause, and clear `start` *with its
downstream tasks*: only unfinished segments are worked on again. Clear `prewarm` as well when you
want the capacity raised again. A later run continues an old migration when you give it that
migration's `migration_id`.

**Before the first run**: `ddb-migrate deploy --table orders` puts the stack into your account.
"""

PARAMS = {
    "table": Param(
        type="string",
        minLength=3,
        maxLength=255,
        pattern="^[a-zA-Z0-9_.-]+$",
        title="Table",
        description="Name of the DynamoDB table, not its ARN.",
    ),
    "segments": Param(
        100,
        type="integer",
        minimum=1,
        maximum=1_000_000,
        title="Segments",
        description="Parallel slices of the table. 100 suits most; about one per 128 MiB for more.",
    ),
    "transform": Param(
        "add_updated_at",
        type="string",
        minLength=1,
        title="Transform",
        description="Module in the deployed stack that holds the transform.",
    ),
    "params": Param(
        {},
        type="object",
        title="Transform's parameters",
        description='Reach the transform as context.params, as in {"attribute": "updatedAt"}.',
    ),
    "prewarm": Param(
        False,
        type="boolean",
        title="Prewarm",
        description="Raise the table's capacity first and restore it afterwards.",
    ),
    "prewarm_rcu": Param(
        12_000,
        type="integer",
        minimum=1,
        title="Read units while it runs",
        description="Read units per second of the table and every index. Never lowers.",
    ),
    "prewarm_wcu": Param(
        4_000,
        type="integer",
        minimum=1,
        title="Write units while it runs",
        description="Write units per second of the table and every index. Never lowers.",
    ),
    "max_concurrency": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        maximum=10_000,
        title="Children at a time",
        description="Lambdas that work at the same time. Empty: 100.",
    ),
    "tolerated_failure_percentage": Param(
        0,
        type="number",
        minimum=0,
        maximum=100,
        title="Tolerated failures in percent",
        description="Segments that may fail before the rest is stopped. Success still needs all.",
    ),
    "write_units_per_second": Param(
        0,
        type="number",
        minimum=0,
        title="Write budget",
        description="Write units per second of the whole migration. 0: no budget.",
    ),
    "read_units_per_second": Param(
        0,
        type="number",
        minimum=0,
        title="Read budget",
        description="Read units per second of the whole migration. 0: no budget.",
    ),
    "max_quarantined": Param(
        100,
        type="integer",
        minimum=0,
        title="Quarantined items",
        description="More items that cannot be migrated stop the migration. 0: the first one does.",
    ),
    "max_quarantined_percentage": Param(
        5,
        type="number",
        minimum=0,
        maximum=100,
        title="Quarantined items in percent",
        description="A larger share of the items seen stops the migration, too.",
    ),
    "show_values": Param(
        False,
        type="boolean",
        title="Keep quarantined items whole",
        description="Their values go to the stack's private bucket, and nowhere else.",
    ),
    "migration_id": Param(
        None,
        type=["null", "string"],
        minLength=1,
        maxLength=67,
        pattern="^[a-zA-Z0-9_-]+$",
        title="Migration to continue",
        description="Empty: a new migration.",
    ),
}

with DAG(
    dag_id="ddb_migration",
    doc_md=ABOUT,
    schedule=None,
    catchup=False,
    max_active_runs=16,  # one per table: the ledger refuses a second migration of the same one
    params=PARAMS,
    render_template_as_native_obj=True,
    tags=["dynamodb", "migration"],
    default_args={
        "stack_name": STACK_NAME,
        "aws_conn_id": AWS_CONN_ID,
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
    },
) as dag:
    # dag.param keeps the type that was given; a template makes a number of a table named "123".
    where = {"table_name": dag.param("table"), "migration_id": dag.param("migration_id")}
    request = {
        "total_segments": dag.param("segments"),
        "transform": dag.param("transform"),
        "transform_params": dag.param("params"),
        "max_concurrency": dag.param("max_concurrency"),
        "tolerated_failure_percentage": dag.param("tolerated_failure_percentage"),
        "read_units_per_second": dag.param("read_units_per_second"),
        "write_units_per_second": dag.param("write_units_per_second"),
        "max_quarantined": dag.param("max_quarantined"),
        "max_quarantined_percentage": dag.param("max_quarantined_percentage"),
        "show_values": dag.param("show_values"),
    }
    prewarm = PrewarmTableOperator(
        task_id="prewarm",
        enabled=dag.param("prewarm"),
        read_units=dag.param("prewarm_rcu"),
        write_units=dag.param("prewarm_wcu"),
        poke_interval=min(POKE_SECONDS, 20),
        deferrable=True,
        **where,
        **request,
    )
    start = StartDistributedMapMigrationOperator(task_id="start", **where, **request)
    wait = DistributedMapMigrationSensor(
        task_id="wait", poke_interval=POKE_SECONDS, deferrable=True, **where
    )
    report = MigrationReportOperator(task_id="report", **where)
    restore = RestoreCapacityOperator(
        task_id="restore",
        # A bill left high is worse than a late task: AWS may allow the next decrease in an hour.
        retries=8,
        retry_delay=timedelta(minutes=1),
        retry_exponential_backoff=True,
        max_retry_delay=timedelta(hours=1),
        **where,
    ).as_teardown(on_failure_fail_dagrun=True)

    prewarm >> start >> wait >> report
    # A teardown without a setup, and a report as leaf of its own: of the shapes that were tried the
    # only one that goes red whatever fails and restores in each case.
    [prewarm, start, wait] >> restore
