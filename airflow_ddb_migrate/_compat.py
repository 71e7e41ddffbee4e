"""Names that moved between Airflow 3.1 and 3.3, from wherever the installed one keeps them."""

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
]


def defer_by_default() -> bool:
    """Return Airflow's own setting of whether tasks that wait give their worker back."""
    return bool(conf.getboolean("operators", "default_deferrable", fallback=False))
