"""The calls of a restore: one kind of change at a time, verified after each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from airflow_ddb_migrate.aws.capacity.cost import prices_of
from airflow_ddb_migrate.aws.services.autoscaling import change_scaling, scaling_targets
from airflow_ddb_migrate.aws.services.table_updates import update_capacity
from airflow_ddb_migrate.aws.services.tables import Table
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.changes import Change, ScalingChange, first_step
from airflow_ddb_migrate.core.capacity.raise_rules import untouched
from airflow_ddb_migrate.core.capacity.refusals import CONCURRENT, IN_USE, LIMIT
from airflow_ddb_migrate.core.capacity.restore_rules import (
    RestorePlan,
    RestoreRules,
    plan_restore,
    still_raised,
)
from airflow_ddb_migrate.core.capacity.snapshot import CapacitySnapshot
from airflow_ddb_migrate.core.errors import THROTTLED, AwsRequestError, MigrationError, RestoreError
from airflow_ddb_migrate.core.plan.prices import everywhere, hourly_difference
from airflow_ddb_migrate.core.text.figures import dollars_words

_POLL_SECONDS = 5.0
_REFUSED_SECONDS = 300.0  # between two tries at a decrease that AWS does not allow yet
_SHOWN_SECONDS = 60.0  # DescribeTable may show an accepted change a little later
_CHANGE_SECONDS = 300.0  # an accepted change is complete by then
_PATIENCE_SECONDS = 3_600.0  # AWS allows a decrease about once an hour


@dataclass(frozen=True, slots=True)
class RestoreWait:
    """How many seconds to wait for the table, and for a decrease that AWS does not allow yet.

    A caller that tries again later need not wait for a decrease: ``refused_seconds`` 0.
    """

    seconds: float = _PATIENCE_SECONDS
    refused_seconds: float = _PATIENCE_SECONDS


@dataclass(slots=True, kw_only=True)
class Restoring:
    """A restore in progress. ``keep`` is called while it waits, so that no other takes over.

    DescribeTable is eventually consistent: a raise may become visible as late as ``shown_by``.
    """

    site: Site
    raised: tuple[Change, ...]
    rules: RestoreRules
    wait: RestoreWait
    keep: Callable[[], None]
    shown_by: float = 0.0
    made: list[Change] = field(default_factory=list)
    deadline: float = 0.0

    def bring_back(self) -> tuple[RestorePlan, CapacitySnapshot]:
        """Restore our changes; return them, what stayed, and the capacity now.

        :raises RestoreError: it took too long, or AWS shows other values than were asked for.
        """
        self.deadline = self.site.clock.now() + self.wait.seconds
        now = self._look()
        while untouched(now, self.raised) and self.site.clock.now() < self.shown_by:
            self._sleep(_POLL_SECONDS)
            now = self._look()
        plan = first = self._plan(now)
        while plan.changes:
            step = first_step(plan.changes)
            self._make(step, plan)
            now, plan = self._await_shown(step)
        return RestorePlan(tuple(self.made), first.kept), now

    def _look(self) -> CapacitySnapshot:
        """Return the capacity of the ACTIVE table, and auto scaling's if we changed that."""
        snapshot = self._await_active().snapshot
        if not any(isinstance(change, ScalingChange) for change in self.raised):
            return snapshot
        targets = scaling_targets(
            self.site.clients.autoscaling,
            self.site.table.name,
            list(snapshot.provisioned),
            with_names=False,
        )
        return replace(snapshot, scaling=targets)

    def _await_active(self) -> Table:
        while (table := self.site.fresh_table()).not_active:
            if self.site.clock.now() > self.deadline:
                raise RestoreError(
                    f"{'; '.join(table.not_active)} after {self.wait.seconds:.0f} s. Clear the "
                    "restore task to continue waiting."
                )
            self._sleep(_POLL_SECONDS)
        return table

    def _make(self, step: Sequence[Change], plan: RestorePlan) -> None:
        """Ask until AWS accepts the change; a refused decrease may be allowed later."""
        began = self.site.clock.now()
        while refused := self._refused(step):
            is_limit = refused.aws_code == LIMIT
            until = began + self.wait.refused_seconds if is_limit else self.deadline
            left = until - self.site.clock.now()
            if left <= 0:
                raise RestoreError(self._given_up(plan, refused), refused.aws_code) from refused
            self._sleep(min(_REFUSED_SECONDS if is_limit else _POLL_SECONDS, left))
        self.made += step
        self._allow_for_the_change()
        if not isinstance(step[0], ScalingChange):
            self.rules = replace(self.rules, lowered=True)

    def _refused(self, step: Sequence[Change]) -> AwsRequestError | None:
        """Make the calls; return None if AWS accepted them, or its error if it may do so later.

        If a response is lost, boto3 repeats the request, and AWS refuses it as already done.
        """
        site = self.site
        try:
            for change in step:
                if isinstance(change, ScalingChange):
                    change_scaling(site.clients.autoscaling, site.table.name, change)
            if not isinstance(step[0], ScalingChange):
                update_capacity(site.clients.dynamodb, site.table.name, step)
        except AwsRequestError as exc:
            if exc.aws_code in {IN_USE, LIMIT, CONCURRENT, *THROTTLED}:
                return exc
            if not self._is_made(step):
                raise RestoreError(self._given_up(RestorePlan(tuple(step), ()), exc)) from exc
        return None

    def _is_made(self, step: Sequence[Change]) -> bool:
        try:
            return not _of(self._plan(self._look()), step)
        except MigrationError:
            return False  # AWS's first error is the one to report

    def _plan(self, now: CapacitySnapshot) -> RestorePlan:
        return plan_restore(now, self.raised, self.rules)

    def _await_shown(self, step: Sequence[Change]) -> tuple[CapacitySnapshot, RestorePlan]:
        """Wait until the table shows the change."""
        deadline = self.site.clock.now() + _SHOWN_SECONDS
        while True:
            now = self._look()
            plan = self._plan(now)
            left = _of(plan, step)
            if not left:
                return now, plan
            if self.site.clock.now() > deadline:
                raise RestoreError(
                    f"Table {self.site.table.name} does not show the original capacity; still to "
                    f"do: {'; '.join(map(str, left))}. {self._bill(plan)}Clear the restore task "
                    "to try again."
                )
            self._sleep(_POLL_SECONDS)

    def _allow_for_the_change(self) -> None:
        """Allow more time for a change that AWS accepted at the last moment."""
        grace = min(self.wait.seconds, _CHANGE_SECONDS)
        self.deadline = max(self.deadline, self.site.clock.now() + grace)

    def _sleep(self, seconds: float) -> None:
        self.keep()
        self.site.clock.sleep(seconds)

    def _given_up(self, plan: RestorePlan, refused: AwsRequestError) -> str:
        return (
            f"Table {self.site.table.name}: AWS refused to restore capacity ({refused.aws_code}): "
            f"{'; '.join(map(str, plan.changes))}. {self._bill(plan)}Capacity can be lowered 4 "
            "times at the start of a UTC day, and then once an hour. Clear the restore task "
            f"later. AWS says: {refused}"
        )

    def _bill(self, plan: RestorePlan) -> str:
        table = self.site.table
        more = hourly_difference(still_raised(plan.changes), prices_of(table), table.replicas)
        where = everywhere(table.replicas)
        cost = f"{dollars_words(more)} more per hour{where}"
        return f"Until then it costs {cost}. " if more > 0 else ""


def _of(plan: RestorePlan, step: Sequence[Change]) -> list[Change]:
    """Return the changes of a step that are still to be made."""
    keys = {change.key for change in step}
    return [change for change in plan.changes if change.key in keys]
