"""Auto scaling, which the emulator does not have.

moto answers these requests: there are no scalable targets except those that were registered. It is
imported at the first request.
"""

import asyncio
from dataclasses import dataclass
from functools import cache
from typing import Any

from airflow_ddb_migrate.aws.clients import AUTOSCALING
from airflow_ddb_migrate.local.emulated_aws.gate import ASGIApp, signed_service


@dataclass(frozen=True, slots=True)
class WithAutoScaling:
    """An ASGI app that answers requests for auto scaling and passes all others on."""

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
