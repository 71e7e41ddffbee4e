"""Start an execution and wait for it, in the worker or in the triggerer."""

import time
from dataclasses import asdict, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate._compat import TaskDeferralTimeout, defer_by_default, task_stats
from airflow_ddb_migrate.core.execution.on_kill import KILL_PATIENCE_SECONDS, OnKill, on_kill_of
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.limits import OWNER_SECONDS
from airflow_ddb_migrate.core.validation import validate_seconds, validate_switch
from airflow_ddb_migrate.links.migration import EXECUTION_LINKS, show_execution
from airflow_ddb_migrate.operators.base.parameters import Rules, check_constants, optional
from airflow_ddb_migrate.operators.base.request import MigrationRequestOperator
from airflow_ddb_migrate.operators.base.task import explained, task_error

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.execution.observe import Observation
    from airflow_ddb_migrate.aws.execution.starting.start import StartResult
    from airflow_ddb_migrate.aws.execution.watcher import Watcher
    from airflow_ddb_migrate.aws.site import Site


WAIT_RULES: Rules = {
    "deferrable": partial(validate_switch, "deferrable"),
    "poke_interval": partial(validate_seconds, "poke_interval"),
    "timeout": optional(partial(validate_seconds, "timeout")),
}


class WaitingOperator(MigrationRequestOperator):
    """
    Base class of the operators that start an execution and wait until it has ended.

    :param on_kill: what to do with the execution when someone ends or clears this task, or when it
        times out. ``"stop"`` stops it. ``"pause"`` pauses it; an execution that no one resumes
        within an hour ends. ``"leave"`` lets it run.
    :param poke_interval: time between two observations, in seconds or as a timedelta. Values below
        20 seconds add cost without adding information.
    :param timeout: how long to wait, in seconds or as a timedelta. By default three times the
        plan's longest estimate and at least a day, or a year without a plan.
    :param deferrable: wait in the triggerer and free the worker slot. By default Airflow's
        ``[operators] default_deferrable``.
    """

    operator_extra_links = EXECUTION_LINKS
    RULES: ClassVar[Rules] = {**MigrationRequestOperator.RULES, **WAIT_RULES}
    starts_migration: ClassVar[bool] = True  # so a wait below it finds a migration that has begun
    _watcher: "Watcher | None" = None

    def __init__(
        self,
        *,
        on_kill: str = OnKill.STOP,
        poke_interval: timedelta | float = 30,
        timeout: timedelta | float | None = None,
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.when_killed = on_kill_of(on_kill)
        self.poke_interval: float = poke_interval  # type: ignore[assignment]  # seconds by its rule
        self.timeout: float | None = timeout  # type: ignore[assignment]
        self.deferrable = defer_by_default() if deferrable is None else deferrable
        check_constants(self)

    def begin(self, context: "Context", site: "Site", request: StartRequest) -> "StartResult":
        """Start an execution, attach to a running one or continue an unfinished one."""
        from airflow_ddb_migrate.aws.execution.starting.start import start

        started = start(site, request)
        if started.execution_arn:
            show_execution(context, self, site, started.execution_arn)
        self.log.info("%s Execution: %s", started.explanation, started.execution_arn or "none yet")
        return started

    def await_end(self, context: "Context", site: "Site", then: str = "execute_complete") -> Any:
        """Wait until the migration has ended, then call the method named ``then``."""
        limit = self._limit(site)
        watcher = self._watcher = self._watcher_of(site)
        seen = watcher.poke()
        if self.deferrable and not (seen and seen.is_over):
            self._defer(context, site, limit, then)
        began = time.monotonic()
        event = self._wait_here(watcher, seen, limit)
        if event is None:  # between two windows the worker slot is freed
            waited = time.monotonic() - began
            self._defer(context, site, max(0.0, limit - waited), then)
        return getattr(self, then)(context, event)

    def execute_complete(self, context: "Context", event: dict[str, Any]) -> Any:
        """Return the result after the execution has ended."""
        with explained():
            return self.finished(context, self.ended_site(context, event))

    def ended_site(self, context: "Context", event: dict[str, Any]) -> "Site":
        """Return the site that the trigger watched; raise the failure that the event reports."""
        if event["status"] != "success":
            raise task_error(event["message"], retryable=event["retryable"])
        self.log.info("%s", event["message"])
        site = self.open_site(context).named(event["migration_id"])
        if attempt := site.ledger.latest_attempt(site.migration_id):
            show_execution(context, self, site, attempt.execution_arn)  # it has a map run by now
        return site

    def finished(self, context: "Context", site: "Site") -> Any:
        """Return the task's result. ``site`` is the one that was watched."""
        raise NotImplementedError

    def waited_site(self, context: "Context") -> "Site":
        """Return the site that this task waits for, for callers without a trigger's event."""
        return self.open_site(context)

    def on_kill(self) -> None:
        """Stop or pause the migration if this task waits for it in a worker."""
        if self._watcher is not None:
            self._watcher.task_ended(
                self.when_killed,
                "its waiting task was ended",
                patience_seconds=KILL_PATIENCE_SECONDS,
            )

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: "Context"
    ) -> Any:
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout as exc:
            site = self.waited_site(context)
            raise self._too_late(site, self._limit(site)) from exc

    def _limit(self, site: "Site") -> float:
        from airflow_ddb_migrate.aws.execution.watcher import time_limit

        return self.timeout or time_limit(site)

    def _watcher_of(self, site: "Site") -> "Watcher":
        from airflow_ddb_migrate.aws.execution.watcher import Watcher
        from airflow_ddb_migrate.stats import StatsTeller

        return Watcher(lambda: site, self.log, tell=StatsTeller(task_stats).tell)

    def _defer(self, context: "Context", site: "Site", limit: float, then: str) -> None:
        from airflow_ddb_migrate.triggers.migration import MigrationEndedTrigger

        address = replace(self.address(context), migration_id=site.migration_id)
        self.defer(
            trigger=MigrationEndedTrigger(
                poke_interval=self.poke_interval,
                on_kill=self.when_killed,
                **asdict(address),
            ),
            method_name=then,
            timeout=timedelta(seconds=limit),
        )

    def _wait_here(
        self, watcher: "Watcher", seen: "Observation | None", limit: float
    ) -> dict[str, Any] | None:
        """Return the event that a trigger would send; None if a window closed first."""
        site, deadline = watcher.site, time.monotonic() + limit
        while seen is None or not seen.is_over:
            if time.monotonic() > deadline:
                raise self._too_late(site, limit)
            if seen and seen.is_between_windows:
                return None
            time.sleep(self.poke_interval)
            seen = watcher.poke()
        if seen.failure:
            raise task_error(seen.failure, retryable=False)
        return {
            "status": "success",
            "message": seen.verdict.reason,
            "migration_id": site.migration_id,
        }

    def _too_late(self, site: "Site", limit: float) -> Exception:
        words = f"not done within {limit:,.0f} s"
        with explained():
            self._watcher_of(site).task_ended(
                self.when_killed, words, patience_seconds=OWNER_SECONDS
            )
        return task_error(f"Migration {site.migration_id}: {words}.", retryable=False)
