"""Check Airflow's permissions on every route, for viewing and for changing."""

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

#: The user is signed in. For routes without data of a DAG.
SIGNED_IN = Depends(get_user)
#: The user may see the runs of the DAG in the path.
MAY_LOOK = Depends(requires_access_dag(method="GET", access_entity=DagAccessEntity.RUN))
#: The user may change these runs, for example mark one as failed.
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
    """Return whether a user may see or change the runs of a DAG, by the check of the routes."""
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
    """Return the ids of the DAGs that a user may see, in one call of Airflow's auth manager."""
    return frozenset(get_auth_manager().get_authorized_dag_ids(user=user))


@dataclass(frozen=True, slots=True)
class AskedMigration:
    """A request for the migration in the path, in the tab of a run, by a user."""

    request: Request
    user: User
    dag_id: str
    run_id: str
    migration_id: str

    def may(self, dag_id: str, *, change: bool) -> bool:
        """Return whether the user may see, or change, the runs of another DAG."""
        return may(self.request, self.user, dag_id, change=change)

    def may_see_values(self, owner: str) -> bool:
        """Return whether the user may see the XComs of this DAG and of the migration's DAG."""
        return all(
            may(self.request, self.user, dag_id, change=False, what=DagAccessEntity.XCOM)
            for dag_id in {self.dag_id, owner}
        )


def from_this_page(request: Request) -> None:
    """Refuse a request that a page of another site made the browser send, with its cookie.

    Such a page can send a form or text. For JSON or a custom header, the browser first asks this
    server (CORS preflight), and Airflow may be configured to allow it
    (``[api] access_control_allow_origins``). So the headers ``Sec-Fetch-Site`` and ``Origin``,
    which the browser sets itself, are checked as well.

    :raises HTTPException: 403.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    site = request.headers.get("sec-fetch-site", "same-origin")
    is_ours = kind == "application/json" and HEADER in request.headers and site == "same-origin"
    if not is_ours or not _is_own_origin(request):
        raise HTTPException(
            status.HTTP_403_FORBIDDEN,
            f"The request must be JSON with the header {HEADER}, sent by the page itself. Nothing "
            "was changed.",
        )


def _is_own_origin(request: Request) -> bool:
    """Return whether the request's Origin, if it has one, is this host.

    Behind a proxy, this host is that of ``[api] base_url``. The scheme is not compared, because
    only the proxy knows it.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return True
    ours = f"//{request.headers.get('host', '')}", conf.get("api", "base_url", fallback="")
    return _host(origin) in {host for url in ours if (host := _host(url))}


def _host(url: str) -> str:
    """Return host and port of a URL, without a default port; empty if it has no host."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    name = parts.hostname or ""
    return name if port in (None, 80, 443) else f"{name}:{port}"


FROM_THIS_PAGE = Depends(from_this_page)
Asked = Annotated[AskedMigration, Depends()]
