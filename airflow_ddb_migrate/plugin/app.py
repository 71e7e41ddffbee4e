"""The routes of the tab. Each depends on a check of access.py; a test covers all of them."""

import logging
import re
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse, Response

from airflow_ddb_migrate._compat import AirflowException
from airflow_ddb_migrate.aws.report.view import look_at_lane
from airflow_ddb_migrate.core.errors import (
    InvalidInputError,
    LedgerError,
    MigrationError,
    SteeringError,
)
from airflow_ddb_migrate.plugin.access import (
    MAY_LOOK,
    SIGNED_IN,
    Asked,
    User,
    may,
    readable_dags,
)
from airflow_ddb_migrate.plugin.steering import add_steering
from airflow_ddb_migrate.plugin.threads import BusyError, OwnThreads
from airflow_ddb_migrate.plugin.views import Looks

STATIC = Path(__file__).parent / "static"
MEDIA = {".css": "text/css", ".html": "text/html", ".js": "text/javascript"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_BUSY, _BUSY_SECONDS = 503, 3
_STATUSES: dict[type[Exception], int] = {
    InvalidInputError: 400,
    LedgerError: 404,
    SteeringError: 409,
    BusyError: _BUSY,
}
_AWS_FAILED = 502
_PLACES = re.compile(r"\barn:[^\s'\",)]+|\b[a-z][a-z0-9+.-]*://[^\s'\",)]+|\b\d{12}\b")
_logger = logging.getLogger(__name__)
_LOOKING = OwnThreads(4, "look")
_DAGS = 50  # in the list; each costs a request to the ledger

#: The migration after which the list continues, from the previous page.
Before = Annotated[str, Query(max_length=120, pattern=r"^[\w.:#-]*$")]
_RUN = "/api/{dag_id}/{run_id}/migrations"
_ONE = _RUN + "/{migration_id}"


@cache
def the_app() -> FastAPI:
    """Return the FastAPI app of this process."""
    return make_app(Looks())


def make_app(looks: Looks) -> FastAPI:
    """Return a new app. It lacks FastAPI's own pages, which would be open to everyone."""
    app = FastAPI(title="DynamoDB migration", docs_url=None, redoc_url=None, openapi_url=None)
    app.middleware("http")(_with_headers)
    app.exception_handler(MigrationError)(_explained)
    app.exception_handler(AirflowException)(_explained)
    app.exception_handler(Exception)(_broken)
    _add_pages(app)
    _add_looks(app, looks)
    add_steering(app, looks, _ONE)
    return app


def _add_pages(app: FastAPI) -> None:
    @app.get("/ui", dependencies=[SIGNED_IN])
    def all_migrations() -> Response:
        return _file("list.html")

    @app.get("/ui/{dag_id}/{run_id}", dependencies=[MAY_LOOK])
    def migration_of_run(dag_id: str, run_id: str) -> Response:  # noqa: ARG001  # the page asks
        return _file("page.html")

    @app.get("/static/{name}", dependencies=[SIGNED_IN])
    def static(name: str) -> Response:
        return _file(name)


def _add_looks(app: FastAPI, looks: Looks) -> None:
    @app.get("/api/list", dependencies=[SIGNED_IN])
    async def list_all(request: Request, user: User, before: Before = "") -> Response:
        return await _shown(lambda: _list(looks, request, user, before))

    @app.get(_RUN, dependencies=[MAY_LOOK])
    async def list_of_run(request: Request, dag_id: str, run_id: str, user: User) -> Response:
        return await _shown(
            lambda: {
                "migrations": looks.migrations(dag_id, run_id),
                "may_steer": may(request, user, dag_id, change=True),
            }
        )

    @app.get(_ONE, dependencies=[MAY_LOOK])
    async def view(one: Asked) -> Response:
        return await _shown(lambda: looks.view(one))

    @app.get(_ONE + "/lanes/{lane}", dependencies=[MAY_LOOK])
    async def lane(one: Asked, lane: int) -> Response:
        return await _shown(lambda: look_at_lane(looks.site(one, change=False), lane))

    @app.get(_ONE + "/quarantine", dependencies=[MAY_LOOK])
    async def quarantine(one: Asked) -> Response:
        return await _shown(lambda: looks.quarantine(one))


async def _shown(look: Callable[[], Any]) -> Response:
    return await _LOOKING.run(lambda: JSONResponse(look()))


def _list(looks: Looks, request: Request, user: User, before: str) -> dict[str, Any]:
    """Return a page of migrations, from DAGs whose runs the user may see.

    For a user who may see no DAG, no request is sent to AWS.
    """
    readable = readable_dags(user)
    known = sorted(readable & looks.dags()) if readable else []
    first = known[:_DAGS]
    shown = tuple(dag_id for dag_id in first if may(request, user, dag_id, change=False))
    rows, older = looks.page(shown, before) if shown else ([], "")
    return {"migrations": rows, "older": older, "dags_left_out": len(known) - len(first)}


def _file(name: str) -> Response:
    """Return one of the packaged files. The name is never used as a path."""
    path = next((path for path in STATIC.iterdir() if path.name == name), None)
    if path is None or path.suffix not in MEDIA:
        raise HTTPException(404, f"File {name!r} does not exist.")
    return Response(path.read_bytes(), media_type=MEDIA[path.suffix])


async def _explained(_: Request, exc: Exception) -> Response:
    """Answer with the error's message. ARNs, URLs and account ids are hidden from viewers."""
    status = next((code for kind, code in _STATUSES.items() if isinstance(exc, kind)), _AWS_FAILED)
    words = str(exc)
    if status == _AWS_FAILED:
        _logger.warning("A request to AWS failed for the tab: %s", exc)
        words = f"{_PLACES.sub('(hidden)', words)} The API server's log has the full message."
    headers = {"Retry-After": str(_BUSY_SECONDS)} if status == _BUSY else None
    return JSONResponse({"detail": words}, status, headers)


async def _broken(_: Request, __: Exception) -> Response:
    """Answer after an unexpected error, which the server logs. ``_with_headers`` is skipped."""
    return JSONResponse({"detail": "Internal error. See the API server's log."}, 500, HEADERS)


async def _with_headers(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    response = await call_next(request)
    response.headers.update(HEADERS)
    return response
