"""A DAG whose author requires two people, and names the only table."""

from datetime import timedelta

from airflow.sdk import DAG
from airflow_ddb_migrate import (
    ApproveMigrationOperator,
    ConfField,
    DistributedMapMigrationSensor,
    PlanMigrationOperator,
    StartDistributedMapMigrationOperator,
    settings,
)
from airflow_ddb_migrate.params import migration_params

with DAG(
    dag_id="two_people",
    schedule=None,
    params=migration_params(
        require=("approve",), tables=["agreed"], transforms=["add_updated_at"], max_cost_usd=5
    ),
    render_template_as_native_obj=True,
    default_args={
        "stack_name": settings.stack_name(),
        "aws_conn_id": settings.aws_conn_id(),
        "retries": 1,
        "retry_delay": timedelta(seconds=1),
    },
) as dag:
    request = {
        "table_name": ConfField("table"),
        "transform": ConfField("transform"),
        "transform_params": ConfField("params"),
        "total_segments": ConfField("segments"),
    }
    plan = PlanMigrationOperator(task_id="plan", max_cost_usd=ConfField("max_cost_usd"), **request)
    approve = ApproveMigrationOperator(
        task_id="approve",
        enabled=ConfField("approve"),
        subject="Migrate {{ params.table }}?",
        body="{{ ti.xcom_pull(task_ids='plan')['markdown'] }}",
        table_name=ConfField("table"),
    )
    start = StartDistributedMapMigrationOperator(task_id="start", **request)
    wait = DistributedMapMigrationSensor(
        task_id="wait",
        table_name=ConfField("table"),
        poke_interval=settings.poke_seconds(),
        deferrable=True,
    )
    plan >> approve >> start >> wait
