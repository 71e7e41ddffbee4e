"""Restore a table's capacity after a migration."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate._compat import task_stats
from airflow_ddb_migrate.core.errors import (
    InvalidInputError,
    LedgerError,
    MigrationError,
    RestoreUnknownError,
    TableNotFoundError,
)
from airflow_ddb_migrate.core.validation import validate_seconds, validate_switch
from airflow_ddb_migrate.operators.base.parameters import Rules, check_constants
from airflow_ddb_migrate.operators.base.task import MigrationOperator, template_fields

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.capacity.restore import RestoreResult
    from airflow_ddb_migrate.aws.site import Site
    from airflow_ddb_migrate.core.ledger.records import RaisedRow


class RestoreCapacityOperator(MigrationOperator):
    """
    Restore exactly the capacity that this migration's prewarm raised, and verify it.

    A value that someone else changed in between stays, and so does a change that AWS makes
    permanent; the result names both. A decrease that AWS does not allow yet is retried. If no
    capacity was raised, the task does nothing. So it can run after any failure and any number of
    times: use it as a teardown, as the example DAG does.

    The ledger knows what the upstream prewarm tasks of this DAG run raised. All of it is restored,
    whatever table this task names and whichever task is mapped. The task fails as long as it cannot
    know what to restore: the table does not exist, or region or stack differ from prewarm's.

    A migration that still runs is stopped first, because without the raised capacity its writes
    would throttle live traffic. Such a migration is left over when someone ended the waiting task
    before its trigger watched, or while the triggerer was down; Airflow then notifies no one.

    Sends the gauge ``capacity_owed`` of the table to Airflow's metrics, even if the task fails.

    Returns ``restored`` and ``kept`` (one sentence for each change), and the capacity ``before``
    and ``after``; these two are None if more than one table was restored.
    Other parameters: :class:`MigrationTask`.

    :param force: also restore values that someone changed after prewarm. (templated)
    :param stop_running: stop a migration of this DAG run that still runs. Set False if its waiting
        task has ``on_kill="leave"`` or ``"pause"``. (templated)
    :param patience_seconds: how long to wait for the table, and for a decrease that AWS does not
        allow yet, in seconds or as a timedelta. After four decreases in a UTC day, AWS allows about
        one an hour.
    """

    RULES: ClassVar[Rules] = {
        **MigrationOperator.RULES,
        "force": partial(validate_switch, "force"),
        "patience_seconds": partial(validate_seconds, "patience_seconds"),
        "stop_running": partial(validate_switch, "stop_running"),
    }
    template_fields: Sequence[str] = template_fields("force", "stop_running")
    refuses_unknown_conf: ClassVar[bool] = False
    restores_capacity: ClassVar[bool] = True
    may_be_wrong: ClassVar[frozenset[str]] = frozenset({"table_name", "table_of", "migration_id"})

    def __init__(
        self,
        *,
        force: bool = False,
        stop_running: bool = True,
        patience_seconds: timedelta | float = 3_600,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.force = force
        self.stop_running = stop_running
        self.patience_seconds: float = patience_seconds  # type: ignore[assignment]  # by its rule
        check_constants(self)

    def run_step(self, context: "Context") -> dict[str, Any]:
        from airflow_ddb_migrate.operators.base.raised import require_all_known

        rows = self._raised_rows(context)
        done: list[dict[str, Any]] = []
        failed: list[MigrationError] = []
        for site in self._sites(context, rows):
            try:
                done.append(self._restore(context, site))
            except MigrationError as exc:
                failed.append(exc)
        if failed:
            raise _joined(failed)
        require_all_known(context, self, rows)
        return _together(done)

    def _sites(self, context: "Context", rows: list["RaisedRow"]) -> list["Site"]:
        """Return the tables to restore: the one in the parameters, and those that were raised.

        :raises RestoreUnknownError: no table was found, but one may have been raised.
        """
        from airflow_ddb_migrate.operators.base.raised import has_raised_nothing

        sites, why = self._named_site(context)
        own = self._own_rows(context, rows, sites)
        for row in own:
            sites.extend(self._raised_site(context, row))
        if not (sites or own) and why and not has_raised_nothing(context, self):
            raise RestoreUnknownError(
                f"{why} So it is unknown whether capacity is still raised. Give this task the same "
                "parameters as the prewarm task, and clear it."
            )
        return sites

    def _named_site(self, context: "Context") -> tuple[list["Site"], str]:
        """Return the site that the parameters name; without one, an empty list and the reason."""
        try:
            return [self.open_site(context)], ""
        except (TableNotFoundError, LedgerError, InvalidInputError) as exc:
            self.log.info("The table of this task's parameters was not found: %s", exc)
            return [], str(exc)

    def _raised_rows(self, context: "Context") -> list["RaisedRow"]:
        from airflow_ddb_migrate.aws.ledger.dag_runs import raised_tables

        ti = context["ti"]
        return raised_tables(self.address(context).open_ledger(), ti.dag_id, ti.run_id)

    def _own_rows(
        self, context: "Context", rows: list["RaisedRow"], sites: list["Site"]
    ) -> list["RaisedRow"]:
        """Return the raised tables that this task restores beside the one in its parameters."""
        from airflow_ddb_migrate.operators.base.raised import is_for

        named = {site.migration_id for site in sites}
        arn = sites[0].table.key.arn if sites else ""
        index = self.address(context).map_index
        return [
            row for row in rows if row.migration_id not in named and is_for(row, self, index, arn)
        ]

    def _raised_site(self, context: "Context", row: "RaisedRow") -> list["Site"]:
        """Return the site of a raised table; an empty list if the table no longer exists."""
        address = replace(
            self.address(context),
            table_name=row.table_name,
            table_of=None,
            migration_id=row.migration_id,
            of_dags=None,  # a prewarm task of this run was allowed to raise it
        )
        try:
            return [address.open()]
        except TableNotFoundError as exc:
            self.log.info("Nothing to restore: %s", exc)
            return []

    def _restore(self, context: "Context", site: "Site") -> dict[str, Any]:
        from airflow_ddb_migrate.aws.capacity.restore import restore
        from airflow_ddb_migrate.aws.capacity.restore_steps import RestoreWait
        from airflow_ddb_migrate.stats import StatsTeller

        if self.stop_running:
            self._stop(site)
        try:
            restored = restore(
                site,
                by=self._me(context),
                wait=RestoreWait(self.patience_seconds, refused_seconds=self.patience_seconds),
                force=self.force,
            )
        finally:
            StatsTeller(task_stats).tell_owed(site)
        _tell(site, restored, self.log.info)
        return _result(site, restored)

    def _stop(self, site: "Site") -> None:
        """Stop a running migration. If that fails, restore anyway: raised capacity costs money."""
        from airflow_ddb_migrate.aws.execution.steering.stop import stop

        try:
            done = stop(site, reason="its DAG run reached restore, so no task waits for it")
        except MigrationError as exc:
            self.log.warning("The migration could not be stopped; restoring anyway: %s", exc)
        else:
            self.log.info("%s", done)

    def _me(self, context: "Context") -> str:
        """Return a name of the task without its try, so that a retry takes over its claim."""
        ti = context["ti"]
        index = self.address(context).map_index
        return f"{ti.dag_id}/{ti.run_id}/{ti.task_id}" + (f"[{index}]" if index >= 0 else "")


def _tell(site: "Site", restored: "RestoreResult", info: Callable[..., None]) -> None:
    from airflow_ddb_migrate.aws.capacity.safety_net import rescued

    for change in restored.changes:
        info("Restored %s", change)
    for line in restored.kept:
        info("Kept %s", line)
    if restored.changes or restored.kept:
        return
    who = rescued(site.ledger, site.migration_id)
    if who:
        info("Already restored: %s.", who)
    else:
        info("Nothing to restore: this migration has no raised capacity left.")


def _result(site: "Site", restored: "RestoreResult") -> dict[str, Any]:
    from airflow_ddb_migrate.core.report.migration_report import show_capacity

    return {
        "table": site.table.name,
        "restored": [str(change) for change in restored.changes],
        "kept": list(restored.kept),
        "before": show_capacity(site.table.snapshot),
        "after": show_capacity(restored.after),
    }


def _joined(failed: list[MigrationError]) -> MigrationError:
    """Return one error for all. It is retryable if any of them is."""
    if len(failed) == 1:
        return failed[0]
    last = next((error for error in failed if error.retryable), failed[0])
    return type(last)(" ".join(map(str, failed)), last.aws_code)


def _together(done: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the result for all tables, with capacity figures only if there is one table."""
    alone = done[0] if len(done) == 1 else {"before": None, "after": None}
    named = len(done) > 1
    return {
        key: [f"{one['table']}: {words}" if named else words for one in done for words in one[key]]
        for key in ("restored", "kept")
    } | {"before": alone["before"], "after": alone["after"]}
