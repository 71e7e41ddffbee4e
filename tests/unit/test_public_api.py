"""The public names."""

import subprocess
import sys

import airflow_ddb_migrate
import pytest

ROOT_OF_IMPORTS = "import sys, airflow_ddb_migrate as m; {}; print(*sorted(sys.modules))"


def modules_after(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has after importing the package."""
    code = ROOT_OF_IMPORTS.format(statement)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_the_public_names_are_these() -> None:
    """Adding or removing one is a decision."""
    assert {
        "ApproveMigrationOperator",
        "AwaitTurnOperator",
        "BackupTableOperator",
        "CanaryMigrationOperator",
        "ConfField",
        "DistributedMapMigrationSensor",
        "DryRunMigrationOperator",
        "EndTurnOperator",
        "MigrationReportOperator",
        "NOTICE_HTML",
        "NOTICE_SLACK",
        "NOTICE_TEXT",
        "NOTICE_TITLE",
        "PlanManyMigrationsOperator",
        "PlanMigrationOperator",
        "PrewarmTableOperator",
        "ReplayQuarantineOperator",
        "ReportManyMigrationsOperator",
        "RestoreCapacityOperator",
        "StartDistributedMapMigrationOperator",
        "UndoMigrationOperator",
        "VerifyMigrationOperator",
        "__version__",
        "build_segment_payload",
        "migrated_table",
    } == set(airflow_ddb_migrate.__all__)


@pytest.mark.parametrize("name", airflow_ddb_migrate.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """Each is loaded when asked for, and is called what it is called."""
    value = getattr(airflow_ddb_migrate, name)

    assert name == getattr(value, "__name__", name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As with any module."""
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = airflow_ddb_migrate.nothing


@pytest.mark.parametrize("statement", ["pass", "m.build_segment_payload('orders', 1)"])
def test_importing_the_package_imports_no_airflow_and_no_boto3(statement: str) -> None:
    """It ships in the Lambda zip, and every Airflow process with the provider imports it."""
    assert set() == modules_after(statement) & {"airflow", "boto3", "botocore"}
