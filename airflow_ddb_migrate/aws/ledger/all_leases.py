"""Every lease of a ledger, for those who do not ask for one table's."""

from collections.abc import Iterator
from typing import Any

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.ledger import typed_values
from airflow_ddb_migrate.aws.ledger.leases import lease_from
from airflow_ddb_migrate.core.ledger.records import LeaseRecord


def all_leases(dynamodb: Any, ledger_table: str, *, consistent: bool) -> Iterator[LeaseRecord]:
    """Read the whole ledger: leases have a partition key each.

    An inconsistent read costs half; it may miss what was written within the last second.
    """
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=ledger_table,
        FilterExpression="begins_with(pk, :table) AND begins_with(sk, :lease)",
        ExpressionAttributeValues=typed_values.encode_all({":table": "table#", ":lease": "lease#"}),
        ConsistentRead=consistent,
    )
    with aws_call("dynamodb:Scan", f"table {ledger_table}"):
        for page in pages:
            yield from map(lease_from, page["Items"])
