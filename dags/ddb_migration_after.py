"""Two DAGs for an earlier migration: undo it, or retry its quarantined items.

Trigger either DAG with ``{"migration_id": "orders-0123456789ab"}``.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG

from airflow_ddb_migrate import (
    ApproveMigrationOperator,
    ConfField,
    MigrationReportOperator,
    PrewarmTableOperator,
    ReplayQuarantineOperator,
    RestoreCapacityOperator,
    UndoMigrationOperator,
    settings,
)
from airflow_ddb_migrate.params import about_params

POKE_SECONDS = settings.poke_seconds()
STACK_NAME = settings.stack_name()
AWS_CONN_ID = settings.aws_conn_id()
# The migrations of these DAGs may be undone and replayed here. Add your own DAGs.
OF_DAGS = ["ddb_migration", "ddb_migration_many", "ddb_migration_replay"]

UNDO = """
### Undo a migration

The undo log of a migration holds every write and the values from before. This DAG reverts the
writes through the same distributed map, **only where an item still holds what was written**. Items
that live traffic has changed since stay as they are and are listed. A deleted item is put back only
if its key is free.

**Trigger it** with the id that the migration's tasks and its report show:

```json
{"migration_id": "orders-0123456789ab"}
```

The migration must have ended; stop it first. An undo is itself a migration: it locks the table, you
can stop it, and it resumes where it stopped when you clear `undo`. The undo log is kept for 90
days. If you replayed the migration's quarantine, undo the replay first.
"""

REPLAY = """
### Replay a quarantine

Items that a migration could not change are in its quarantine, each with its error. Fix the
transform and deploy it, or fix the items. Then **trigger this DAG** with the id of the migration:

```json
{"migration_id": "orders-0123456789ab"}
```

The replay reads each of those items as it is now and migrates it like any other. An item that fails
again goes to the quarantine of the replay. You can replay that one in turn, with the id from the
replay's report.
"""


def prewarm_for(**about: Any) -> PrewarmTableOperator:
    """Return a task that raises the capacity if ``prewarm`` is on, without a transform to check."""
    return PrewarmTableOperator(
        task_id="prewarm",
        trigger_rule="none_failed",  # run even if the approval was off and skipped
        enabled=ConfField("prewarm"),
        transform=None,
        read_units=ConfField("prewarm_rcu"),
        write_units=ConfField("prewarm_wcu"),
        poke_interval=min(POKE_SECONDS, 20),
        deferrable=True,
        **about,
    )


def restore_after(**table: Any) -> Any:
    """Return a teardown that restores the capacity. AWS may allow the decrease in an hour."""
    return RestoreCapacityOperator(
        task_id="restore",
        retries=8,
        retry_delay=timedelta(minutes=1),
        retry_exponential_backoff=True,
        max_retry_delay=timedelta(hours=1),
        **table,
    ).as_teardown(on_failure_fail_dagrun=True)


def about_a_migration(verb: str, operator: Any, doc_md: str) -> DAG:
    """Return the DAG ``ddb_migration_<verb>``: approval, prewarm, operator, report and restore."""
    with DAG(
        dag_id=f"ddb_migration_{verb}",
        doc_md=doc_md,
        schedule=None,
        catchup=False,
        max_active_runs=16,
        params=about_params(verb),
        render_template_as_native_obj=True,
        tags=["dynamodb", "migration"],
        default_args={
            "stack_name": STACK_NAME,
            "aws_conn_id": AWS_CONN_ID,
            "of_dags": OF_DAGS,
            "retries": 2,
            "retry_delay": timedelta(seconds=30),
        },
    ) as dag:
        table = {"table_of": ConfField("migration_id")}
        regions = {"single_writer_region": ConfField("single_writer_region")}
        approve = ApproveMigrationOperator(
            task_id="approve",
            enabled=ConfField("approve"),
            subject=f"{verb.capitalize()} migration {{{{ params.migration_id }}}}?",
            of=ConfField("migration_id"),
        )
        prewarm = prewarm_for(**table, **regions)
        work = operator(
            task_id=verb,
            trigger_rule="none_failed",  # run even if prewarm was off and skipped
            of=ConfField("migration_id"),
            max_concurrency=ConfField("max_concurrency"),
            read_units_per_second=ConfField("read_units_per_second"),
            write_units_per_second=ConfField("write_units_per_second"),
            max_quarantined=ConfField("max_quarantined"),
            max_quarantined_percentage=ConfField("max_quarantined_percentage"),
            hold_while=ConfField("hold_while"),
            healthy_for=ConfField("healthy_for"),
            poke_interval=POKE_SECONDS,
            deferrable=True,
            **regions,
        )
        report = MigrationReportOperator(
            task_id="report",
            **table,
        ).as_teardown(on_failure_fail_dagrun=True)
        restore = restore_after(**table)
        approve >> prewarm >> work >> report
        [prewarm, work] >> restore
    return dag


undo = about_a_migration("undo", UndoMigrationOperator, UNDO)
replay = about_a_migration("replay", ReplayQuarantineOperator, REPLAY)
