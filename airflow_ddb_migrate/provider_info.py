"""What Airflow asks a provider package about itself."""

from typing import Any

_PACKAGE = "airflow_ddb_migrate"
_INTEGRATION = "Amazon DynamoDB migration"


def get_provider_info() -> dict[str, Any]:
    """Return the package's description after Airflow's provider schema."""
    return {
        "package-name": "airflow-ddb-migrate",
        "name": "DynamoDB migration",
        "description": "Change every item of a DynamoDB table with a Step Functions Distributed "
        "Map: safe, resumable, watched, and the capacity put back.",
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
            "prewarm",
            "replay",
            "report",
            "restore",
            "start",
            "undo",
            "verify",
        ),
        "sensors": _modules("sensors", "migration"),
        "triggers": _modules("triggers", "migration", "prewarm"),
        "extra-links": [
            f"{_PACKAGE}.links.migration.Migration{link}Link"
            for link in ("Execution", "MapRun", "Logs", "Report")
        ],
    }


def _modules(folder: str, *names: str) -> list[dict[str, Any]]:
    modules = [f"{_PACKAGE}.{folder}.{name}" for name in names]
    return [{"integration-name": _INTEGRATION, "python-modules": modules}]
