"""The data of the routes: found by DAG run, and read once for all viewers."""

from typing import Any

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.ledger.history import dags_that_migrate, newest_of_dags
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.owner import dag_of
from airflow_ddb_migrate.aws.report.view import look_at_quarantine, quarantine_uri, view_of
from airflow_ddb_migrate.aws.site import Site, open_known_site, open_ledger
from airflow_ddb_migrate.core.errors import InvalidInputError, LedgerError, NotBegunError
from airflow_ddb_migrate.core.execution.rates import Pulses
from airflow_ddb_migrate.core.report.list_row import ListedMigration
from airflow_ddb_migrate.core.report.view import MigrationView, QuarantineView
from airflow_ddb_migrate.hooks.migration import SiteAddress
from airflow_ddb_migrate.plugin import dag_runs
from airflow_ddb_migrate.plugin.access import AskedMigration
from airflow_ddb_migrate.plugin.cache import AnswerCache

_SITE_SECONDS = 300.0  # rare requests to CloudFormation; DescribeStacks is throttled early
_LIST_SECONDS = 60.0
_PAGE = 50  # migrations
_PULSES_SECONDS = 86_400.0
_WITHHELD = "Only users who may see the DAG's XComs see item keys and the transform's parameters."
_RATE_SECONDS = 90.0  # rates cover this time; pages ask every 3 s, and workers save as often


class Looks:
    """The views of migrations, one object in each process of the API server."""

    def __init__(self) -> None:
        self._runs = AnswerCache()
        self._views = AnswerCache()
        self._quarantines = AnswerCache()
        self._pulses = AnswerCache(_PULSES_SECONDS)
        self._sites = AnswerCache(_SITE_SECONDS)
        self._owners = AnswerCache(_SITE_SECONDS)
        self._lists = AnswerCache(_LIST_SECONDS)

    def migrations(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the migrations of a DAG run; empty for a run without any."""
        return [
            {
                "migration_id": found.migration_id,
                "task_id": found.task_id,
                "map_index": found.map_index,
            }
            for found in self._found(dag_id, run_id)
        ]

    def view(self, asked: AskedMigration) -> dict[str, Any]:
        """Return the data of the page. ``withheld`` says what the user may not see."""
        site = self.site(asked, change=False)
        key = _key(site)
        pulses: Pulses = self._pulses.get(key, lambda: Pulses(_RATE_SECONDS))
        view: MigrationView = self._views.get(key, lambda: view_of(site, pulses))
        if asked.may_see_values(self._owner(site)):
            return {**view, "withheld": ""}
        return {**view, "params": "", "withheld": _WITHHELD}

    def quarantine(self, asked: AskedMigration) -> QuarantineView:
        """Return the keys of quarantined items, for users who may see XComs."""
        site = self.site(asked, change=False)
        if not asked.may_see_values(self._owner(site)):
            return {"rows": [], "where": quarantine_uri(site), "unknown": _WITHHELD}
        found: QuarantineView = self._quarantines.get(_key(site), lambda: look_at_quarantine(site))
        return found

    def dags(self) -> set[str]:
        """Return the ids of DAGs that have started a migration, from the default stack's ledger."""
        where = dag_runs.default_where()
        found: set[str] = self._lists.get(where, lambda: dags_that_migrate(self._ledger(where)))
        return found

    def page(self, dag_ids: tuple[str, ...], before: str) -> tuple[list[ListedMigration], str]:
        """Return a page of these DAGs' migrations, and where the next page starts."""
        where = dag_runs.default_where()
        found: tuple[list[ListedMigration], str] = self._lists.get(
            (where, dag_ids, before),
            lambda: newest_of_dags(self._ledger(where), dag_ids, before=before, limit=_PAGE),
        )
        return found

    def _ledger(self, where: dag_runs.Where) -> Ledger:
        ledger: Ledger = self._sites.get(where, lambda: open_ledger_of(where))
        return ledger

    def site(self, asked: AskedMigration, *, change: bool) -> Site:
        """Open a migration of this run.

        Any task may return the id of another run's migration. So the user needs rights on the DAG
        that started the migration according to the ledger.

        :raises LedgerError: the run or the ledger has no such migration, or the user may not see or
            change its DAG. The message is the same in all cases.
        """
        try:
            site = self._site(asked.dag_id, asked.run_id, asked.migration_id)
            owner = self._owner(site)
        except (NotBegunError, InvalidInputError):
            raise _unknown(asked) from None
        if owner != asked.dag_id and not asked.may(owner, change=change):
            raise _unknown(asked)
        return site

    def _owner(self, site: Site) -> str:
        owner: str = self._owners.get(_key(site), lambda: _owner(site))
        return owner

    def _site(self, dag_id: str, run_id: str, migration_id: str) -> Site:
        found = dag_runs.owner_of(self._found(dag_id, run_id), migration_id)
        if found is None:
            raise NotBegunError(f"No task of run {run_id} returned {migration_id}.")
        site: Site = self._sites.get(
            (found.where, migration_id),
            lambda: self.open_site(found.where, dag_id, run_id, migration_id),
        )
        return site

    def open_site(self, where: dag_runs.Where, dag_id: str, run_id: str, migration_id: str) -> Site:
        clients = _clients(where, dag_id, run_id)
        return open_known_site(clients, where.stack_name, migration_id)

    def forget(self, site: Site) -> None:
        """Drop the kept view after a change, so that the next request reads it again."""
        self._views.forget(_key(site))

    def _found(self, dag_id: str, run_id: str) -> list[dag_runs.Found]:
        found: list[dag_runs.Found] = self._runs.get(
            (dag_id, run_id), lambda: dag_runs.find_migrations(dag_id, run_id)
        )
        return found


def _key(site: Site) -> tuple[str, str]:
    """Return a unique key. Other accounts and regions may have the same ids and stack names."""
    return site.stack.state_machine_arn, site.migration_id


def _unknown(asked: AskedMigration) -> LedgerError:
    return LedgerError(
        f"Run {asked.run_id} of DAG {asked.dag_id} has no migration {asked.migration_id}. If the "
        "run is about to start it, try again in a minute. Otherwise open the tab of the run that "
        "started it."
    )


def _owner(site: Site) -> str:
    """Return the DAG that started a migration; raises NotBegunError if there is none yet."""
    dag_id = dag_of(site.ledger, site.migration_id)
    if not dag_id:
        raise NotBegunError(f"No DAG has started migration {site.migration_id}.")
    return dag_id


def open_ledger_of(where: dag_runs.Where) -> Ledger:
    return open_ledger(_clients(where, "", ""), where.stack_name)


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
