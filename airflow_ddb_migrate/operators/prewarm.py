"""Raise a table's capacity before a migration."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow_ddb_migrate._compat import defer_by_default
from airflow_ddb_migrate.aws import preflight
from airflow_ddb_migrate.aws.history import refuse_repeat
from airflow_ddb_migrate.aws.prewarm import Prewarm, prewarm
from airflow_ddb_migrate.aws.report import note_capacity
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity import (
    BillingMode,
    CapacitySnapshot,
    CapacityUnits,
    ScalingTarget,
)
from airflow_ddb_migrate.core.changes import ScalingChange, changes_from_json, changes_to_json
from airflow_ddb_migrate.core.limits import (
    DEFAULT_PREWARM_READ_UNITS,
    DEFAULT_PREWARM_WRITE_UNITS,
)
from airflow_ddb_migrate.core.owed_capacity import hold
from airflow_ddb_migrate.core.prices import cost_words, prices_for
from airflow_ddb_migrate.core.raising import validate_units
from airflow_ddb_migrate.core.report import show_capacity
from airflow_ddb_migrate.core.request import validate_at_least_zero
from airflow_ddb_migrate.operators._base import (
    explained,
    task_error,
    template_fields,
    validate_switch,
)
from airflow_ddb_migrate.operators._request import REQUEST_FIELDS, MigrationRequestOperator
from airflow_ddb_migrate.triggers._capacity_wait import CapacityWait
from airflow_ddb_migrate.triggers.prewarm import CapacityRaisedTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

_OWN_FIELDS = (
    "enabled",
    "hold_seconds",
    "read_units",
    "switch_to_on_demand",
    "warm_throughput",
    "write_units",
)


class PrewarmTableOperator(MigrationRequestOperator):
    """
    Check everything a migration needs, then raise the capacity of the table and every index.

    What cannot work is refused here, before anything is touched, also while prewarm is off. The
    capacity as it was is written to the ledger before the first change, once, so that
    :class:`~airflow_ddb_migrate.operators.restore.RestoreCapacityOperator` can bring it back.
    Nothing is ever lowered. Auto scaling's minimum is raised with the capacity, and its scale-in
    suspended. The log says what each change costs and whether it can be undone.

    Around a job of your own, that is without a migration, give ``transform=None`` and
    ``hold_seconds``; see ``docs/capacity.md``.

    Returns ``migration_id``, ``before``, ``changes`` in words, and ``during``. Other parameters:
    :class:`MigrationRequestOperator` and :class:`MigrationOperator`; give them as to the start
    operator.

    :param read_units: read units per second that table and indexes should have. (templated)
    :param write_units: write units per second that table and indexes should have. (templated)
    :param enabled: False checks everything and raises nothing. (templated)
    :param warm_throughput: raise an on-demand table's warm throughput: charged once, and AWS
        never lowers it again. (templated)
    :param switch_to_on_demand: make a PROVISIONED table an on-demand one instead of raising it;
        restore switches back. AWS allows that four times a day. (templated)
    :param hold_seconds: how long a job of your own may need the capacity. A migration shows that it
        lives; a job that does not has half an hour, and then the safety net may bring the capacity
        back. (templated)
    :param poke_interval: seconds between two looks at the table; some jitter is added.
    :param timeout: seconds to wait for the table and its indexes.
    :param deferrable: wait in the triggerer; by default ``[operators] default_deferrable``.
    """

    template_fields: Sequence[str] = template_fields(*REQUEST_FIELDS, *_OWN_FIELDS)

    def __init__(  # noqa: PLR0913  # the parameters of an Airflow class
        self,
        *,
        read_units: int = DEFAULT_PREWARM_READ_UNITS,
        write_units: int = DEFAULT_PREWARM_WRITE_UNITS,
        enabled: bool = True,
        warm_throughput: bool = False,
        switch_to_on_demand: bool = False,
        hold_seconds: float = 0,
        poke_interval: float = 20,
        timeout: float = 3_600,
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.read_units = read_units
        self.write_units = write_units
        self.enabled = enabled
        self.warm_throughput = warm_throughput
        self.switch_to_on_demand = switch_to_on_demand
        self.hold_seconds = hold_seconds
        self.poke_interval = poke_interval
        self.timeout = timeout
        self.deferrable = defer_by_default() if deferrable is None else deferrable

    def run_step(self, context: "Context") -> dict[str, Any]:
        request = self.valid_request(context)
        wanted = self._wanted()
        site = self.open_site(context)
        transform_hash = preflight.check(site, request.transform, time.time())
        refuse_repeat(site, request, transform_hash)
        note_capacity(site, "before", site.table.snapshot)
        asked = self._raise(site, wanted)
        if asked.changes:
            self._wait(context, site, asked)
        return self._finish(site, asked)

    def execute_complete(self, context: "Context", event: dict[str, Any]) -> dict[str, Any]:
        """Go on after the trigger has fired."""
        if event["status"] != "success":
            raise task_error(event["message"], retryable=event["retryable"])
        before = CapacitySnapshot.from_json(event["before"])
        asked = Prewarm(before, changes_from_json(event["changes"]))
        with explained():
            return self._finish(self.open_site(context), asked)

    def _wanted(self) -> CapacityUnits:
        validate_at_least_zero("hold_seconds", self.hold_seconds)
        validate_switch("prewarm", self.enabled)
        validate_switch("warm_throughput", self.warm_throughput)
        validate_switch("switch_to_on_demand", self.switch_to_on_demand)
        return CapacityUnits(
            validate_units("prewarm_rcu", self.read_units),
            validate_units("prewarm_wcu", self.write_units),
        )

    def _raise(self, site: Site, wanted: CapacityUnits) -> Prewarm:
        if not self.enabled:
            self.log.info("Prewarm is off: the capacity of table %s stays.", site.table.name)
            return Prewarm(site.table.snapshot, ())
        asked = prewarm(
            site,
            wanted,
            warm=self.warm_throughput,
            switch_to_on_demand=self.switch_to_on_demand,
            now=time.time(),
        )
        self._tell(site, asked, wanted)
        return asked

    def _tell(self, site: Site, asked: Prewarm, wanted: CapacityUnits) -> None:
        prices = prices_for(site.table.key.region)
        for change in asked.changes:
            self.log.info("Raising %s: %s", change, cost_words(change, prices))
        if asked.changes:
            self.log.info("Prices: %s; a guide, not a bill.", prices.words)
            self._tell_schedules(asked)
        if asked.changes:
            return
        if asked.before.billing_mode is BillingMode.PAY_PER_REQUEST and not self.warm_throughput:
            self.log.info(
                "Table %s is on-demand: AWS scales it with its traffic, so there is no "
                "provisioned capacity to raise. warm_throughput=True prepares it for a sudden "
                "start; that is charged once and permanent.",
                site.table.name,
            )
        else:
            self.log.info(
                "Nothing to raise: table %s and every index have at least %s units per second.",
                site.table.name,
                wanted,
            )

    def _tell_schedules(self, asked: Prewarm) -> None:
        for target in _scheduled(asked):
            self.log.warning(
                "Scheduled actions of auto scaling stay active and may change %s capacity of %s: "
                "%s.",
                target.dimension,
                f"index {target.resource}" if target.resource else "the table",
                ", ".join(target.scheduled_actions),
            )

    def _wait(self, context: "Context", site: Site, asked: Prewarm) -> None:
        deadline = time.time() + self.timeout
        wait = CapacityWait(
            changes=asked.changes, deadline=deadline, poke_interval=self.poke_interval
        )
        if not self.deferrable:
            wait.wait(site, tell=self.log.info)
            return
        if not wait.look(site, time.time()):
            return
        self.defer(
            trigger=CapacityRaisedTrigger(
                before=asked.before.to_json(),
                changes=changes_to_json(asked.changes),
                deadline=deadline,
                poke_interval=self.poke_interval,
                **asdict(self.address(context)),
            ),
            method_name="execute_complete",
        )

    def _finish(self, site: Site, asked: Prewarm) -> dict[str, Any]:
        until = time.time() + self.hold_seconds
        site.leases.change(site.table.key, lambda lease: hold(lease, site.migration_id, until))
        during = site.fresh_table().snapshot
        note_capacity(site, "during", during)
        return {
            "migration_id": site.migration_id,
            "before": show_capacity(asked.before),
            "changes": [str(change) for change in asked.changes],
            "during": show_capacity(during),
        }


def _scheduled(asked: Prewarm) -> list[ScalingTarget]:
    changed = {
        (change.resource, change.dimension)
        for change in asked.changes
        if isinstance(change, ScalingChange)
    }
    targets = asked.before.targets
    return [targets[f] for f in changed if f in targets and targets[f].scheduled_actions]
