"""The one service that the emulator does not have: auto scaling.

moto answers it, with the truth: there are no scalable targets but those that somebody registered.
It is imported when it is first asked.
"""

import asyncio
from dataclasses import dataclass
from functools import cache
from typing import Any

from airflow_ddb_migrate.aws.clients import AUTOSCALING
from airflow_ddb_migrate.local.emulated_aws.gate import ASGIApp, signed_service


@dataclass(frozen=True, slots=True)
class WithAutoScaling:
    """An ASGI app that leaves every request but those for auto scaling to another app."""

    app: ASGIApp

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and signed_service(scope["headers"]) == AUTOSCALING:
            answers = await asyncio.to_thread(_moto)
            await answers(scope, receive, send)
        else:
            await self.app(scope, receive, send)


@cache
def _moto() -> ASGIApp:
    from hypercorn.middleware.wsgi import AsyncioWSGIMiddleware
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    return AsyncioWSGIMiddleware(DomainDispatcherApplication(create_backend_app))
