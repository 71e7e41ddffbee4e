"""The settings of a local Airflow: folders, users, and how to reach the emulator."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from airflow_ddb_migrate.local.emulated_aws.emulator import REGION, Emulator
from airflow_ddb_migrate.local.processes.background import free_port


def connection(emulator: Emulator) -> str:
    """Return an Airflow connection to the emulator, as JSON."""
    return json.dumps(
        {
            "conn_type": "aws",
            "login": emulator.credentials["aws_access_key_id"],
            "password": emulator.credentials["aws_secret_access_key"],
            "extra": {"region_name": REGION, "endpoint_url": emulator.endpoint_url},
        }
    )


def environment(
    home: Path, port: int, *, emulator: Emulator, poke_seconds: float, users: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of Airflow's processes, without variables of another Airflow or AWS.

    ``users`` are names with their roles; without any, everyone is an admin.
    """
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "AWS_", "_AIRFLOW"))
    }
    # ``airflow standalone`` finds its components by name.
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return {
        **kept,
        "PATH": path,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.25",  # else a second per task
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW_CONN_AWS_DEFAULT": connection(emulator),
        "AIRFLOW_DDB_MIGRATE_POKE_SECONDS": str(poke_seconds),
        **_sign_in(users),
    }


def _sign_in(users: Mapping[str, str]) -> dict[str, str]:
    pairs = ",".join(f"{name}:{role}" for name, role in users.items())
    return {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": str(not users),
        **({"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": pairs} if users else {}),
    }
