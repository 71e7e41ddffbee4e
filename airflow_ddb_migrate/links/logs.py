"""The logs of a migration's Lambda in the CloudWatch console."""

from airflow_ddb_migrate.links._console import ConsoleLink


class MigrationLogsLink(ConsoleLink):
    """Opens the log group of the Lambda that works on the segments."""

    name = "Lambda logs"
    key = "migration_logs"
    format_str = "{url}"
