"""Single lookups about a table. The error of each names the permission that it needs."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.core.capacity.snapshot import TABLE, CapacityUnits, Dimension

_PERIOD: Final = 60
LOOK_BACK_SECONDS: Final = 24 * 3_600

Span = tuple[float, float]  # in seconds since the epoch

_METRICS: Final = {
    Dimension.READ: "ConsumedReadCapacityUnits",
    Dimension.WRITE: "ConsumedWriteCapacityUnits",
}


def ttl_attribute(dynamodb: Any, table_name: str) -> str:
    """Return the TTL attribute; empty without TTL."""
    with aws_call("dynamodb:DescribeTimeToLive", f"table {table_name}"):
        answer = dynamodb.describe_time_to_live(TableName=table_name)
    found = answer.get("TimeToLiveDescription", {})
    is_on = found.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
    return str(found.get("AttributeName", "")) if is_on else ""


def kinesis_streams(dynamodb: Any, table_name: str) -> tuple[str, ...]:
    """Return the Kinesis streams that get every change, by ARN."""
    with aws_call("dynamodb:DescribeKinesisStreamingDestination", f"table {table_name}"):
        answer = dynamodb.describe_kinesis_streaming_destination(TableName=table_name)
    rows = answer.get("KinesisDataStreamDestinations") or ()
    return tuple(row["StreamArn"] for row in rows if row.get("DestinationStatus") != "DISABLED")


def stream_functions(lambda_: Any, stream_arn: str) -> tuple[str, ...]:
    """Return the Lambda functions that read a stream, by ARN."""
    pages = lambda_.get_paginator("list_event_source_mappings").paginate(EventSourceArn=stream_arn)
    with aws_call("lambda:ListEventSourceMappings", f"stream {stream_arn}"):
        rows = [row for page in pages for row in page.get("EventSourceMappings") or ()]
    return tuple(row["FunctionArn"] for row in rows if row.get("State") != "Disabled")


def table_quota(dynamodb: Any) -> CapacityUnits:
    """Return the units that the account allows for one table, and for all tables."""
    with aws_call("dynamodb:DescribeLimits", "*"):
        limits = dynamodb.describe_limits()
    return CapacityUnits(*(_least(limits, f"Max{d.capitalize()}CapacityUnits") for d in Dimension))


def _least(limits: Mapping[str, Any], what: str) -> int:
    return min(int(limits[f"{scope}{what}"]) for scope in ("Table", "Account"))


def unreserved_concurrency(lambda_: Any) -> int:
    """Return the account's unreserved concurrency of Lambda."""
    with aws_call("lambda:GetAccountSettings", "*"):
        limits = lambda_.get_account_settings()["AccountLimit"]
    return int(limits["UnreservedConcurrentExecutions"])


def function_memory_mb(lambda_: Any, function: str) -> int:
    """Return the memory of the deployed Lambda, on which its price depends."""
    with aws_call("lambda:GetFunctionConfiguration", function):
        return int(lambda_.get_function_configuration(FunctionName=function)["MemorySize"])


def peak_units(
    cloudwatch: Any,
    table_name: str,
    resources: Sequence[str],
    now: float,
    *,
    but: Sequence[Span] = (),
) -> dict[str, CapacityUnits]:
    """Return the most units per second, averaged over a minute, of the last 24 hours.

    :param resources: the table (``""``) and its global indexes.
    :param but: minutes to leave out, in which migrations of the table ran.
    """
    queries = [
        _query(number, table_name, resource, dimension)
        for number, (resource, dimension) in enumerate(_figures(resources))
    ]
    end = datetime.fromtimestamp(now, UTC)
    arguments = {
        "MetricDataQueries": queries,
        "StartTime": end - timedelta(seconds=LOOK_BACK_SECONDS),
        "EndTime": end,
    }
    with aws_call("cloudwatch:GetMetricData", f"table {table_name}"):
        most = _most(cloudwatch, arguments, but)
    figures = {
        figure: math.ceil(most.get(_id(number), 0) / _PERIOD)
        for number, figure in enumerate(_figures(resources))
    }
    return {
        resource: CapacityUnits(*(figures[resource, dimension] for dimension in Dimension))
        for resource in resources
    }


def _most(cloudwatch: Any, arguments: Mapping[str, Any], but: Sequence[Span]) -> dict[str, float]:
    """Return the largest value of each query over all pages."""
    most: dict[str, float] = {}
    for page in cloudwatch.get_paginator("get_metric_data").paginate(**arguments):
        for row in page["MetricDataResults"]:
            most[row["Id"]] = max([most.get(row["Id"], 0), *_values(row, but)])
    return most


def _values(row: Mapping[str, Any], but: Sequence[Span]) -> list[float]:
    """Return the values by minute; a minute is named by its beginning."""
    return [
        value
        for value, time in zip(row["Values"], row["Timestamps"], strict=True)
        if not any(begin - _PERIOD <= time.timestamp() <= end for begin, end in but)
    ]


def _figures(resources: Sequence[str]) -> list[tuple[str, Dimension]]:
    return [(resource, dimension) for resource in resources for dimension in Dimension]


def _query(number: int, table_name: str, resource: str, dimension: Dimension) -> Mapping[str, Any]:
    dimensions = [{"Name": "TableName", "Value": table_name}]
    if resource != TABLE:
        dimensions.append({"Name": "GlobalSecondaryIndexName", "Value": resource})
    metric = {
        "Namespace": "AWS/DynamoDB",
        "MetricName": _METRICS[dimension],
        "Dimensions": dimensions,
    }
    return {
        "Id": _id(number),
        "MetricStat": {"Metric": metric, "Period": _PERIOD, "Stat": "Sum"},
        "ReturnData": True,
    }


def _id(number: int) -> str:
    return f"q{number}"
