"""Say what a migration did."""

import time
from typing import TYPE_CHECKING

from airflow_ddb_migrate.aws.report import compose
from airflow_ddb_migrate.core.report import Report, to_markdown
from airflow_ddb_migrate.operators._base import MigrationOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class MigrationReportOperator(MigrationOperator):
    """
    Log the report of the migration as markdown and return it as data.

    It is composed from the ledger, at any time and any number of times. Parameters:
    :class:`MigrationOperator`.
    """

    def run_step(self, context: "Context") -> Report:
        report = compose(self.open_site(context), time.time())
        self.log.info("%s", to_markdown(report))
        return report
