"""Limit how many tables of a DAG run are migrated at the same time."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate._compat import AirflowSkipException, defer_by_default
from airflow_ddb_migrate.core.validation import (
    validate_at_least_one,
    validate_seconds,
    validate_switch,
)
from airflow_ddb_migrate.operators.base.parameters import Rules, check_constants
from airflow_ddb_migrate.operators.base.task import (
    MigrationOperator,
    task_error,
    template_fields,
)
from airflow_ddb_migrate.operators.base.task_states import failed_above

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.ledger.dag_runs import Turn
    from airflow_ddb_migrate.aws.ledger.migrations import Ledger


class AwaitTurnOperator(MigrationOperator):
    """
    Wait until this DAG run is migrating fewer tables than the limit, then take a turn.

    The ledger counts the turns, because Airflow's own limits ignore deferred tasks before version
    3.2. :class:`EndTurnOperator` returns the turn. If another table has failed and
    ``stop_on_failure`` is on, this task and its downstream tasks are skipped.

    Returns ``table``. Other parameters: :class:`MigrationTask`.

    :param max_parallel_tables: maximum number of tables at the same time. (templated)
    :param stop_on_failure: start no further table once one has failed. (templated)
    :param poke_interval: time between two checks, in seconds or as a timedelta.
    :param deferrable: wait in the triggerer and free the worker slot. By default Airflow's
        ``[operators] default_deferrable``.
    """

    RULES: ClassVar[Rules] = {
        **MigrationOperator.RULES,
        "deferrable": partial(validate_switch, "deferrable"),
        "max_parallel_tables": partial(validate_at_least_one, "max_parallel_tables"),
        "poke_interval": partial(validate_seconds, "poke_interval"),
        "stop_on_failure": partial(validate_switch, "stop_on_failure"),
    }
    template_fields: Sequence[str] = template_fields("max_parallel_tables", "stop_on_failure")

    def __init__(
        self,
        *,
        max_parallel_tables: int = 3,
        stop_on_failure: bool = False,
        poke_interval: timedelta | float = 30,
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_parallel_tables = max_parallel_tables
        self.stop_on_failure = stop_on_failure
        self.poke_interval: float = poke_interval  # type: ignore[assignment]  # by its rule
        self.deferrable = defer_by_default() if deferrable is None else deferrable
        check_constants(self)

    def run_step(self, context: "Context") -> dict[str, str | None]:
        from airflow_ddb_migrate.aws.ledger.dag_runs import Turn

        ledger = self.address(context).open_ledger()
        turn = self._take(context, ledger)
        if turn is Turn.WAIT:
            self.log.info("%d tables are being migrated; waiting.", self.max_parallel_tables)
        while turn is Turn.WAIT:
            if self.deferrable:
                self._defer(context)
            time.sleep(self.poke_interval)
            turn = self._take(context, ledger)
        return self._begun(turn)

    def execute_complete(
        self,
        context: "Context",  # noqa: ARG002  # Airflow gives it
        event: dict[str, Any],
    ) -> dict[str, str | None]:
        """Return the result after the trigger has fired."""
        from airflow_ddb_migrate.aws.ledger.dag_runs import Turn

        if event["status"] != "success":
            raise task_error(event["message"], retryable=event["retryable"])
        return self._begun(Turn(event["turn"]))

    def _take(self, context: "Context", ledger: "Ledger") -> "Turn":
        from airflow_ddb_migrate.aws.ledger.dag_runs import take_turn

        ti = context["ti"]
        return take_turn(
            ledger,
            (ti.dag_id, ti.run_id),
            _holder(self, context),
            limit=self.max_parallel_tables,
            stop_on_failure=self.stop_on_failure,
        )

    def _begun(self, turn: "Turn") -> dict[str, str | None]:
        from airflow_ddb_migrate.aws.ledger.dag_runs import Turn

        if turn is Turn.STOPPED:
            raise AirflowSkipException("Another table has failed, so this one is not started.")
        return {"table": self.table_name}

    def _defer(self, context: "Context") -> None:
        from airflow_ddb_migrate.triggers.turn import TurnTrigger

        self.defer(
            trigger=TurnTrigger(
                limit=self.max_parallel_tables,
                stop_on_failure=self.stop_on_failure,
                poke_interval=self.poke_interval,
                holder=_holder(self, context),
                **asdict(self.address(context)),
            ),
            method_name="execute_complete",
        )


class EndTurnOperator(MigrationOperator):
    """
    Return a table's turn, whether or not its tasks succeeded.

    Use it as a teardown below all tasks of the table. It records whether one of them failed, for
    ``stop_on_failure`` of :class:`AwaitTurnOperator`. Parameters: :class:`MigrationTask`.
    """

    refuses_unknown_conf: ClassVar[bool] = False

    def run_step(self, context: "Context") -> None:
        from airflow_ddb_migrate.aws.ledger.dag_runs import end_turn

        ti = context["ti"]
        end_turn(
            self.address(context).open_ledger(),
            (ti.dag_id, ti.run_id),
            _holder(self, context),
            failed=str(self.table_name) if failed_above(self, ti) else "",
        )


def _holder(task: MigrationOperator, context: "Context") -> str:
    """Return a name of the task group's instance. It does not need the table, which may be gone."""
    return f"{task.address(context).map_index}/{task.table_name}"
