"""Raise a table's capacity before a migration."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate._compat import defer_by_default
from airflow_ddb_migrate.core.limits import (
    DEFAULT_PREWARM_READ_UNITS,
    DEFAULT_PREWARM_WRITE_UNITS,
)
from airflow_ddb_migrate.core.validation import validate_seconds, validate_switch, validate_units
from airflow_ddb_migrate.operators.base.author_rules import check_units
from airflow_ddb_migrate.operators.base.not_asked import not_asked
from airflow_ddb_migrate.operators.base.parameters import Rules, check_constants
from airflow_ddb_migrate.operators.base.request import REQUEST_FIELDS, MigrationRequestOperator
from airflow_ddb_migrate.operators.base.task import explained, task_error, template_fields

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.capacity.prewarm import Prewarm
    from airflow_ddb_migrate.aws.site import Site
    from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
    from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits
    from airflow_ddb_migrate.core.execution.request import StartRequest

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
    Check everything a migration needs, then raise the capacity of the table and its indexes.

    A migration that cannot work is refused here, before anything changes, even if ``enabled`` is
    False. The original capacity is saved in the ledger before the first change, so that
    :class:`~airflow_ddb_migrate.operators.restore.RestoreCapacityOperator` can restore it.

    Nothing is ever lowered. For indexes only the write capacity is raised: for the indexes that the
    plan expects to be written, or for all of them without a plan. With auto scaling, the minimum is
    raised too, and scale-in is suspended. The log shows what each change costs and whether it can
    be undone.

    To raise capacity for a job of your own, without a migration, set ``transform=None`` and
    ``hold_seconds``; see ``docs/capacity.md``.

    Returns ``migration_id``, ``before`` and ``during`` (the capacity), and ``changes`` (one
    sentence each). Other parameters: :class:`MigrationRequestOperator` and :class:`MigrationTask`.
    Give them the same values as in the start operator.

    :param read_units: read units per second that the table should have at least. (templated)
    :param write_units: write units per second that the table and its indexes should have at least.
        (templated)
    :param enabled: False checks everything but raises nothing, and the task shows as skipped.
        (templated)
    :param warm_throughput: raise the warm throughput of an on-demand table. AWS charges for it once
        and never lowers it again. (templated)
    :param switch_to_on_demand: switch a PROVISIONED table to on-demand instead of raising its
        capacity; restore switches it back. AWS allows four such switches a day. Refused for a table
        with replicas, because AWS would switch all of them. (templated)
    :param hold_seconds: how long a job of your own needs the capacity, in seconds or as a
        timedelta. After that, and not before half an hour, the safety net may restore the capacity.
        A migration does not need it: it renews its claim while it runs. (templated)
    :param poke_interval: time between two checks of the table, in seconds or as a timedelta; some
        jitter is added.
    :param timeout: how long to wait for the table and its indexes, in seconds or as a timedelta.
    :param deferrable: wait in the triggerer and free the worker slot. By default Airflow's
        ``[operators] default_deferrable``.
    """

    RULES: ClassVar[Rules] = {
        **MigrationRequestOperator.RULES,
        "deferrable": partial(validate_switch, "deferrable"),
        "enabled": partial(validate_switch, "prewarm"),
        "hold_seconds": partial(validate_seconds, "hold_seconds"),
        "poke_interval": partial(validate_seconds, "poke_interval"),
        "read_units": partial(validate_units, "prewarm_rcu"),
        "switch_to_on_demand": partial(validate_switch, "switch_to_on_demand"),
        "timeout": partial(validate_seconds, "timeout"),
        "warm_throughput": partial(validate_switch, "warm_throughput"),
        "write_units": partial(validate_units, "prewarm_wcu"),
    }
    template_fields: Sequence[str] = template_fields(*REQUEST_FIELDS, *_OWN_FIELDS)
    raises_capacity: ClassVar[bool] = True

    def __init__(  # noqa: PLR0913  # the parameters of an Airflow class
        self,
        *,
        read_units: int = DEFAULT_PREWARM_READ_UNITS,
        write_units: int = DEFAULT_PREWARM_WRITE_UNITS,
        enabled: bool = True,
        warm_throughput: bool = False,
        switch_to_on_demand: bool = False,
        hold_seconds: timedelta | float = 0,
        poke_interval: timedelta | float = 20,
        timeout: timedelta | float = 3_600,
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.read_units = read_units
        self.write_units = write_units
        self.enabled = enabled
        self.warm_throughput = warm_throughput
        self.switch_to_on_demand = switch_to_on_demand
        # Seconds by their rules.
        self.hold_seconds: float = hold_seconds  # type: ignore[assignment]
        self.poke_interval: float = poke_interval  # type: ignore[assignment]
        self.timeout: float = timeout  # type: ignore[assignment]
        self.deferrable = defer_by_default() if deferrable is None else deferrable
        check_constants(self)

    @classmethod
    def hold_to(cls, rules: "AuthorRules", values: Mapping[str, Any]) -> None:
        super().hold_to(rules, values)
        if values.get("enabled"):
            check_units(rules, values)

    def run_step(self, context: "Context") -> Any:
        from airflow_ddb_migrate.aws.capacity.prewarm_task import check_prewarm, finish

        request = self.valid_request(context)
        wanted = self._wanted()
        site = self.open_site(context)
        request = self._held_to_all_limits(site, request)
        switch = self.enabled and self.switch_to_on_demand
        written = check_prewarm(site, request, switch_to_on_demand=switch)
        asked = self._raise(context, site, wanted, written, request)
        if asked.changes:
            self._wait(context, site, asked)
        done = finish(site, asked, self.hold_seconds)
        if not self.enabled:
            why = "Prewarm is off. Everything was checked, and no capacity was raised."
            return not_asked(self, context, why, done)
        return done

    def execute_complete(self, context: "Context", event: dict[str, Any]) -> dict[str, Any]:
        """Return the result after the trigger has fired."""
        from airflow_ddb_migrate.aws.capacity.prewarm_task import finish, raised_as_told

        if event["status"] != "success":
            raise task_error(event["message"], retryable=event["retryable"])
        with explained():
            return finish(self.open_site(context), raised_as_told(event), self.hold_seconds)

    def _held_to_all_limits(self, site: "Site", request: "StartRequest") -> "StartRequest":
        """Return the request with the rules of the migration that it continues, undoes or replays.

        :raises InvalidInputError: the request asks for more units than those rules allow.
        """
        from airflow_ddb_migrate.aws.preflight.author_limits import under_all_limits

        request = under_all_limits(site, request, of=self.table_of or "")
        if self.enabled:
            units = {"read_units": self.read_units, "write_units": self.write_units}
            check_units(request.limits, units)
        return request

    def _wanted(self) -> "CapacityUnits":
        from airflow_ddb_migrate.aws.capacity.prewarm_task import wanted_units

        return wanted_units(self.read_units, self.write_units)

    def _raise(
        self,
        context: "Context",
        site: "Site",
        wanted: "CapacityUnits",
        written: tuple[str, ...] | None,
        request: "StartRequest",
    ) -> "Prewarm":
        from airflow_ddb_migrate.aws.capacity import between
        from airflow_ddb_migrate.aws.capacity.prewarm_task import nothing_raised, raise_for_task
        from airflow_ddb_migrate.operators.base.raised import note_raising

        if not self.enabled:
            between.note_none_wanted(site)
            self.log.info("Prewarm is off. The capacity of table %s stays.", site.table.name)
            return nothing_raised(site)
        note_raising(context, site, push=self.do_xcom_push)
        how = {"warm": self.warm_throughput, "switch_to_on_demand": self.switch_to_on_demand}
        between.note_wanted(site, wanted, written=written, **how)
        if self._opens_later(site, request):
            return nothing_raised(site)
        return raise_for_task(site, wanted, written=written, log=self.log, **how)

    def _opens_later(self, site: "Site", request: "StartRequest") -> bool:
        """Return whether no window is open now. Then the waiting task raises the capacity later."""
        from airflow_ddb_migrate.aws.capacity.between import owes
        from airflow_ddb_migrate.aws.preflight.open_hours import opens_later
        from airflow_ddb_migrate.core.text.times import iso

        opens_at = opens_later(site, request, raises=not owes(site))
        if opens_at:
            self.log.info(
                "No capacity is raised now, because the hours are %s. The waiting task raises it "
                "at %s.",
                request.hours,
                iso(opens_at),
            )
        return bool(opens_at)

    def _wait(self, context: "Context", site: "Site", asked: "Prewarm") -> None:
        from airflow_ddb_migrate.aws.capacity.wait import CapacityWait
        from airflow_ddb_migrate.core.capacity.changes import changes_to_json
        from airflow_ddb_migrate.triggers.prewarm import CapacityRaisedTrigger

        deadline = time.time() + self.timeout
        wait = CapacityWait(
            changes=asked.changes, deadline=deadline, poke_interval=self.poke_interval
        )
        if not self.deferrable:
            wait.wait(site, tell=self.log.info)
            return
        if not wait.look(site):
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
