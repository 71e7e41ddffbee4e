"""Start a migration."""

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow_ddb_migrate.aws.start import start
from airflow_ddb_migrate.links.execution import MigrationExecutionLink
from airflow_ddb_migrate.operators._request import MigrationRequestOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class StartDistributedMapMigrationOperator(MigrationRequestOperator):
    """
    Start the migration of a table, attach to it when it runs, or go on with what is unfinished.

    A retried or cleared task finds what an earlier try started: nothing is started twice, and
    finished segments are not worked on again. It does not wait; that is
    :class:`~airflow_ddb_migrate.sensors.migration.DistributedMapMigrationSensor`.

    Returns ``migration_id``, ``attempt``, ``execution_arn``, ``lanes``, ``table`` and
    ``total_segments``. Parameters: :class:`MigrationRequestOperator` and
    :class:`MigrationOperator`.
    """

    operator_extra_links = (MigrationExecutionLink(),)

    def run_step(self, context: "Context") -> dict[str, Any]:
        request = self.valid_request(context)
        site = self.open_site(context)
        started = start(site, request, time.time())
        MigrationExecutionLink.show(context, self, started.execution_arn)
        self.log.info("%s Execution: %s", started.explanation, started.execution_arn)
        result = asdict(started)
        result.pop("explanation")
        return {**result, "table": site.table.name, "total_segments": request.total_segments}
