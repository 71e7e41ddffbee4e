"""Migrate one DynamoDB table, from the plan to the restored capacity.

Trigger it with a configuration such as ``{"table": "orders", "segments": 100}``.
"""

from datetime import timedelta

from airflow.sdk import DAG

from airflow_ddb_migrate import (
    ApproveMigrationOperator,
    BackupTableOperator,
    CanaryMigrationOperator,
    ConfField,
    DistributedMapMigrationSensor,
    DryRunMigrationOperator,
    MigrationReportOperator,
    PlanMigrationOperator,
    PrewarmTableOperator,
    RestoreCapacityOperator,
    StartDistributedMapMigrationOperator,
    VerifyMigrationOperator,
    settings,
)
from airflow_ddb_migrate.params import migration_params

POKE_SECONDS = settings.poke_seconds()
STACK_NAME = settings.stack_name()
AWS_CONN_ID = settings.aws_conn_id()

ABOUT = """
### Change every item of a DynamoDB table

A Step Functions Distributed Map scans the table in parallel segments. A Lambda passes each item to
your **transform** and writes back only the attributes that changed, and only if no one else has
changed them in the meantime. Live traffic wins, deleted items stay deleted, and a second run
changes nothing more.

**Trigger it** with the form, or with a configuration:

```json
{"table": "orders", "segments": 100}
```

Steps that you did not switch on are skipped.

| task | what it does |
|---|---|
| `plan` | Checks everything, and estimates what will happen, how long it takes and what it costs. |
| `dry_run` | With `dry_run`: runs the same Lambdas without writing, and shows what would change. |
| `approve` | With `approve`: waits for a person's approval. A dry run without it ends here. |
| `backup` | Relies on point-in-time recovery, or makes a backup (`backup`). |
| `prewarm` | With `prewarm`: raises the capacity. |
| `canary` | With `canary_lanes`: migrates a few segments for real, and checks them. |
| `go` | Waits for a person's approval if the canary is not clean, or with `canary_approve`. |
| `start` | Starts the execution, attaches to a running one, or continues unfinished segments. |
| `wait` | Shows the progress. Ends with counts, or with error, cause and failed segments. |
| `verify` | Checks the table again for items that the transform would still change. |
| `report` | Writes one summary in any case. It fails if the migration did not succeed. |
| `restore` | Restores exactly the capacity from before, whatever failed above. |

**To stop it**, mark `wait` as failed. The execution stops and the capacity is restored. Items that
are already changed stay changed.

**If it failed**, read the message of the failed task, fix the cause, and clear `start` *with its
downstream tasks*. Only unfinished segments are processed again. Clear `prewarm` as well if you want
the capacity raised again. To continue a migration in a later run, give that run its `migration_id`.

**To go back**, trigger `ddb_migration_undo` with `{"migration_id": "..."}`. **If items were
quarantined**, fix the transform, deploy it, and trigger `ddb_migration_replay` with the same field.

**Before the first run**, deploy the stack to your account: `ddb-migrate deploy --table orders`.
"""

AFTER_A_SKIP = "none_failed"  # run even if the step above was switched off and skipped

FOUND = "{{ (ti.xcom_pull(task_ids='dry_run') or {}).get('markdown', '') }}"
PLAN = (
    "{{ (ti.xcom_pull(task_ids='dry_run') or {}).get('plan_markdown') "
    "or ti.xcom_pull(task_ids='plan')['markdown'] }}"
)
CANARY = "{{ (ti.xcom_pull(task_ids='canary') or {}).get('markdown', '') }}"
ASK = "{{ (ti.xcom_pull(task_ids='canary') or {}).get('ask', False) }}"

with DAG(
    dag_id="ddb_migration",
    doc_md=ABOUT,
    schedule=None,
    catchup=False,
    max_active_runs=16,  # for different tables: the ledger refuses a second migration of a table
    params=migration_params(),
    render_template_as_native_obj=True,
    tags=["dynamodb", "migration"],
    default_args={
        "stack_name": STACK_NAME,
        "aws_conn_id": AWS_CONN_ID,
        "of_dags": ["ddb_migration_many"],  # ``migration_id`` may continue their migrations, too
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
    },
) as dag:
    # A ConfField keeps a value's type; a template would turn a table named "123" into a number.
    where = {"table_name": ConfField("table"), "migration_id": ConfField("migration_id")}
    request = {
        "total_segments": ConfField("segments"),
        "transform": ConfField("transform"),
        "transform_params": ConfField("params"),
        "max_concurrency": ConfField("max_concurrency"),
        "tolerated_failure_percentage": ConfField("tolerated_failure_percentage"),
        "read_units_per_second": ConfField("read_units_per_second"),
        "write_units_per_second": ConfField("write_units_per_second"),
        "max_quarantined": ConfField("max_quarantined"),
        "max_quarantined_percentage": ConfField("max_quarantined_percentage"),
        "show_values": ConfField("show_values"),
        "once": ConfField("once"),
        "hold_while": ConfField("hold_while"),
        "healthy_for": ConfField("healthy_for"),
        "single_writer_region": ConfField("single_writer_region"),
        "windows": ConfField("windows"),
    }
    units = {"read_units": ConfField("prewarm_rcu"), "write_units": ConfField("prewarm_wcu")}
    waits = {"poke_interval": POKE_SECONDS, "deferrable": True}
    plan = PlanMigrationOperator(
        task_id="plan",
        prewarm=ConfField("prewarm"),
        max_cost_usd=ConfField("max_cost_usd"),
        **units,
        **where,
        **request,
    )
    dry_run = DryRunMigrationOperator(
        task_id="dry_run",
        enabled=ConfField("dry_run"),
        sample_segments=ConfField("sample_segments"),
        max_cost_usd=ConfField("max_cost_usd"),
        **waits,
        **where,
        **request,
    )
    approve = ApproveMigrationOperator(
        task_id="approve",
        enabled=ConfField("approve"),
        end_here="{{ params.dry_run and not params.approve }}",
        subject="Migrate table {{ params.table }}?",
        body=f"{FOUND}\n\n{PLAN}",
        trigger_rule=AFTER_A_SKIP,
        **where,
    )
    backup = BackupTableOperator(
        task_id="backup", policy=ConfField("backup"), trigger_rule=AFTER_A_SKIP, **where
    )
    prewarm = PrewarmTableOperator(
        task_id="prewarm",
        enabled=ConfField("prewarm"),
        poke_interval=min(POKE_SECONDS, 20),
        deferrable=True,
        trigger_rule=AFTER_A_SKIP,
        **units,
        **where,
        **request,
    )
    canary = CanaryMigrationOperator(
        task_id="canary",
        canary_lanes=ConfField("canary_lanes"),
        always_ask=ConfField("canary_approve"),
        trigger_rule=AFTER_A_SKIP,
        **waits,
        **where,
        **request,
    )
    go = ApproveMigrationOperator(
        task_id="go",
        step="canary_approve",
        enabled=ASK,
        subject="The canary of table {{ params.table }} is migrated. Migrate the rest?",
        body=CANARY,
        consequence="The canary's segments stay migrated. Undo the migration to go back.",
        trigger_rule=AFTER_A_SKIP,
        **where,
    )
    start = StartDistributedMapMigrationOperator(
        task_id="start", trigger_rule=AFTER_A_SKIP, **where, **request
    )
    wait = DistributedMapMigrationSensor(task_id="wait", **waits, **where)
    verify = VerifyMigrationOperator(
        task_id="verify",
        enabled=ConfField("verify"),
        sample_segments=ConfField("verify_segments"),
        max_left=ConfField("max_left"),
        max_concurrency=ConfField("max_concurrency"),
        read_units_per_second=ConfField("read_units_per_second"),
        windows=ConfField("windows"),
        show_values=ConfField("show_values"),
        **waits,
        **where,
    )
    report = MigrationReportOperator(
        task_id="report",
        **where,
    ).as_teardown(on_failure_fail_dagrun=True)
    restore = RestoreCapacityOperator(
        task_id="restore",
        # AWS may allow the next decrease in an hour; until then the capacity costs money.
        retries=8,
        retry_delay=timedelta(minutes=1),
        retry_exponential_backoff=True,
        max_retry_delay=timedelta(hours=1),
        **where,
    ).as_teardown(on_failure_fail_dagrun=True)

    plan >> dry_run >> approve >> backup >> prewarm >> canary >> go >> start >> wait >> verify
    verify >> report
    # Two teardowns without a setup: restore, and a report that fails if an upstream task failed.
    # So the run fails whatever task fails, and it always reports and restores. If someone marks the
    # run as failed, Airflow runs only the teardowns, and their results decide the run's state.
    [prewarm, canary, go, start, wait, verify] >> restore
