"""Record each use of a button in Airflow's audit log, and refusals with their reason.

A row names the DAG and the run in the path, whatever the body says.
"""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

from airflow.models.log import Log
from airflow.utils.session import create_session
from anyio import to_thread
from fastapi import Depends, HTTPException, Request

from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.text.markdown import shortened, visible
from airflow_ddb_migrate.plugin.access import User

_logger = logging.getLogger(__name__)
_ID_CHARS, _BODY_CHARS, _WHY_CHARS = 250, 1_000, 500  # the first is what Airflow's columns hold
_REFUSALS = (HTTPException, MigrationError)


def audited(name: str) -> tuple[Any, Any]:
    """Return two dependencies of a button's route.

    The first comes before all others and records refusals. The second comes after them and records
    actions.
    """

    async def note_refusal(request: Request, user: User) -> AsyncIterator[None]:
        try:
            yield
        except _REFUSALS as refusal:
            await _note(request, user, name, {"refused": _why(refusal)})
            raise

    async def note_press(request: Request, user: User) -> None:
        await _note(request, user, name, {})

    return Depends(note_refusal), Depends(note_press)


def _why(refusal: Exception) -> str:
    """Return the message of a refusal, with its HTTP status if it has one."""
    if isinstance(refusal, HTTPException):
        return f"{refusal.status_code} {refusal.detail}"
    return str(refusal)


async def _note(request: Request, user: User, name: str, answer: dict[str, str]) -> None:
    path = {key: _text(value, _ID_CHARS) for key, value in request.path_params.items()}
    body = (await request.body()).decode(errors="replace")
    extra = {
        "migration_id": path["migration_id"],
        "asked": _text(body, _BODY_CHARS),
        **{key: _text(why, _WHY_CHARS) for key, why in answer.items()},
    }
    who = user.get_name()
    row = Log(
        f"ddb_migrate.{name}",
        owner=who,
        owner_display_name=who,
        extra=json.dumps(extra),
        dag_id=path["dag_id"],
        run_id=path["run_id"],
    )
    await to_thread.run_sync(_add_refusal if answer else _add, row)


def _text(text: str, chars: int) -> str:
    return shortened(visible(text), chars)


def _add(row: Log) -> None:
    with create_session(scoped=False) as session:
        session.add(row)


def _add_refusal(row: Log) -> None:
    """Record a refusal. If that fails, the request is refused anyway."""
    try:
        _add(row)
    except Exception:
        _logger.exception("A refusal could not be recorded in Airflow's audit log")
