"""The map run of a migration in the Step Functions console."""

from airflow_ddb_migrate.links._console import ConsoleLink


class MigrationMapRunLink(ConsoleLink):
    """Opens the map run: its child executions, one for each segment or lane."""

    name = "Map run"
    key = "migration_map_run"
    format_str = "{url}"
