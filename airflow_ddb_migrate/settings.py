"""The section ``[ddb_migrate]`` of Airflow's configuration."""

import os

from airflow_ddb_migrate._compat import conf
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.provider_info import CONFIG_OPTIONS, CONFIG_SECTION

_BARE = {  # environment variables from before the section; if set, they take precedence
    "stack_name": "AIRFLOW_DDB_MIGRATE_STACK",
    "aws_conn_id": "AIRFLOW_DDB_MIGRATE_CONN_ID",
    "poke_seconds": "AIRFLOW_DDB_MIGRATE_POKE_SECONDS",
}


def stack_name() -> str:
    """Return the name of the stack that the example DAGs and the tab use."""
    return _value("stack_name")


def aws_conn_id() -> str:
    """Return the id of the Airflow connection that the example DAGs and the tab use."""
    return _value("aws_conn_id")


def poke_seconds() -> float:
    """Return the seconds between two observations by the waiting tasks of the example DAGs.

    :raises InvalidInputError: the option is not a number above 0.
    """
    text = _value("poke_seconds")
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise InvalidInputError(
            f"[{CONFIG_SECTION}] poke_seconds is {text!r}; it must be a number of seconds above 0."
        )
    return seconds


def _value(option: str) -> str:
    given = os.environ.get(_BARE[option])
    return given or str(conf.get(CONFIG_SECTION, option, fallback=CONFIG_OPTIONS[option].default))
