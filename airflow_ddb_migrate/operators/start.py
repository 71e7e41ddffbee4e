"""Start a migration, and optionally wait for it."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate.core.validation import validate_switch
from airflow_ddb_migrate.operators.base.execution import WaitingOperator
from airflow_ddb_migrate.operators.base.parameters import Rules, check_constants
from airflow_ddb_migrate.operators.base.request import REQUEST_FIELDS
from airflow_ddb_migrate.operators.base.task import template_fields

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.site import Site


class StartDistributedMapMigrationOperator(WaitingOperator):
    """
    Start the migration of a table, attach to a running one, or continue an unfinished one.

    A retried or cleared task finds what an earlier try started. Nothing starts twice, and finished
    segments are not processed again. By default this task does not wait for the migration;
    :class:`~airflow_ddb_migrate.sensors.migration.DistributedMapMigrationSensor` does.

    Returns ``migration_id``, ``attempt`` (its number), ``execution_arn``, ``lanes`` (segments in
    this attempt), ``table`` and ``total_segments``; with ``wait`` also ``counts`` of items by
    result. Parameters: :class:`WaitingOperator`, :class:`MigrationRequestOperator` and
    :class:`MigrationTask`.

    :param wait: wait in this task until the migration has ended. (templated)
    """

    RULES: ClassVar[Rules] = {
        **WaitingOperator.RULES,
        "wait": partial(validate_switch, "wait"),
    }
    template_fields: Sequence[str] = template_fields(*REQUEST_FIELDS, "wait")

    def __init__(self, *, wait: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.wait = wait
        check_constants(self)

    def run_step(self, context: "Context") -> dict[str, Any]:
        request = self.valid_request(context)
        site = self.open_site(context)
        started = self.begin(context, site, request)
        if self.wait:
            return self.await_end(context, site)  # type: ignore[no-any-return]
        result = asdict(started)
        result.pop("explanation")
        record = site.ledger.required_migration(site.migration_id)
        return {**result, "table": record.table_name, "total_segments": record.total_segments}

    def finished(self, context: "Context", site: "Site") -> dict[str, Any]:  # noqa: ARG002
        from airflow_ddb_migrate.aws.execution.observe import observe

        seen = observe(site)
        return {
            "migration_id": site.migration_id,
            "attempt": seen.attempt.number,
            "execution_arn": seen.attempt.execution_arn,
            "lanes": seen.attempt.lanes,
            "table": seen.record.table_name,
            "total_segments": seen.record.total_segments,
            "counts": seen.progress.counts.to_dict(),
        }
