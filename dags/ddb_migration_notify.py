"""Migrate a table and send notifications, with one of Airflow's notifiers.

First set the Airflow Variable ``ddb_migrate_topic_arn`` to the ARN of an SNS topic. Then trigger
the DAG with ``{"table": "orders"}``.
"""

from datetime import timedelta

from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.sdk import DAG

from airflow_ddb_migrate import (
    NOTICE_TEXT,
    NOTICE_TITLE,
    ConfField,
    DistributedMapMigrationSensor,
    MigrationReportOperator,
    PrewarmTableOperator,
    RestoreCapacityOperator,
    StartDistributedMapMigrationOperator,
    settings,
)
from airflow_ddb_migrate.params import migration_params

POKE_SECONDS = settings.poke_seconds()
STACK_NAME = settings.stack_name()
AWS_CONN_ID = settings.aws_conn_id()

ABOUT = """
### Migrate a table, with notifications

A short version of `ddb_migration`. It sends a message to the SNS topic in the Variable
`ddb_migrate_topic_arn` in these cases:

| event | callback |
|---|---|
| The migration succeeded, with figures and cost. | `report`'s `on_success_callback` |
| A task failed, with the cause and what to do. | `report`'s `on_failure_callback` |
| Someone paused it, or it paused because live traffic suffered. | `wait`'s `on_hold_callback` |
| The capacity could not be restored. | `restore`'s `on_failure_callback` |
"""

FIELDS = (
    "table",
    "segments",
    "transform",
    "params",
    "migration_id",
    "single_writer_region",
    "prewarm",
)

# You can use any other notifier instead, such as Slack or SMTP, or a function of your own.
notify = SnsNotifier(
    aws_conn_id=AWS_CONN_ID,
    target_arn="{{ var.value.ddb_migrate_topic_arn }}",
    subject=NOTICE_TITLE,
    message=NOTICE_TEXT,
)

with DAG(
    dag_id="ddb_migration_notify",
    doc_md=ABOUT,
    schedule=None,
    catchup=False,
    max_active_runs=16,
    params={name: param for name, param in migration_params().items() if name in FIELDS},
    render_template_as_native_obj=True,
    tags=["dynamodb", "migration"],
    default_args={
        "stack_name": STACK_NAME,
        "aws_conn_id": AWS_CONN_ID,
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
    },
) as dag:
    where = {"table_name": ConfField("table"), "migration_id": ConfField("migration_id")}
    request = {
        "total_segments": ConfField("segments"),
        "transform": ConfField("transform"),
        "transform_params": ConfField("params"),
        "single_writer_region": ConfField("single_writer_region"),
    }
    prewarm = PrewarmTableOperator(
        task_id="prewarm",
        enabled=ConfField("prewarm"),
        poke_interval=min(POKE_SECONDS, 20),
        deferrable=True,
        **where,
        **request,
    )
    start = StartDistributedMapMigrationOperator(
        task_id="start",
        trigger_rule="none_failed",  # run even if prewarm was off and skipped
        **where,
        **request,
    )
    wait = DistributedMapMigrationSensor(
        task_id="wait",
        poke_interval=POKE_SECONDS,
        deferrable=True,
        on_hold_callback=notify,
        **where,
    )
    # It runs whatever fails upstream, so you get one message for each run, not for each task.
    report = MigrationReportOperator(
        task_id="report",
        on_success_callback=notify,
        on_failure_callback=notify,
        **where,
    ).as_teardown(on_failure_fail_dagrun=True)
    restore = RestoreCapacityOperator(
        task_id="restore",
        retries=8,
        retry_delay=timedelta(minutes=1),
        retry_exponential_backoff=True,
        max_retry_delay=timedelta(hours=1),
        on_failure_callback=notify,
        **where,
    ).as_teardown(on_failure_fail_dagrun=True)

    prewarm >> start >> wait >> report
    [prewarm, start, wait] >> restore
