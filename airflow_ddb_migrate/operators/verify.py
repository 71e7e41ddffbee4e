"""Check a table after its migration."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.names import CHECK
from airflow_ddb_migrate.core.validation import validate_count, validate_switch
from airflow_ddb_migrate.operators.base.inspection import INSPECTION_FIELDS, InspectionOperator
from airflow_ddb_migrate.operators.base.parameters import Rules, check_constants
from airflow_ddb_migrate.operators.base.task import task_error, template_fields

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.execution.observe import Observation
    from airflow_ddb_migrate.aws.site import Site


class VerifyMigrationOperator(InspectionOperator):
    """
    Read the table once more, without writing, and find items that the transform would still change.

    The migration's transform runs on all segments or a sample, with the same parameters and the
    same start time. The transform's ``check(item)`` runs too, if it has one. The task counts items
    that would change, that fail the check, or that cause an error. It fails if there are more of
    them than ``max_left`` plus the items in the migration's quarantine; the message names some of
    their keys. If the migration is not finished, the task fails at once without reading the table.

    Returns the figures of the report, and ``markdown``. Parameters: :class:`InspectionOperator`,
    :class:`WaitingOperator` and :class:`MigrationTask`; from :class:`MigrationRequestOperator`
    only the read budget, ``max_concurrency``, ``windows`` and ``show_values`` have an effect.

    :param max_left: number of such items that are acceptable. (templated)
    """

    RULES: ClassVar[Rules] = {
        **InspectionOperator.RULES,
        "enabled": partial(validate_switch, "verify"),
        "max_left": partial(validate_count, "max_left"),
    }
    template_fields: Sequence[str] = template_fields(*INSPECTION_FIELDS, "max_left")
    mode: ClassVar[Mode] = Mode.VERIFY
    part: ClassVar[str] = CHECK
    conf: ClassVar[str] = "verify"

    def __init__(self, *, max_left: int = 0, transform: str = "", **kwargs: Any) -> None:
        super().__init__(transform=transform, **kwargs)
        self.max_left = max_left
        check_constants(self)

    def require_worth_a_look(self, site: "Site") -> None:
        """Refuse an unfinished migration, whose remaining items would surely still change.

        This happens if someone marks ``wait`` as success. The scan would take as long as the
        migration itself.
        """
        from airflow_ddb_migrate.aws.execution.observe import observe

        seen = observe(site)
        if seen.progress.is_finished and not seen.left:
            return
        raise task_error(
            f"Migration {site.migration_id} is not finished, so nothing was checked. "
            f"{seen.verdict.reason.rstrip('.')}. {_how_on(seen)}".rstrip(),
            retryable=False,
        )

    def finished(self, context: "Context", site: "Site") -> dict[str, Any]:
        from airflow_ddb_migrate.aws.execution.observe import observe
        from airflow_ddb_migrate.aws.inspection.reports import compose_verify

        report = compose_verify(site)
        known = observe(self.open_site(context)).progress.counts.quarantined
        markdown = report.to_markdown()
        self.log.info("%s", markdown)
        if not report.is_within(self.max_left + known):
            raise task_error(report.failure(self.max_left + known), retryable=False)
        return {**report.to_dict(), "markdown": markdown}


def _how_on(seen: "Observation") -> str:
    """Return what to do about an unfinished migration; empty if it has ended."""
    if seen.is_over:
        return ""
    if seen.orders.stop_reason:
        return "Clear the start task with its downstream tasks to continue."
    return "Clear the waiting task with its downstream tasks to keep waiting."
