"""The chain in short: its wait held by a worker, or deferred and not stopping what it waits for."""

from datetime import timedelta

from airflow.sdk import DAG
from airflow_ddb_migrate import (
    ConfField,
    DistributedMapMigrationSensor,
    MigrationReportOperator,
    PrewarmTableOperator,
    RestoreCapacityOperator,
    StartDistributedMapMigrationOperator,
)
from airflow_ddb_migrate.params import migration_params


def chain(dag_id: str, *, deferrable: bool, on_kill: str) -> DAG:
    with DAG(
        dag_id=dag_id,
        schedule=None,
        params=migration_params(),
        render_template_as_native_obj=True,
        default_args={"retries": 2, "retry_delay": timedelta(seconds=5)},
    ) as dag:
        where = {"table_name": ConfField("table")}
        prewarm = PrewarmTableOperator(task_id="prewarm", **where)
        start = StartDistributedMapMigrationOperator(
            task_id="start",
            total_segments=ConfField("segments"),
            transform=ConfField("transform"),
            transform_params=ConfField("params"),
            max_concurrency=ConfField("max_concurrency"),
            **where,
        )
        wait = DistributedMapMigrationSensor(
            task_id="wait", poke_interval=1, deferrable=deferrable, on_kill=on_kill, **where
        )
        report = MigrationReportOperator(task_id="report", **where).as_teardown(
            on_failure_fail_dagrun=True
        )
        restore = RestoreCapacityOperator(
            task_id="restore", stop_running=on_kill == "stop", **where
        ).as_teardown(on_failure_fail_dagrun=True)
        prewarm >> start >> wait >> report
        [prewarm, start, wait] >> restore
    return dag


held = chain("held", deferrable=False, on_kill="stop")
paused = chain("paused", deferrable=True, on_kill="pause")
left = chain("left", deferrable=True, on_kill="leave")
