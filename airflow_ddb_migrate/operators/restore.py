"""Bring a table's capacity back after a migration."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate.core.errors import LedgerError, MigrationError, TableNotFoundError
from airflow_ddb_migrate.core.validation import validate_switch
from airflow_ddb_migrate.operators.base.task import MigrationOperator, template_fields

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.capacity.restore import RestoreResult
    from airflow_ddb_migrate.aws.site import Site


class RestoreCapacityOperator(MigrationOperator):
    """
    Bring back exactly the capacity that this migration's prewarm raised, and verify it.

    What somebody else changed in between stays, and so does what AWS makes permanent; both are
    named. A decrease that AWS does not allow yet is tried again. Does nothing when nothing was
    raised, so it can run after any failure and any number of times: use it as a teardown, see the
    example DAG.

    A migration that still runs is stopped first: nobody waits for it any more, and without the
    raised capacity its writes would throttle live traffic. That is for a waiting task that was
    ended while no trigger watched yet, or the triggerer was down: Airflow then tells nobody.

    Returns ``restored`` and ``kept`` in words, and ``before`` and ``after`` in figures.
    Other parameters: :class:`MigrationTask`.

    :param force: bring back also what somebody changed since prewarm raised it. (templated)
    :param stop_running: stop a migration of this DAG run that still runs; False when its waiting
        task has ``on_kill="leave"`` or ``"pause"``. (templated)
    :param patience_seconds: how long to wait for the table, and for a decrease that AWS does not
        allow yet: about one an hour after the first four of a UTC day.
    """

    template_fields: Sequence[str] = template_fields("force", "stop_running")
    refuses_unknown_conf: ClassVar[bool] = False

    def __init__(
        self,
        *,
        force: bool = False,
        stop_running: bool = True,
        patience_seconds: float = 3_600,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.force = force
        self.stop_running = stop_running
        self.patience_seconds = patience_seconds

    def run_step(self, context: "Context") -> dict[str, Any]:
        from airflow_ddb_migrate.aws.capacity.restore import restore
        from airflow_ddb_migrate.aws.capacity.restore_steps import RestoreWait

        force = validate_switch("force", self.force)
        stop_running = validate_switch("stop_running", self.stop_running)
        try:
            site = self.open_site(context)
        except (TableNotFoundError, LedgerError) as exc:  # no table, or no such migration
            self.log.info("Nothing to restore: %s", exc)
            return {"restored": [], "kept": [str(exc)], "before": None, "after": None}
        if stop_running:
            self._stop(site)
        restored = restore(
            site,
            by=self._me(context),
            wait=RestoreWait(self.patience_seconds, refused_seconds=self.patience_seconds),
            force=force,
        )
        _tell(site, restored, self.log.info)
        return _result(site, restored)

    def _stop(self, site: "Site") -> None:
        """Stop what runs; a bill left high is worse than a migration that could not be stopped."""
        from airflow_ddb_migrate.aws.execution.stop import stop

        try:
            done = stop(site, reason="its DAG run came to restore, so nobody waits for it")
        except MigrationError as exc:
            self.log.warning("Restoring, though the migration could not be stopped: %s", exc)
        else:
            self.log.info("%s", done)

    def _me(self, context: "Context") -> str:
        """Name the task, not its try: a retried one takes over what the killed one held."""
        ti = context["ti"]
        return f"{ti.dag_id}/{ti.run_id}/{ti.task_id}"


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
        info("Nothing to restore: this migration raised no capacity that is still owed.")


def _result(site: "Site", restored: "RestoreResult") -> dict[str, Any]:
    from airflow_ddb_migrate.core.report.migration_report import show_capacity

    return {
        "restored": [str(change) for change in restored.changes],
        "kept": list(restored.kept),
        "before": show_capacity(site.table.snapshot),
        "after": show_capacity(restored.after),
    }
