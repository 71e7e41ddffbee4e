"""The buttons: pause, resume, stop, retune. Airflow's audit log and the ledger record each use."""

import contextlib
import json
import logging
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse, Response

from airflow_ddb_migrate.aws.execution.steering.pause import pause, resume
from airflow_ddb_migrate.aws.execution.steering.retune import retune
from airflow_ddb_migrate.aws.execution.steering.stop import begin_stop, stop_now
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import InvalidInputError, MigrationError, SteeringError
from airflow_ddb_migrate.core.limits import ENTERED_CHARS
from airflow_ddb_migrate.plugin.access import FROM_THIS_PAGE, MAY_STEER, Asked
from airflow_ddb_migrate.plugin.audit import audited
from airflow_ddb_migrate.plugin.threads import BusyError, OwnThreads
from airflow_ddb_migrate.plugin.views import Looks

_logger = logging.getLogger(__name__)
_DONE, _ACCEPTED, _UNREADABLE = 200, 202, 422

# Workers check every few seconds. A killed worker seems alive for longer.
_STOP_SECONDS = 20.0
_PRESSING, _STOPPING = OwnThreads(2, "press"), OwnThreads(2, "stop")
_TUNED = ("read_units_per_second", "write_units_per_second", "max_concurrency", "max_cost_usd")

_Action = Callable[[Site, str, dict[str, Any]], str]


def add_steering(app: FastAPI, looks: Looks, path: str) -> None:
    """Add a POST route for each button below a migration's ``path``."""
    _add(app, looks, f"{path}/pause", _pause)
    _add(app, looks, f"{path}/resume", _resume)
    _add(app, looks, f"{path}/stop", _stop)
    _add(app, looks, f"{path}/retune", _retune)


def _add(app: FastAPI, looks: Looks, path: str, action: _Action) -> None:
    name = path.rpartition("/")[2]
    refusals, presses = audited(name)

    @app.post(path, dependencies=[refusals, MAY_STEER, FROM_THIS_PAGE, presses], name=name)
    async def press(one: Asked) -> Response:
        said = _said(await one.request.body())

        def act() -> Response:
            site = looks.site(one, change=True)
            try:
                words = action(site, one.user.get_name(), said)
            finally:
                looks.forget(site)
            return JSONResponse({"words": words}, _ACCEPTED if action is _stop else _DONE)

        return await _PRESSING.run(act)


def _said(body: bytes) -> dict[str, Any]:
    """Parse the body. FastAPI itself would parse it before it checks the user."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise HTTPException(_UNREADABLE, "The body is not a JSON object. Nothing was changed.")
    return said


def _pause(site: Site, by: str, asked: dict[str, Any]) -> str:
    return pause(site, by=by, reason=_reason(asked))


def _resume(site: Site, by: str, asked: dict[str, Any]) -> str:
    _known(asked, ())
    return resume(site, by=by)


def _stop(site: Site, by: str, asked: dict[str, Any]) -> str:
    """Tell the workers to stop, and return. Another thread waits for their end and stops all."""
    reason = _reason(asked)
    words = begin_stop(site, by=by, reason=reason)
    with contextlib.suppress(BusyError):  # the workers stop, and the execution ends
        _STOPPING.submit(lambda: _finish_stop(site, by, reason))
    return words


def _finish_stop(site: Site, by: str, reason: str) -> None:
    try:
        stop_now(site, by=by, reason=reason, patience_seconds=_STOP_SECONDS)
    except SteeringError:
        return  # the workers stopped, and the execution has ended
    except MigrationError:
        _logger.exception(
            "The workers of migration %s were told to stop, but its execution could not be stopped",
            site.migration_id,
        )


def _retune(site: Site, by: str, asked: dict[str, Any]) -> str:
    _known(asked, _TUNED)
    return retune(site, by=by, **asked)


def _reason(asked: dict[str, Any]) -> str:
    _known(asked, ("reason",))
    reason = asked.get("reason", "")
    if not isinstance(reason, str) or len(reason) > ENTERED_CHARS:
        raise InvalidInputError(
            f"reason must be a text of at most {ENTERED_CHARS} characters. Nothing was changed."
        )
    return reason.strip()


def _known(asked: dict[str, Any], names: tuple[str, ...]) -> None:
    if unknown := sorted(asked.keys() - set(names)):
        raise InvalidInputError(
            f"{', '.join(unknown)} cannot be set here. Fields that can be set: "
            f"{', '.join(names) or 'none'}."
        )
