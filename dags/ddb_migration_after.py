"""What is done about a migration that was: undone, or its quarantined items tried again.

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
# Whose migrations may be undone and replayed here; add your own DAGs that migrate.
OF_DAGS = ["ddb_migration", "ddb_migration_many", "ddb_migration_replay"]

UNDO = """
### Undo a migration

Every write of a migration is in its undo log, with what was there before. This reverts them through
the same distributed map, **only where an item still holds what was written**: what live traffic has
changed since is kept as it is and listed, a deleted item is put back only where its key is free.

**Trigger it** with the id that the migration's tasks and its report show:

```json
{"migration_id": "orders-0123456789ab"}
```

The migration must have ended; stop it first. Undoing is itself a migration: it holds the table, can
be stopped, and goes on where it was when you clear `undo`. The log is kept for 90 days. Was its
quarantine replayed? Undo the replay first.
"""

REPLAY = """
### Replay a quarantine

Items that a migration could not change are set aside with their error. Fix the transform and
deploy it, or fix the items, and **trigger this** with the id of the migration:

```json
{"migration_id": "orders-0123456789ab"}
```

Each of those items is read again as it is now and migrated like any other. What fails again is in
the quarantine of this replay, whose id is in its report: replay that one in turn.
"""


def prewarm_for(**about: Any) -> PrewarmTableOperator:
    """Raise the capacity, if asked to; there is no transform to check."""
    return PrewarmTableOperator(
        task_id="prewarm",
        trigger_rule="none_failed",  # an approval that is off is skipped
        enabled=ConfField("prewarm"),
        transform=None,
        read_units=ConfField("prewarm_rcu"),
        write_units=ConfField("prewarm_wcu"),
        poke_interval=min(POKE_SECONDS, 20),
        deferrable=True,
        **about,
    )


def restore_after(**table: Any) -> Any:
    """Bring it back whatever fails; AWS may allow the next decrease in an hour."""
    return RestoreCapacityOperator(
        task_id="restore",
        retries=8,
        retry_delay=timedelta(minutes=1),
        retry_exponential_backoff=True,
        max_retry_delay=timedelta(hours=1),
        **table,
    ).as_teardown(on_failure_fail_dagrun=True)


def about_a_migration(verb: str, operator: Any, doc_md: str) -> DAG:
    """Return the DAG ``ddb_migration_<verb>``: prewarm, the operator, a report, and restore."""
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
            trigger_rule="none_failed",  # a prewarm that is off is skipped
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
