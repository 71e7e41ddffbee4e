"""The report of a migration in the S3 console."""

from airflow_ddb_migrate.links._console import ConsoleLink


class MigrationReportLink(ConsoleLink):
    """Opens ``report.json`` in the stack's bucket."""

    name = "Migration report"
    key = "migration_report"
    format_str = "{url}"
