"""Wait for a migration."""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import PokeReturnValue

from airflow_ddb_migrate._compat import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    defer_by_default,
    task_stats,
)
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.execution.on_kill import KILL_PATIENCE_SECONDS, OnKill, on_kill_of
from airflow_ddb_migrate.core.limits import EXECUTION_DAYS, OWNER_SECONDS
from airflow_ddb_migrate.links.migration import EXECUTION_LINKS, show_execution
from airflow_ddb_migrate.operators.base.parameters import class_of
from airflow_ddb_migrate.operators.base.task import MigrationSensor, explained, task_error
from airflow_ddb_migrate.sensors._holds import HoldCallback, as_callbacks, tell_of_hold
from airflow_ddb_migrate.triggers._events import HELD

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.execution.observe import Observation
    from airflow_ddb_migrate.aws.execution.watcher import Watcher
    from airflow_ddb_migrate.core.execution.hold import Hold


class DistributedMapMigrationSensor(MigrationSensor):
    """
    Wait until every segment is migrated, and log the progress.

    The sensor succeeds when the ledger shows every segment as finished. If the migration fails, the
    task fails with error, cause and failed segments. It is not retried, because waiting again
    cannot help; clear the start task instead. If AWS does not answer, the sensor keeps trying for
    an hour before it fails.

    In a DAG other than the migration's, set only ``migration_id``. The ledger knows the table, and
    the sensor also waits for a migration that has not begun.

    With each observation it sends gauges to Airflow's metrics: state, segments, items, time left.

    Returns the counts of items: seen, changed, deleted, unchanged, already, skipped, gone and
    quarantined. Parameters: :class:`MigrationTask`.

    :param on_kill: what to do with the migration when someone ends or clears this task, or when it
        times out. ``"stop"`` stops it. ``"pause"`` pauses it; a migration that no one resumes
        within an hour ends. ``"leave"`` lets it run. Without ``deferrable``, an ordinary shutdown
        of the worker counts as an end, too.
    :param poke_interval: time between two observations, in seconds or as a timedelta. Values below
        20 seconds add cost without adding information.
    :param timeout: how long to wait, in seconds or as a timedelta. By default three times the
        plan's longest estimate and at least a day, or a year without a plan.
    :param deferrable: wait in the triggerer and free the worker slot. By default Airflow's
        ``[operators] default_deferrable``. Recommended for any wait longer than minutes. Between
        two windows of the migration the sensor always defers, or is rescheduled.
    :param on_hold_callback: a notifier, a function that takes the task's context, or a list of
        these. A worker calls it once for each hold, and at most once an hour if the migration goes
        on hold again for the same reason; then the task waits on. The context also has ``notice``,
        which ``NOTICE_TITLE`` and ``NOTICE_TEXT`` show, and ``hold``: ``kind``, ``by``, ``reason``,
        and ``since`` and ``until`` in seconds since the epoch (``until`` is 0 for a hold without an
        end of its own).
    :raises ValueError: ``on_kill`` is another word, or ``on_hold_callback`` is set for a sensor in
        mode ``reschedule`` without ``deferrable``.
    """

    operator_extra_links = EXECUTION_LINKS
    _watcher: "Watcher | None" = None
    _shown = ""  # the execution whose links are all there
    _told: "tuple[Hold, ...]" = ()
    _deadline: float | None = None  # of a wait in a worker, in seconds since the epoch

    def __init__(
        self,
        *,
        on_kill: str = OnKill.STOP,
        poke_interval: timedelta | float = 30,
        timeout: timedelta | float | None = None,
        deferrable: bool | None = None,
        on_hold_callback: HoldCallback | Sequence[HoldCallback] | None = None,
        **kwargs: Any,
    ) -> None:
        longest = timedelta(days=EXECUTION_DAYS)
        super().__init__(
            poke_interval=poke_interval,
            timeout=longest if timeout is None else timeout,
            **kwargs,
        )
        self.limit_by_plan = timeout is None
        self.when_killed = on_kill_of(on_kill)
        self.deferrable = defer_by_default() if deferrable is None else deferrable
        self.on_hold_callback = as_callbacks(on_hold_callback)
        if self.on_hold_callback and self.reschedule and not self.deferrable:
            raise ValueError(
                'on_hold_callback needs deferrable=True or mode="poke". A rescheduled sensor '
                "forgets which holds it has reported."
            )

    def execute(self, context: "Context") -> Any:
        """Wait in this process, or observe once and wait in the triggerer."""
        self._watcher = self._new_watcher(context)
        self._limit(self._watcher)
        if not self.deferrable:
            return self._wait_here(context)
        looked = self.poke(context)
        if looked.is_done:
            return looked.xcom_value
        return self._defer(context)

    def poke(self, context: "Context") -> PokeReturnValue:
        """Observe the migration once. When it has succeeded, return the counts of items."""
        watcher = self._watcher = self._watcher or self._new_watcher(context)
        with explained():
            seen = watcher.poke()
        if seen is None:
            return PokeReturnValue(is_done=False)
        if seen.attempt.started_at:
            self._show(context, watcher, seen.attempt.execution_arn)
        if not seen.is_over:
            if self.on_hold_callback:
                self._tell_hold(context, watcher, seen)
            if seen.is_between_windows and not self.reschedule:
                # Even without deferrable: it may take all night.
                self._defer(context, self._deadline)
            return PokeReturnValue(is_done=False)
        if seen.failure:
            raise AirflowFailException(seen.failure)
        return PokeReturnValue(is_done=True, xcom_value=seen.progress.counts.to_dict())

    def execute_complete(
        self, context: "Context", event: dict[str, Any], deadline: float | None = None
    ) -> dict[str, int]:
        """Handle the trigger's event: report a hold and wait on, or end."""
        if event["status"] == HELD:
            self._wait_on(context, event, deadline)
        if event["status"] != "success":
            raise task_error(event["message"], retryable=event["retryable"])
        self.log.info("%s", event["message"])
        return dict(event["counts"])

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: "Context"
    ) -> Any:
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except (AirflowSensorTimeout, AirflowSkipException) as exc:
            self._end_after_timeout(context, exc)
            raise

    def on_kill(self) -> None:
        """Stop or pause the migration if this task waits for it in a worker."""
        if self._watcher is not None:
            self._watcher.task_ended(
                self.when_killed,
                "its waiting task was ended",
                patience_seconds=KILL_PATIENCE_SECONDS,
            )

    def _tell_hold(self, context: "Context", watcher: "Watcher", seen: "Observation") -> None:
        from airflow_ddb_migrate.core.execution.hold import first_news, told_with

        while hold := first_news(seen.holds_of_running, self._told):
            self._told = told_with(self._told, hold)
            tell_of_hold(self.on_hold_callback, context, watcher.site, hold)

    def _wait_on(
        self, context: "Context", event: dict[str, Any], deadline: float | None
    ) -> NoReturn:
        """Call the callbacks and defer again. Someone may end the task meanwhile."""
        from airflow_ddb_migrate.core.execution.hold import Hold, told_with

        watcher = self._watcher = self._new_watcher(context)
        hold = Hold.from_dict(event["hold"])
        self._told = told_with(map(Hold.from_dict, event.get("told", ())), hold)
        with explained():
            tell_of_hold(self.on_hold_callback, context, watcher.site, hold)
        self._defer(context, deadline)

    def _new_watcher(self, context: "Context") -> "Watcher":
        from airflow_ddb_migrate.aws.execution.watcher import PATIENCE_SECONDS, Watcher
        from airflow_ddb_migrate.stats import StatsTeller

        address = self.address(context)
        # A rescheduled sensor remembers no earlier outage, so its retries have to bridge one.
        patience = 0 if self.reschedule else PATIENCE_SECONDS
        return Watcher(
            address.open,
            self.log,
            patience_seconds=patience,
            waits_for_begin=self._may_begin_later(),
            tell=StatsTeller(task_stats).tell,
        )

    def _may_begin_later(self) -> bool:
        """Return whether to wait for a migration that has not begun: not if this DAG starts it."""
        above = self.get_flat_relatives(upstream=True) if self.get_dag() else ()
        starts = any(getattr(class_of(task), "starts_migration", False) for task in above)
        return bool(self.migration_id) and not starts

    def _show(self, context: "Context", watcher: "Watcher", execution_arn: str) -> None:
        """Show the links, and stop asking AWS once all of them are shown."""
        if self._shown == execution_arn:
            return
        if show_execution(context, self, watcher.site, execution_arn):
            self._shown = execution_arn

    def _limit(self, watcher: "Watcher") -> None:
        """Set the timeout from the plan, unless the plan cannot be read now."""
        from airflow_ddb_migrate.aws.execution.watcher import time_limit

        if self.limit_by_plan:
            with contextlib.suppress(MigrationError):
                self.timeout = time_limit(watcher.site)

    def _wait_here(self, context: "Context") -> Any:
        self._deadline = time.time() + self.timeout
        try:
            return super().execute(context)
        except (AirflowSensorTimeout, AirflowSkipException) as exc:
            self._end_after_timeout(context, exc)
            raise

    def _end_after_timeout(self, context: "Context", exc: Exception) -> None:
        """Apply ``on_kill`` after a timeout, even if ``soft_fail`` turns it into a skip."""
        if not _is_timeout(exc):
            return
        watcher = self._watcher or self._new_watcher(context)
        self._limit(watcher)
        with explained():
            watcher.task_ended(
                self.when_killed,
                f"not done within {self.timeout:.0f} s",
                patience_seconds=OWNER_SECONDS,
            )

    def _defer(self, context: "Context", deadline: float | None = None) -> NoReturn:
        """Wait in the triggerer until ``deadline`` (seconds since the epoch) or the timeout."""
        from airflow_ddb_migrate.triggers.migration import MigrationEndedTrigger

        left = self.timeout if deadline is None else max(0.0, deadline - time.time())
        self.defer(
            trigger=MigrationEndedTrigger(
                poke_interval=self.poke_interval,
                on_kill=self.when_killed,
                tell_holds=bool(self.on_hold_callback),
                told=[asdict(hold) for hold in self._told],
                waits_for_begin=self._may_begin_later(),
                **asdict(self.address(context)),
            ),
            method_name="execute_complete",
            kwargs={"deadline": deadline or time.time() + left},
            timeout=timedelta(seconds=left),
        )


def _is_timeout(exc: Exception) -> bool:
    """Return whether a sensor timed out, even if ``soft_fail`` turned the timeout into a skip."""
    cause = exc.__cause__
    return isinstance(exc, AirflowSensorTimeout) or isinstance(cause, AirflowSensorTimeout | None)
