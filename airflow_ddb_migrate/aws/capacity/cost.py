"""The prices of a table's capacity: those of its region and its class."""

from airflow_ddb_migrate.aws.services.tables import Table
from airflow_ddb_migrate.core.plan.prices import Prices, prices_for


def prices_of(table: Table) -> Prices:
    return prices_for(table.key.region).of_class(table.table_class)
