"""The plugin that every Airflow process loads. It is small; the app is imported on first use."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

PREFIX = "/ddb-migrate"


def _href(path: str) -> str:
    """Return the path with Airflow's own prefix, which a proxy may add."""
    base_url = conf.get("api", "base_url", fallback="/")
    return f"{urlsplit(base_url).path.rstrip('/')}{PREFIX}{path}"


_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def lazy_app(scope: MutableMapping[str, Any], receive: _Receive, send: _Send) -> None:
    """Serve the app. Scheduler, workers, DAG processor and triggerer never import it."""
    from airflow_ddb_migrate.plugin.app import the_app  # noqa: PLC0415

    await the_app()(scope, receive, send)


class MigrationPlugin(AirflowPlugin):
    """A tab on every DAG run, and a page of all migrations in the navigation."""

    name = "ddb_migrate"
    fastapi_apps: list[Any] = [  # noqa: RUF012  # as the base class has it
        {"app": lazy_app, "url_prefix": PREFIX, "name": "DynamoDB migration"}
    ]
    external_views: list[Any] = [  # noqa: RUF012
        {
            "name": "Migration",
            "href": _href("/ui/{DAG_ID}/{RUN_ID}"),
            "destination": "dag_run",
            "url_route": "ddb-migration",
        },
        {
            "name": "DynamoDB migrations",
            "href": _href("/ui"),
            "destination": "nav",
            "category": "browse",
            "url_route": "ddb-migrations",
        },
    ]
