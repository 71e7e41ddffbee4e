"""Tables: how often capacity can be lowered."""

from typing import Any, Final

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.core.prove.price import SLOW_READ_UNITS, SLOW_WRITE_UNITS
from airflow_ddb_migrate.prove.scratch import Scratch

_DECREASES: Final = SLOW_READ_UNITS - 1  # down to one unit


def ask_table_decreases(scratch: Scratch) -> dict[str, Any]:
    """Lower the read units by one repeatedly until that is refused."""
    table, clock = scratch.names.slow_table, scratch.clock
    began = clock.now()
    for done in range(_DECREASES):
        scratch.await_active(table)
        units = {
            "ReadCapacityUnits": SLOW_READ_UNITS - done - 1,
            "WriteCapacityUnits": SLOW_WRITE_UNITS,
        }
        try:
            scratch.single.dynamodb.update_table(TableName=table, ProvisionedThroughput=units)
        except ClientError as exc:
            return {
                "decreases": done,
                "code": error_code(exc),
                "message": str(exc.response["Error"].get("Message", "")),
                "after_seconds": round(clock.now() - began, 1),
            }
    with aws_call("dynamodb:DescribeTable", f"table {table}"):
        found = scratch.clients.dynamodb.describe_table(TableName=table)["Table"]
    counted = found["ProvisionedThroughput"].get("NumberOfDecreasesToday")
    return {"decreases": _DECREASES, "code": "", "decreases_counted_by_aws": counted}
