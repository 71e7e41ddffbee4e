"""Change every item of a DynamoDB table from Apache Airflow.

Public names are loaded on first use. This module ships in the Lambda zip, where Airflow is not
installed, and every process of an Airflow with this provider imports it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from airflow_ddb_migrate.core.version import __version__

if TYPE_CHECKING:
    from airflow_ddb_migrate.assets import migrated_table as migrated_table
    from airflow_ddb_migrate.conf_field import ConfField as ConfField
    from airflow_ddb_migrate.core.execution.payload import (
        build_segment_payload as build_segment_payload,
    )
    from airflow_ddb_migrate.notices import NOTICE_HTML as NOTICE_HTML
    from airflow_ddb_migrate.notices import NOTICE_SLACK as NOTICE_SLACK
    from airflow_ddb_migrate.notices import NOTICE_TEXT as NOTICE_TEXT
    from airflow_ddb_migrate.notices import NOTICE_TITLE as NOTICE_TITLE
    from airflow_ddb_migrate.operators.approve import (
        ApproveMigrationOperator as ApproveMigrationOperator,
    )
    from airflow_ddb_migrate.operators.backup import BackupTableOperator as BackupTableOperator
    from airflow_ddb_migrate.operators.canary import (
        CanaryMigrationOperator as CanaryMigrationOperator,
    )
    from airflow_ddb_migrate.operators.dry_run import (
        DryRunMigrationOperator as DryRunMigrationOperator,
    )
    from airflow_ddb_migrate.operators.plan import PlanMigrationOperator as PlanMigrationOperator
    from airflow_ddb_migrate.operators.plan_many import (
        PlanManyMigrationsOperator as PlanManyMigrationsOperator,
    )
    from airflow_ddb_migrate.operators.prewarm import (
        PrewarmTableOperator as PrewarmTableOperator,
    )
    from airflow_ddb_migrate.operators.replay import (
        ReplayQuarantineOperator as ReplayQuarantineOperator,
    )
    from airflow_ddb_migrate.operators.report import (
        MigrationReportOperator as MigrationReportOperator,
    )
    from airflow_ddb_migrate.operators.report_many import (
        ReportManyMigrationsOperator as ReportManyMigrationsOperator,
    )
    from airflow_ddb_migrate.operators.restore import (
        RestoreCapacityOperator as RestoreCapacityOperator,
    )
    from airflow_ddb_migrate.operators.start import (
        StartDistributedMapMigrationOperator as StartDistributedMapMigrationOperator,
    )
    from airflow_ddb_migrate.operators.turn import (
        AwaitTurnOperator as AwaitTurnOperator,
    )
    from airflow_ddb_migrate.operators.turn import (
        EndTurnOperator as EndTurnOperator,
    )
    from airflow_ddb_migrate.operators.undo import (
        UndoMigrationOperator as UndoMigrationOperator,
    )
    from airflow_ddb_migrate.operators.verify import (
        VerifyMigrationOperator as VerifyMigrationOperator,
    )
    from airflow_ddb_migrate.sensors.migration import (
        DistributedMapMigrationSensor as DistributedMapMigrationSensor,
    )

_HOMES = {
    "ApproveMigrationOperator": "operators.approve",
    "AwaitTurnOperator": "operators.turn",
    "BackupTableOperator": "operators.backup",
    "CanaryMigrationOperator": "operators.canary",
    "ConfField": "conf_field",
    "DistributedMapMigrationSensor": "sensors.migration",
    "DryRunMigrationOperator": "operators.dry_run",
    "EndTurnOperator": "operators.turn",
    "MigrationReportOperator": "operators.report",
    "NOTICE_HTML": "notices",
    "NOTICE_SLACK": "notices",
    "NOTICE_TEXT": "notices",
    "NOTICE_TITLE": "notices",
    "PlanManyMigrationsOperator": "operators.plan_many",
    "PlanMigrationOperator": "operators.plan",
    "PrewarmTableOperator": "operators.prewarm",
    "ReplayQuarantineOperator": "operators.replay",
    "ReportManyMigrationsOperator": "operators.report_many",
    "RestoreCapacityOperator": "operators.restore",
    "StartDistributedMapMigrationOperator": "operators.start",
    "UndoMigrationOperator": "operators.undo",
    "VerifyMigrationOperator": "operators.verify",
    "migrated_table": "assets",
    "build_segment_payload": "core.execution.payload",
}

__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604  # the names are strings, made from one table


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
