"""Watches a migration as Airflow's processes do, alone in a process that is measured.

``trigger`` runs the trigger's own loop, ``viewer`` looks as the API server does for an open tab.
When the migration is over it says so, and looks on: now that every lane has its row, nothing may
grow any more.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from airflow_ddb_migrate.aws.execution.watcher import Watcher
from airflow_ddb_migrate.aws.report.view import view_of
from airflow_ddb_migrate.aws.site import Identity, Site, open_site
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.triggers.migration import MigrationEndedTrigger

_POKE_SECONDS = 5.0
_LOOK_SECONDS = 5.0
_MORE_SECONDS = 120.0
_OVER = {outcome for outcome in Outcome if outcome.is_over}


def main(role: str, migration: dict[str, str]) -> None:
    """Watch to the end, print what it came to, and look on."""
    said, look_again = asyncio.run(_trigger(migration)) if role == "trigger" else _viewer(migration)
    print(json.dumps(said), flush=True)
    began = time.monotonic()
    while time.monotonic() - began < _MORE_SECONDS:
        look_again()


async def _trigger(migration: dict[str, str]) -> tuple[dict[str, Any], Callable[[], object]]:
    trigger = MigrationEndedTrigger(
        poke_interval=_POKE_SECONDS,
        table_name=migration["table_name"],
        stack_name="ddb-migrate",
        dag_id=migration["dag_id"],
        run_id=migration["run_id"],
    )
    trigger.watcher = Watcher(lambda: _open(migration))  # Airflow's connections need its database
    async for event in trigger.run():
        return dict(event.payload), trigger.watcher.poke
    raise AssertionError("the trigger ended without an event")


def _viewer(migration: dict[str, str]) -> tuple[dict[str, Any], Callable[[], object]]:
    site, looks = _open(migration), 0
    while True:
        seen = view_of(site)
        looks += 1
        if seen["outcome"] in _OVER:
            said = {"looks": looks, "lanes": len(seen["lanes"])}
            return said, lambda: view_of(site)
        time.sleep(_LOOK_SECONDS)


def _open(migration: dict[str, str]) -> Site:
    import boto3
    from airflow_ddb_migrate.aws.clients import Clients

    session = boto3.Session()
    clients = Clients(session.client)
    return open_site(
        clients,
        table_name=migration["table_name"],
        stack_name="ddb-migrate",
        identity=Identity(dag_id=migration["dag_id"], run_id=migration["run_id"]),
    )


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
