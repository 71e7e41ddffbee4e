"""Addresses of AWS's web console, by partition. Empty if the page's address is not known."""

from typing import Final
from urllib.parse import quote

_DOMAINS: Final = {
    "aws": "aws.amazon.com",
    "aws-cn": "amazonaws.cn",
    "aws-us-gov": "amazonaws-us-gov.com",
}
_PARTITION, _REGION, _KIND = 1, 3, 5
_PARTS: Final = 8  # arn:partition:states:region:account:kind:…:…


def execution_url(execution_arn: str) -> str:
    """Return the page of an execution, from which its map run is one click away."""
    return _states_url(execution_arn, "execution", "/v2/executions/details/")


def map_run_url(map_run_arn: str) -> str:
    """Return the page of a map run: its child executions, their counts, and its input."""
    return _states_url(map_run_arn, "mapRun", "/mapruns/details/")


def log_group_url(log_group: str, near_arn: str) -> str:
    """Return the page of a log group in the account and region of an ARN.

    CloudWatch's console keeps its state behind ``#``, encoded twice with ``$`` for ``%``.
    """
    start = _console(near_arn, "cloudwatch/home")
    twice = quote(quote(log_group, safe=""), safe="").replace("%", "$")
    return f"{start}#logsV2:log-groups/log-group/{twice}" if start and log_group else ""


def object_url(bucket: str, key: str, near_arn: str) -> str:
    """Return the page of an object in S3, from which it can be opened."""
    start = _console(near_arn, f"s3/object/{quote(bucket)}")
    return f"{start}&prefix={quote(key, safe='')}" if start else ""


def _states_url(arn: str, kind: str, page: str) -> str:
    parts = arn.split(":")
    if len(parts) != _PARTS or parts[_KIND] != kind:
        return ""
    start = _console(arn, "states/home")
    return f"{start}#{page}{quote(arn, safe='')}" if start else ""


def _console(near_arn: str, page: str) -> str:
    parts = near_arn.split(":")
    if len(parts) <= _REGION or parts[_PARTITION] not in _DOMAINS:
        return ""
    domain, region = _DOMAINS[parts[_PARTITION]], parts[_REGION]
    return f"https://console.{domain}/{page}?region={region}"
