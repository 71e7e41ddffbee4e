"""Look at a table again after its migration."""

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
    Look at the table once more, without writing: what would the transform still change.

    The same transform with the same parameters and the same start as the migration runs over all
    segments or a sample, and so does the transform's ``check(item)`` where it has one. Items that
    would change, fail the check or cannot be looked at fail the task when there are more than
    ``max_left`` and those in the migration's quarantine, which are known; the message names some
    of their keys. A migration that is not finished is not looked at: the task fails at once.

    Returns the figures of the report, and ``markdown``. Parameters: :class:`InspectionOperator`,
    :class:`WaitingOperator` and :class:`MigrationTask`; of :class:`MigrationRequestOperator`
    only the budget for reads, ``max_concurrency`` and ``show_values`` mean something here.

    :param max_left: so many items may be left. (templated)
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
        """A migration that is unfinished has items that would change, which is known already.

        That is for a ``wait`` that was marked successful: the scan would take as long as the
        migration, with raised capacity, to say so.
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
    """Say what one that has not ended needs; of one that has, its verdict says it."""
    if seen.is_over:
        return ""
    if seen.orders.stop_reason:
        return "Clear the start task with its downstream tasks to continue."
    return "Clear the waiting task with its downstream tasks to watch on."
