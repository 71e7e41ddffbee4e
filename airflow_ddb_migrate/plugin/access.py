"""Who may look and who may press: Airflow's own permissions, on every route."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import get_user, requires_access_dag
from airflow.configuration import conf
from fastapi import Depends, HTTPException, Request, status

User = Annotated[BaseUser, Depends(get_user)]

#: Signed in; for what holds no data of any DAG.
SIGNED_IN = Depends(get_user)
#: May see the runs of the DAG in the path.
MAY_LOOK = Depends(requires_access_dag(method="GET", access_entity=DagAccessEntity.RUN))
#: May change them, as who marks a run failed.
MAY_STEER = Depends(requires_access_dag(method="PUT", access_entity=DagAccessEntity.RUN))

HEADER = "X-DDB-Migrate"


def may(
    request: Request,
    user: BaseUser,
    dag_id: str,
    *,
    change: bool,
    what: DagAccessEntity = DagAccessEntity.RUN,
) -> bool:
    """Return whether a user may see, or change, the runs of a DAG, by the routes' own check."""
    check = requires_access_dag(
        method="PUT" if change else "GET", access_entity=what, param_dag_id=dag_id
    )
    try:
        check(request, user)
    except HTTPException as refused:
        if refused.status_code == status.HTTP_403_FORBIDDEN:
            return False
        raise
    return True


def readable_dags(user: BaseUser) -> frozenset[str]:
    """Return the DAGs that a user may see, by one question to Airflow's auth manager."""
    return frozenset(get_auth_manager().get_authorized_dag_ids(user=user))


@dataclass(frozen=True, slots=True)
class AskedMigration:
    """The migration in the path, by the run whose tab it is, and who asks for it."""

    request: Request
    user: User
    dag_id: str
    run_id: str
    migration_id: str

    def may(self, dag_id: str, *, change: bool) -> bool:
        """Return whether the user may see, or change, the runs of another DAG."""
        return may(self.request, self.user, dag_id, change=change)

    def may_see_values(self, owner: str) -> bool:
        """Return whether the user may see XComs, of this DAG and of the one that started it."""
        return all(
            may(self.request, self.user, dag_id, change=False, what=DagAccessEntity.XCOM)
            for dag_id in {self.dag_id, owner}
        )


def from_this_page(request: Request) -> None:
    """Refuse a request that a page of another site made a browser send, with its cookie.

    Such a page can send a form, or text, without asking; neither JSON nor a header of ours: for
    those the browser asks this server first (a CORS preflight), and Airflow may be set up to say
    yes ([api] access_control_allow_origins). So what browsers say by themselves counts, too: which
    kind of site a request comes from, and which one.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    site = request.headers.get("sec-fetch-site", "same-origin")
    is_ours = kind == "application/json" and HEADER in request.headers and site == "same-origin"
    if not is_ours or not _is_own_origin(request):
        raise HTTPException(
            status.HTTP_403_FORBIDDEN,
            f"Send JSON with the header {HEADER} from the page itself; nothing was changed.",
        )


def _is_own_origin(request: Request) -> bool:
    """Return whether the page, if the browser names one, is of the host that was asked.

    Behind a proxy that is the host of ``[api] base_url``; which scheme the browser used is the
    proxy's to know.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return True
    ours = f"//{request.headers.get('host', '')}", conf.get("api", "base_url", fallback="")
    return _host(origin) in {host for url in ours if (host := _host(url))}


def _host(url: str) -> str:
    """Return host and port of a URL, without a default port; empty: it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    name = parts.hostname or ""
    return name if port in (None, 80, 443) else f"{name}:{port}"


FROM_THIS_PAGE = Depends(from_this_page)
Asked = Annotated[AskedMigration, Depends()]
