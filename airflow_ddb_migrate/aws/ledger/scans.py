"""Reads across tables, by a Scan of the ledger, since each table has its own keys."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.ledger.keys import HISTORY, LEASE, TABLE
from airflow_ddb_migrate.aws.ledger.typed_values import decode, encode_all
from airflow_ddb_migrate.core.ledger.history import HistoryRow
from airflow_ddb_migrate.core.ledger.records import LeaseRecord, TypedItem
from airflow_ddb_migrate.core.report.list_row import ListedMigration, listed

_PAGES = 200  # of 1 MB each: about 30 migrations of 10,000 segments


def all_leases(dynamodb: Any, ledger_table: str, *, consistent: bool) -> Iterator[LeaseRecord]:
    """Yield every lease of a ledger by a Scan, since each table has its own partition key.

    An eventually consistent read costs half; it may miss the writes of the last second.
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
    """Return the migrations of all tables, the newest first, and whether they are complete.

    History has a partition key for each table and no index over them, so the ledger is scanned:
    half a read unit for every 4 KB of it, lanes included (10,000 lanes are about 5 MB, or $0.0001).
    At most 200 MB are read; ``ddb-migrate history --table`` has no such limit.
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
    """Yield every row of every table's history with its key, by a consistent Scan."""
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
