"""Every route of the plugin, from its app: none can be forgotten."""

from fastapi import FastAPI
from fastapi.routing import APIRoute


def plugin_routes(plugin: FastAPI, **parameters: object) -> list[tuple[str, str]]:
    """Return method and path of every route, below Airflow's own, its parameters filled in."""
    routes = [route for route in plugin.routes if isinstance(route, APIRoute)]
    assert len(routes) == len(plugin.routes)
    return [
        (method, "/ddb-migrate" + route.path.format(**parameters))
        for route in routes
        for method in sorted(route.methods)
    ]
