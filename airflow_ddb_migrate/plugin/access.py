"""Who may look and who may press: Airflow's own permissions, on every route."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import get_user, requires_access_dag
from fastapi import Depends, HTTPException, Request, status

User = Annotated[BaseUser, Depends(get_user)]

#: Signed in; for what holds no data of any DAG.
SIGNED_IN = Depends(get_user)
#: May see the runs of the DAG in the path.
MAY_LOOK = Depends(requires_access_dag(method="GET", access_entity=DagAccessEntity.RUN))
#: May change them, as who marks a run failed.
MAY_STEER = Depends(requires_access_dag(method="PUT", access_entity=DagAccessEntity.RUN))

HEADER = "X-DDB-Migrate"


def may(request: Request, user: BaseUser, dag_id: str, *, change: bool) -> bool:
    """Return whether a user may see, or change, the runs of a DAG, by the routes' own check."""
    check = requires_access_dag(
        method="PUT" if change else "GET",
        access_entity=DagAccessEntity.RUN,
        param_dag_id=dag_id,
    )
    try:
        check(request, user)
    except HTTPException as refused:
        if refused.status_code == status.HTTP_403_FORBIDDEN:
            return False
        raise
    return True


@dataclass(frozen=True, slots=True)
class AskedMigration:
    """The migration in the path, by the run whose tab it is, and who asks for it."""

    request: Request
    user: User
    dag_id: str
    run_id: str
    migration_id: str

    def may(self, *, change: bool) -> Callable[[str], bool]:
        """Return how to ask whether the user may see, or change, the runs of another DAG."""
        return lambda dag_id: may(self.request, self.user, dag_id, change=change)


def from_this_page(request: Request) -> None:
    """Refuse a request that a page of another site made a browser send, with its cookie.

    Such a page can send a form, or text, without asking; neither JSON nor a header of ours: for
    those the browser asks this server first (a CORS preflight), and it never says yes. Browsers
    also say by themselves where a request comes from.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    site = request.headers.get("sec-fetch-site", "same-origin")
    if kind != "application/json" or HEADER not in request.headers or site != "same-origin":
        raise HTTPException(
            status.HTTP_403_FORBIDDEN,
            f"Send JSON with the header {HEADER} from the page itself; nothing was changed.",
        )


FROM_THIS_PAGE = Depends(from_this_page)
Asked = Annotated[AskedMigration, Depends()]
