"""Addresses of AWS's web console, by partition."""

from typing import Final
from urllib.parse import quote

_DOMAINS: Final = {
    "aws": "aws.amazon.com",
    "aws-cn": "amazonaws.cn",
    "aws-us-gov": "amazonaws-us-gov.com",
}
_ARN_PARTS: Final = 8  # arn:partition:states:region:account:execution:state-machine:name


def execution_url(execution_arn: str) -> str:
    """Return the page of an execution, from which its map run is one click away.

    Empty for what is no execution's ARN, and for a partition whose console is not known.
    """
    parts = execution_arn.split(":")
    if len(parts) != _ARN_PARTS or parts[1] not in _DOMAINS:
        return ""
    partition, region = parts[1], parts[3]
    return (
        f"https://console.{_DOMAINS[partition]}/states/home?region={region}"
        f"#/v2/executions/details/{quote(execution_arn, safe='')}"
    )
