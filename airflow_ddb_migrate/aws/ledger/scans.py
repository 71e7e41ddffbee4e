"""What is read across tables: by a Scan of the ledger, since each table has keys of its own."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.ledger.keys import HISTORY, LEASE, TABLE
from airflow_ddb_migrate.aws.ledger.typed_values import decode, encode_all
from airflow_ddb_migrate.core.ledger.history import HistoryRow
from airflow_ddb_migrate.core.ledger.records import LeaseRecord, TypedItem
from airflow_ddb_migrate.core.report.list_row import ListedMigration, listed

_PAGES = 200  # of 1 MB each: some 30 migrations of 10,000 segments


def all_leases(dynamodb: Any, ledger_table: str, *, consistent: bool) -> Iterator[LeaseRecord]:
    """Yield every lease of a ledger by a Scan: each table has a partition key of its own.

    An inconsistent read costs half; it may miss what was written within the last second.
    """
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=ledger_table,
        FilterExpression="begins_with(pk, :table) AND begins_with(sk, :lease)",
        ExpressionAttributeValues=encode_all({":table": TABLE, ":lease": LEASE}),
        ConsistentRead=consistent,
    )
    with aws_call("dynamodb:Scan", f"table {ledger_table}"):
        for page in pages:
            yield from (decode(LeaseRecord, item) for item in page["Items"])


def all_history(dynamodb: Any, ledger_table: str) -> tuple[list[ListedMigration], bool]:
    """Return the migrations of all tables, the newest first, and whether these are all.

    History has a partition key for each table and no index over them, so the ledger is scanned:
    half a read unit for every 4 KB of it, lanes included (10,000 lanes are about 5 MB, or
    $0.0001). It is read no further than 200 MB; ``ddb-migrate history --table`` has no such bound.
    """
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=ledger_table,
        FilterExpression="begins_with(pk, :table) AND begins_with(sk, :history)",
        ExpressionAttributeValues=encode_all({":table": TABLE, ":history": HISTORY}),
    )
    with aws_call("dynamodb:Scan", f"table {ledger_table}"):
        read = list(islice(pages, _PAGES + 1))
    rows = [_listed(item) for page in read[:_PAGES] for item in page["Items"]]
    return sorted(rows, key=lambda row: -row["started_at"]), len(read) <= _PAGES


def history_rows(dynamodb: Any, ledger_table: str) -> Iterator[tuple[TypedItem, HistoryRow]]:
    """Yield every row of every table's history, each with its key, consistently; by a Scan."""
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=ledger_table,
        FilterExpression="begins_with(pk, :table) AND begins_with(sk, :history)",
        ExpressionAttributeValues=encode_all({":table": TABLE, ":history": HISTORY}),
        ConsistentRead=True,
    )
    with aws_call("dynamodb:Scan", f"table {ledger_table}"):
        for page in pages:
            for item in page["Items"]:
                yield {"pk": item["pk"], "sk": item["sk"]}, decode(HistoryRow, item)


def _listed(item: TypedItem) -> ListedMigration:
    return listed(item["pk"]["S"].removeprefix(TABLE), decode(HistoryRow, item))
