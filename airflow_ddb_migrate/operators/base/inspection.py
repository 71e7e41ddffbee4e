"""Read a table on behalf of a migration, without writing."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.validation import validate_count
from airflow_ddb_migrate.operators.base.execution import WaitingOperator
from airflow_ddb_migrate.operators.base.not_asked import not_asked
from airflow_ddb_migrate.operators.base.parameters import Rules, check_constants, optional
from airflow_ddb_migrate.operators.base.request import REQUEST_FIELDS
from airflow_ddb_migrate.operators.base.task import template_fields

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.site import Site

INSPECTION_FIELDS = (*REQUEST_FIELDS, "enabled", "sample_segments")


class InspectionOperator(WaitingOperator):
    """
    Base class of the operators that only read: each pass has a name and a ledger record of its own.

    If you clear the task, it reads the table again. If Airflow retries it, it uses the result of a
    pass that has ended. A pass that has not ended resumes where it stopped. A pass does not lock
    the table, so it may run while something else works on it.

    :param enabled: False skips this task. (templated)
    :param sample_segments: read only this many segments, chosen by the migration's id; by default
        all of them. (templated)
    """

    template_fields: Sequence[str] = template_fields(*INSPECTION_FIELDS)
    RULES: ClassVar[Rules] = {
        **WaitingOperator.RULES,
        "sample_segments": optional(partial(validate_count, "sample_segments")),
    }
    starts_migration: ClassVar[bool] = False
    mode: ClassVar[Mode]
    part: ClassVar[str]
    conf: ClassVar[str]  # the field of the form that switches it on

    def __init__(
        self, *, enabled: bool = True, sample_segments: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.enabled = enabled
        self.sample_segments = sample_segments
        check_constants(self)

    def run_step(self, context: "Context") -> Any:
        from airflow_ddb_migrate.aws.execution.parts import next_part

        if not self.enabled:
            return not_asked(self, context, f"{self.conf} is off: nothing was checked.")
        lanes = self.sample_segments or 0
        site = self.open_site(context)
        self.require_worth_a_look(site)
        request = self.valid_request(
            context, mode=self.mode, of=site.migration_id, sample_lanes=lanes
        )
        part = next_part(site, self.part, anew=not self._is_retried(context))
        self.begin(context, part, request)
        return self.await_end(context, part)

    def _is_retried(self, context: "Context") -> bool:
        """Return whether Airflow retries the task. Clearing a task raises ``max_tries`` instead.

        A try may fail after its pass has succeeded, for example when the trigger fires before a
        busy scheduler has noticed that the task is deferred. Then the table need not be scanned
        again.
        """
        ti = context["ti"]
        return bool(ti.try_number > 1 and ti.max_tries == self.retries)

    def require_worth_a_look(self, site: "Site") -> None:
        """Refuse a pass that could not find anything; it may cost a scan of the whole table."""

    def waited_site(self, context: "Context") -> "Site":
        from airflow_ddb_migrate.aws.execution.parts import latest_part

        site = self.open_site(context)
        return latest_part(site, self.part) or site
