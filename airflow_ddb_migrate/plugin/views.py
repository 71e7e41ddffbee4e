"""What the routes show and do: found by DAG run, looked at once for all viewers."""

from typing import Any

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.ledger.scans import all_history
from airflow_ddb_migrate.aws.report.view import look_at_lane, look_at_quarantine, view_of
from airflow_ddb_migrate.aws.services.stack import find_stack
from airflow_ddb_migrate.aws.site import Site, open_known_site
from airflow_ddb_migrate.core.errors import LedgerError
from airflow_ddb_migrate.core.execution.rates import Pulses
from airflow_ddb_migrate.core.report.list_row import ListedMigration
from airflow_ddb_migrate.core.report.view import LaneView, MigrationView, QuarantineView
from airflow_ddb_migrate.hooks.migration import SiteAddress
from airflow_ddb_migrate.plugin import dag_runs
from airflow_ddb_migrate.plugin.cache import AnswerCache

_SITE_SECONDS = 300.0  # CloudFormation is asked seldom; DescribeStacks is throttled early
_LIST_SECONDS = 60.0
_PULSES_SECONDS = 86_400.0
_RATE_SECONDS = 90.0  # rates are of so long: viewers look every 3 s, workers save as often


class Looks:
    """One for the API server's process."""

    def __init__(self) -> None:
        self._runs = AnswerCache()
        self._views = AnswerCache()
        self._quarantines = AnswerCache()
        self._pulses = AnswerCache(_PULSES_SECONDS)
        self._sites = AnswerCache(_SITE_SECONDS)
        self._lists = AnswerCache(_LIST_SECONDS)

    def migrations(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the migrations of a DAG run; empty for a run of something else."""
        return [
            {
                "migration_id": found.migration_id,
                "task_id": found.task_id,
                "map_index": found.map_index,
            }
            for found in self._found(dag_id, run_id)
        ]

    def view(self, dag_id: str, run_id: str, migration_id: str) -> MigrationView:
        site = self.site(dag_id, run_id, migration_id)
        key = site.stack.ledger_table, migration_id
        pulses: Pulses = self._pulses.get(key, lambda: Pulses(_RATE_SECONDS))
        view: MigrationView = self._views.get(key, lambda: view_of(site, pulses))
        return view

    def lane(self, dag_id: str, run_id: str, migration_id: str, lane: int) -> LaneView:
        return look_at_lane(self.site(dag_id, run_id, migration_id), lane)

    def quarantine(self, dag_id: str, run_id: str, migration_id: str) -> QuarantineView:
        site = self.site(dag_id, run_id, migration_id)
        found: QuarantineView = self._quarantines.get(
            (site.stack.bucket, migration_id), lambda: look_at_quarantine(site)
        )
        return found

    def all(self) -> tuple[list[ListedMigration], bool]:
        """Return the migrations of the default stack's ledger, and whether these are all."""
        where = dag_runs.default_where()
        found: tuple[list[ListedMigration], bool] = self._lists.get(where, lambda: _all(where))
        return found

    def site(self, dag_id: str, run_id: str, migration_id: str) -> Site:
        """Open a migration of this run.

        :raises LedgerError: the run has no such migration: who may see one DAG's runs sees no
            other's migrations by it.
        """
        found = dag_runs.owner_of(self._found(dag_id, run_id), migration_id)
        if found is None:
            raise LedgerError(
                f"Run {run_id} of DAG {dag_id} has no migration {migration_id}. Open the tab of "
                "the run that started it."
            )
        site: Site = self._sites.get(
            (found.where, migration_id),
            lambda: self.open_site(found.where, dag_id, run_id, migration_id),
        )
        return site

    def open_site(self, where: dag_runs.Where, dag_id: str, run_id: str, migration_id: str) -> Site:
        clients = _clients(where, dag_id, run_id)
        return open_known_site(clients, where.stack_name, migration_id)

    def forget(self, site: Site) -> None:
        """Look anew the next time: something was just changed."""
        self._views.forget((site.stack.ledger_table, site.migration_id))

    def _found(self, dag_id: str, run_id: str) -> list[dag_runs.Found]:
        found: list[dag_runs.Found] = self._runs.get(
            (dag_id, run_id), lambda: dag_runs.find_migrations(dag_id, run_id)
        )
        return found


def _all(where: dag_runs.Where) -> tuple[list[ListedMigration], bool]:
    clients = _clients(where, "", "")
    stack = find_stack(clients.cloudformation, where.stack_name)
    return all_history(clients.dynamodb, stack.ledger_table)


def _clients(where: dag_runs.Where, dag_id: str, run_id: str) -> Clients:
    return SiteAddress(
        table_name=None,
        stack_name=where.stack_name,
        dag_id=dag_id,
        run_id=run_id,
        aws_conn_id=where.aws_conn_id,
        region_name=where.region_name,
        is_hurried=True,
    ).clients()
