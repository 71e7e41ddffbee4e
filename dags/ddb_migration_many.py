"""Migrate many tables in one run, a few at a time, with one plan and one approval for all.

Trigger it with a configuration such as ``{"tables": ["orders", "customers"]}``.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, chain, task_group

from airflow_ddb_migrate import (
    ApproveMigrationOperator,
    AwaitTurnOperator,
    BackupTableOperator,
    ConfField,
    DistributedMapMigrationSensor,
    EndTurnOperator,
    MigrationReportOperator,
    PlanManyMigrationsOperator,
    PrewarmTableOperator,
    ReportManyMigrationsOperator,
    RestoreCapacityOperator,
    StartDistributedMapMigrationOperator,
    VerifyMigrationOperator,
    settings,
)
from airflow_ddb_migrate.params import many_params

POKE_SECONDS = settings.poke_seconds()
AFTER_A_SKIP = "none_failed"  # run even if the step above was switched off and skipped

ABOUT = """
### Change every item of many DynamoDB tables

**Trigger it** with the form, or with a configuration. `tables` takes names, and objects with
settings for one table:

```json
{"tables": ["orders", {"table": "customers", "segments": 400, "transform": "full_name"}],
 "approve": true, "max_cost_usd": 50, "max_parallel_tables": 3}
```

`plan` checks every table before any is changed. Its page shows all tables and their total cost.
`approve` asks once for all. Then the task group `table` runs once for each table. It waits for its
`turn`, so that at most `max_parallel_tables` are migrated at the same time. Then it migrates,
verifies, reports and restores the table as `ddb_migration` does.

**If one table fails**, its task and the run fail. Other tables are not affected. With
`stop_on_failure`, no further table is started. Fix the cause and clear the failed task of that
table with its downstream tasks, or trigger `ddb_migration` with its `migration_id`.
"""

UNITS = {"read_units": ConfField("prewarm_rcu"), "write_units": ConfField("prewarm_wcu")}
WAITS = {"poke_interval": POKE_SECONDS, "deferrable": True}
SAME = {  # the same for every table
    "tolerated_failure_percentage": ConfField("tolerated_failure_percentage"),
    "max_quarantined": ConfField("max_quarantined"),
    "max_quarantined_percentage": ConfField("max_quarantined_percentage"),
    "show_values": ConfField("show_values"),
    "once": ConfField("once"),
    "hold_while": ConfField("hold_while"),
    "healthy_for": ConfField("healthy_for"),
    "single_writer_region": ConfField("single_writer_region"),
    "windows": ConfField("windows"),
}


def work_on(where: dict[str, Any], request: dict[str, Any]) -> list[Any]:
    """Return the tasks that migrate a table, in order, from its turn to its verification."""
    turn = AwaitTurnOperator(
        task_id="turn",
        max_parallel_tables=ConfField("max_parallel_tables"),
        stop_on_failure=ConfField("stop_on_failure"),
        trigger_rule=AFTER_A_SKIP,
        **WAITS,
        **where,
    )
    backup = BackupTableOperator(task_id="backup", policy=ConfField("backup"), **where)
    prewarm = PrewarmTableOperator(
        task_id="prewarm",
        enabled=ConfField("prewarm"),
        poke_interval=min(POKE_SECONDS, 20),
        deferrable=True,
        trigger_rule=AFTER_A_SKIP,
        **UNITS,
        **where,
        **request,
    )
    start = StartDistributedMapMigrationOperator(
        task_id="start", trigger_rule=AFTER_A_SKIP, **where, **request
    )
    wait = DistributedMapMigrationSensor(task_id="wait", **WAITS, **where)
    verify = VerifyMigrationOperator(
        task_id="verify",
        enabled=ConfField("verify"),
        sample_segments=ConfField("verify_segments"),
        max_left=ConfField("max_left"),
        max_concurrency=request["max_concurrency"],
        read_units_per_second=request["read_units_per_second"],
        windows=ConfField("windows"),
        show_values=ConfField("show_values"),
        **WAITS,
        **where,
    )
    return [turn, backup, prewarm, start, wait, verify]


def end_with(where: dict[str, Any]) -> list[Any]:
    """Return the teardowns of a table: report, restore, and the end of its turn."""
    report = MigrationReportOperator(task_id="report", **where)
    restore = RestoreCapacityOperator(
        task_id="restore",
        # AWS may allow the next decrease in an hour; until then the capacity costs money.
        retries=8,
        retry_delay=timedelta(minutes=1),
        retry_exponential_backoff=True,
        max_retry_delay=timedelta(hours=1),
        **where,
    )
    done = EndTurnOperator(task_id="done", **where)
    return [
        report.as_teardown(on_failure_fail_dagrun=True),
        restore.as_teardown(on_failure_fail_dagrun=True),
        done.as_teardown(),
    ]


with DAG(
    dag_id="ddb_migration_many",
    doc_md=ABOUT,
    schedule=None,
    catchup=False,
    max_active_runs=16,
    params=many_params(),
    render_template_as_native_obj=True,
    tags=["dynamodb", "migration"],
    default_args={
        "stack_name": settings.stack_name(),
        "aws_conn_id": settings.aws_conn_id(),
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
    },
) as dag:
    plan = PlanManyMigrationsOperator(
        task_id="plan",
        tables=ConfField("tables"),
        max_parallel_tables=ConfField("max_parallel_tables"),
        max_cost_usd=ConfField("max_cost_usd"),
        prewarm=ConfField("prewarm"),
        total_segments=ConfField("segments"),
        transform=ConfField("transform"),
        transform_params=ConfField("params"),
        max_concurrency=ConfField("max_concurrency"),
        read_units_per_second=ConfField("read_units_per_second"),
        write_units_per_second=ConfField("write_units_per_second"),
        **UNITS,
        **SAME,
    )
    approve = ApproveMigrationOperator(
        task_id="approve",
        enabled=ConfField("approve"),
        subject="Migrate these tables?",
        body="{{ ti.xcom_pull(task_ids='plan', key='markdown') }}",
        tables=plan.output,
    )

    @task_group(group_id="table", default_args={"map_index_template": "{{ task.table_name }}"})
    def migrate_table(  # noqa: PLR0913  # what the plan returns for each table
        table_name: Any,
        total_segments: Any,
        transform: Any,
        transform_params: Any,
        max_concurrency: Any,
        read_units_per_second: Any,
        write_units_per_second: Any,
    ) -> None:
        """Migrate one table."""
        request = {
            "total_segments": total_segments,
            "transform": transform,
            "transform_params": transform_params,
            "max_concurrency": max_concurrency,
            "read_units_per_second": read_units_per_second,
            "write_units_per_second": write_units_per_second,
            **SAME,
        }
        where = {"table_name": table_name}
        steps = work_on(where, request)
        report, restore, done = end_with(where)

        chain(*steps, [report, restore], done)
        steps >> restore

    summary = ReportManyMigrationsOperator(task_id="summary", tables=plan.output).as_teardown(
        on_failure_fail_dagrun=True
    )
    tables = migrate_table.expand_kwargs(plan.output)
    plan >> approve >> tables >> summary
    # A task group's teardowns are not its leaves. Without this line, ``summary`` would not wait.
    dag.get_task("table.done") >> summary
