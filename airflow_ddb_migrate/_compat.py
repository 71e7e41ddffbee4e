"""Names that moved between Airflow 3.1 and 3.3, imported from the installed version."""

from typing import Any

from airflow.providers.common.compat.sdk import conf

try:
    from airflow.sdk.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowNotFoundException,
        AirflowSensorTimeout,
        AirflowSkipException,
        TaskDeferralTimeout,
    )
except ImportError:  # before 3.2
    from airflow.exceptions import (  # type: ignore[attr-defined, no-redef]
        AirflowException,
        AirflowFailException,
        AirflowNotFoundException,
        AirflowSensorTimeout,
        AirflowSkipException,
        TaskDeferralTimeout,
    )

__all__ = [
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "TaskDeferralTimeout",
    "conf",
    "defer_by_default",
    "task_stats",
    "trigger_stats",
]


def defer_by_default() -> bool:
    """Return Airflow's setting of whether waiting tasks free their worker slot."""
    return bool(conf.getboolean("operators", "default_deferrable", fallback=False))


def task_stats() -> Any:
    """Return Airflow's metrics in the process of a task."""
    try:
        from airflow.sdk.observability.stats import Stats
    except ImportError:  # before 3.2
        from airflow.stats import Stats
    return Stats


def trigger_stats() -> Any:
    """Return Airflow's metrics in the triggerer, which sets up its own object."""
    try:
        from airflow.observability.stats import Stats
    except ImportError:  # before 3.2
        from airflow.stats import Stats  # type: ignore[assignment]
    return Stats
