"""The chain in short, its wait held by a worker."""

from datetime import timedelta

from airflow.sdk import DAG
from airflow_ddb_migrate import (
    DistributedMapMigrationSensor,
    MigrationReportOperator,
    PrewarmTableOperator,
    RestoreCapacityOperator,
    StartDistributedMapMigrationOperator,
)
from airflow_ddb_migrate.params import migration_params

with DAG(
    dag_id="held",
    schedule=None,
    params=migration_params(),
    render_template_as_native_obj=True,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=5)},
) as dag:
    where = {"table_name": dag.param("table")}
    prewarm = PrewarmTableOperator(task_id="prewarm", **where)
    start = StartDistributedMapMigrationOperator(
        task_id="start",
        total_segments=dag.param("segments"),
        transform=dag.param("transform"),
        transform_params=dag.param("params"),
        max_concurrency=dag.param("max_concurrency"),
        **where,
    )
    wait = DistributedMapMigrationSensor(task_id="wait", poke_interval=1, deferrable=False, **where)
    report = MigrationReportOperator(
        task_id="report",
        required_task_ids=["prewarm", "start", "wait"],
        trigger_rule="all_done",
        **where,
    )
    restore = RestoreCapacityOperator(task_id="restore", **where).as_teardown(
        on_failure_fail_dagrun=True
    )
    prewarm >> start >> wait >> report
    [prewarm, start, wait] >> restore
