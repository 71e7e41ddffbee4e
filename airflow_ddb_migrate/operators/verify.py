"""Look at a table again after its migration."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_ddb_migrate._compat import AirflowSkipException
from airflow_ddb_migrate.aws.parts import latest_part, next_part
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.aws.verify import compose_verify
from airflow_ddb_migrate.aws.watch import observe
from airflow_ddb_migrate.core.names import CHECK
from airflow_ddb_migrate.core.records import Mode
from airflow_ddb_migrate.core.request import validate_count
from airflow_ddb_migrate.operators._base import task_error, template_fields, validate_switch
from airflow_ddb_migrate.operators._request import REQUEST_FIELDS
from airflow_ddb_migrate.operators._waiting import WaitingOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class VerifyMigrationOperator(WaitingOperator):
    """
    Look at the table once more, without writing: what would the transform still change.

    The same transform with the same parameters and the same start as the migration runs over all
    segments or a sample, and so does the transform's ``check(item)`` where it has one. Items that
    would change, fail the check or cannot be looked at fail the task when there are more than
    ``max_left`` and those in the migration's quarantine, which are known; the message names some
    of their keys. A cleared task looks anew.

    Returns the figures of the report, and ``markdown``. Parameters: :class:`WaitingOperator` and
    :class:`MigrationOperator`; of :class:`MigrationRequestOperator` only the budget for reads,
    ``max_concurrency`` and ``show_values`` mean something here.

    :param enabled: False skips this task. (templated)
    :param sample_segments: look at so many segments only, chosen by the migration's id; by
        default at all of them. (templated)
    :param max_left: so many items may be left. (templated)
    """

    template_fields: Sequence[str] = template_fields(
        *REQUEST_FIELDS, "enabled", "max_left", "sample_segments"
    )

    def __init__(
        self,
        *,
        enabled: bool = True,
        sample_segments: int | None = None,
        max_left: int = 0,
        transform: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(transform=transform, **kwargs)
        self.enabled = enabled
        self.sample_segments = sample_segments
        self.max_left = max_left

    def run_step(self, context: "Context") -> Any:
        if not validate_switch("verify", self.enabled):
            raise AirflowSkipException("No check was asked for.")
        validate_count("max_left", self.max_left)
        site = self.open_site(context)
        request = self.valid_request(
            context,
            mode=Mode.VERIFY,
            of=site.migration_id,
            sample_lanes=self.sample_segments or 0,
        )
        part = next_part(site, CHECK)
        self.begin(context, part, request)
        return self.await_end(context, part)

    def finished(self, context: "Context", site: Site) -> dict[str, Any]:
        report = compose_verify(site, time.time())
        known = observe(self.open_site(context), time.time()).progress.counts.quarantined
        markdown = report.to_markdown()
        self.log.info("%s", markdown)
        if not report.is_within(self.max_left + known):
            raise task_error(report.failure(self.max_left + known), retryable=False)
        return {**report.to_dict(), "markdown": markdown}

    def waited_site(self, context: "Context") -> Site:
        site = self.open_site(context)
        return latest_part(site, CHECK) or site
