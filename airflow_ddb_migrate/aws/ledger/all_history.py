"""Every migration in a ledger, of whatever table, for those who do not ask for one table's."""

from itertools import islice
from typing import Any

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.ledger import typed_values
from airflow_ddb_migrate.aws.ledger.history import PREFIX, row_from
from airflow_ddb_migrate.core.report.list_row import ListedMigration, listed

_TABLE = "table#"
_PAGES = 200  # of 1 MB each: some 30 migrations of 10,000 segments


def all_history(dynamodb: Any, ledger_table: str) -> tuple[list[ListedMigration], bool]:
    """Return the migrations of all tables, the newest first, and whether these are all.

    History has a partition key for each table and no index over them, so the ledger is scanned:
    half a read unit for every 4 KB of it, lanes included (10,000 lanes are about 5 MB, or
    $0.0001). It is read no further than 200 MB; ``ddb-migrate history --table`` has no such bound.
    """
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=ledger_table,
        FilterExpression="begins_with(pk, :table) AND begins_with(sk, :history)",
        ExpressionAttributeValues=typed_values.encode_all({":table": _TABLE, ":history": PREFIX}),
    )
    with aws_call("dynamodb:Scan", f"table {ledger_table}"):
        read = list(islice(pages, _PAGES + 1))
    items = [item for page in read[:_PAGES] for item in page["Items"]]
    rows = [listed(typed_values.text(i, "pk").removeprefix(_TABLE), row_from(i)) for i in items]
    return sorted(rows, key=lambda row: -row["started_at"]), len(read) <= _PAGES
