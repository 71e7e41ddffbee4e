"""What the routes show and do: found by DAG run, looked at once for all viewers."""

from typing import Any

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.ledger.notes import plan_fields
from airflow_ddb_migrate.aws.ledger.scans import all_history
from airflow_ddb_migrate.aws.report.view import look_at_quarantine, view_of
from airflow_ddb_migrate.aws.services.stack import find_stack
from airflow_ddb_migrate.aws.site import Site, open_known_site
from airflow_ddb_migrate.core.errors import LedgerError, NotBegunError
from airflow_ddb_migrate.core.execution.rates import Pulses
from airflow_ddb_migrate.core.names import DRY_RUN
from airflow_ddb_migrate.core.report.list_row import ListedMigration, run_of
from airflow_ddb_migrate.core.report.view import MigrationView, QuarantineView
from airflow_ddb_migrate.hooks.migration import SiteAddress
from airflow_ddb_migrate.plugin import dag_runs
from airflow_ddb_migrate.plugin.access import AskedMigration
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
        self._owners = AnswerCache(_SITE_SECONDS)
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

    def view(self, site: Site) -> MigrationView:
        key = site.stack.ledger_table, site.migration_id
        pulses: Pulses = self._pulses.get(key, lambda: Pulses(_RATE_SECONDS))
        view: MigrationView = self._views.get(key, lambda: view_of(site, pulses))
        return view

    def quarantine(self, site: Site) -> QuarantineView:
        found: QuarantineView = self._quarantines.get(
            (site.stack.bucket, site.migration_id), lambda: look_at_quarantine(site)
        )
        return found

    def all(self) -> tuple[list[ListedMigration], bool]:
        """Return the migrations of the default stack's ledger, and whether these are all."""
        where = dag_runs.default_where()
        found: tuple[list[ListedMigration], bool] = self._lists.get(where, lambda: _all(where))
        return found

    def site(self, asked: AskedMigration, *, change: bool) -> Site:
        """Open a migration of this run.

        Any task may return another run's migration, so the DAG that counts is the one that the
        ledger says started it.

        :raises LedgerError: the run has no such migration, or that of a DAG that the user may not
            see or change: neither is told apart.
        """
        site = self._site(asked.dag_id, asked.run_id, asked.migration_id)
        key = site.stack.ledger_table, site.migration_id
        unknown = _unknown(asked.dag_id, asked.run_id, asked.migration_id)
        try:
            owner: str = self._owners.get(key, lambda: _owner(site))
        except NotBegunError:
            raise unknown from None
        if owner != asked.dag_id and not asked.may(change=change)(owner):
            raise unknown
        return site

    def _site(self, dag_id: str, run_id: str, migration_id: str) -> Site:
        found = dag_runs.owner_of(self._found(dag_id, run_id), migration_id)
        if found is None:
            raise _unknown(dag_id, run_id, migration_id)
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


def _unknown(dag_id: str, run_id: str, migration_id: str) -> LedgerError:
    return LedgerError(
        f"Run {run_id} of DAG {dag_id} has no migration {migration_id}. Open the tab of the run "
        "that started it."
    )


def _owner(site: Site) -> str:
    """Return the DAG that started the migration, or else its dry run, or planned it.

    :raises NotBegunError: no DAG did, so far.
    """
    name = site.migration_id
    record = site.ledger.migration(name) or site.ledger.migration(f"{name}-{DRY_RUN}")
    by = record.started_by if record else plan_fields(site.ledger, name).get("planned_by", "")
    dag_id, _ = run_of(str(by))
    if not dag_id:
        raise NotBegunError(f"No DAG has started migration {name}.")
    return dag_id


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
