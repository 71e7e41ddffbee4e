"""An auth manager of Airflow's with rights by DAG, as those of larger installations have."""

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

RIGHTS = {"bob": {"team_a"}, "cara": {"team_a", "team_b"}, "dan": set()}


class TeamAuthManager(SimpleAuthManager):
    """Everybody may do everything to the DAGs of their team, and nothing to others."""

    def is_authorized_dag(self, *, user: Any, details: Any = None, **_: Any) -> bool:
        return details is not None and details.id in RIGHTS[user.get_name()]
