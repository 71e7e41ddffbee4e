"""The description of this provider package, for Airflow."""

from typing import Any, Final, NamedTuple

from airflow_ddb_migrate.core.names import DEFAULT_STACK_NAME

_PACKAGE = "airflow_ddb_migrate"
_INTEGRATION = "Amazon DynamoDB migration"
_SECTION_SINCE = "0.2.0"


class _Option(NamedTuple):
    default: str
    type: str
    description: str


CONFIG_SECTION: Final = "ddb_migrate"  # settings.py reads it
CONFIG_OPTIONS: Final = {
    "stack_name": _Option(
        DEFAULT_STACK_NAME, "string", "The deployed stack that the example DAGs and the tab use."
    ),
    "aws_conn_id": _Option(
        "aws_default", "string", "The Airflow connection that the example DAGs and the tab use."
    ),
    "poke_seconds": _Option(
        "30",
        "float",
        "Seconds between two observations by the waiting tasks of the example DAGs. Values below "
        "20 add cost without adding information.",
    ),
}


def get_provider_info() -> dict[str, Any]:
    """Return the package's description according to Airflow's provider schema."""
    return {
        "package-name": "airflow-ddb-migrate",
        "name": "DynamoDB migration",
        "description": "Change every item of a DynamoDB table with a Step Functions Distributed "
        "Map: safe, resumable, monitored, with its capacity restored afterwards.",
        "integrations": [
            {
                "integration-name": _INTEGRATION,
                "external-doc-url": "https://docs.aws.amazon.com/step-functions/latest/dg/"
                "state-map-distributed.html",
                "tags": ["aws"],
            }
        ],
        "operators": _modules(
            "operators",
            "approve",
            "backup",
            "canary",
            "dry_run",
            "plan",
            "plan_many",
            "prewarm",
            "replay",
            "report",
            "report_many",
            "restore",
            "start",
            "turn",
            "undo",
            "verify",
        ),
        "sensors": _modules("sensors", "migration"),
        "triggers": _modules("triggers", "migration", "prewarm", "turn"),
        "config": {CONFIG_SECTION: _config()},
        "extra-links": [
            f"{_PACKAGE}.links.migration.Migration{link}Link"
            for link in ("Execution", "MapRun", "Logs", "Report")
        ],
    }


def _config() -> dict[str, Any]:
    options = {
        name: {**option._asdict(), "version_added": _SECTION_SINCE, "example": None}
        for name, option in CONFIG_OPTIONS.items()
    }
    return {"description": "Settings of the example DAGs and the tab.", "options": options}


def _modules(folder: str, *names: str) -> list[dict[str, Any]]:
    modules = [f"{_PACKAGE}.{folder}.{name}" for name in names]
    return [{"integration-name": _INTEGRATION, "python-modules": modules}]
