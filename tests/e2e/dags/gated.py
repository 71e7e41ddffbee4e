"""Tasks around a question: one that is eager, a report, a teardown."""

from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param
from airflow_ddb_migrate import ApproveMigrationOperator, ConfField

with DAG(
    dag_id="gated",
    schedule=None,
    params={
        "enabled": Param(True, type="boolean"),
        "end_here": Param(False, type="boolean"),
        "response_timeout": Param(None, type=["null", "number"]),
    },
    render_template_as_native_obj=True,
) as dag:
    approve = ApproveMigrationOperator(
        task_id="approve",
        subject="Go on with {{ run_id }}?",
        body="# What it would do\n\n| a | b |\n|---|---:|\n| 1 | 2 |\n",
        enabled=ConfField("enabled"),
        end_here=ConfField("end_here"),
        response_timeout=ConfField("response_timeout"),
        always_task_ids=["report"],
        # Airflow fails a try that is answered, or timed out, before its scheduler has noticed it.
        retries=2,
        retry_delay=timedelta(seconds=1),
    )
    start = EmptyOperator(task_id="start")
    eager = EmptyOperator(task_id="eager", trigger_rule="all_done")
    report = EmptyOperator(task_id="report", trigger_rule="all_done")
    restore = EmptyOperator(task_id="restore").as_teardown(on_failure_fail_dagrun=True)
    approve >> start >> [eager, report]
    start >> restore
