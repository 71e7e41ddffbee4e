"""The code that runs in Lambda. It imports nothing of this package, which is not there."""

import sys
from typing import Any

import boto3
import botocore
from botocore.exceptions import ClientError

_HOOKS = ("before-parameter-build", "before-call", "before-parse")
_OPERATION = "dynamodb.DescribeTable"


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one question: what the runtime is, or the result of a request by this role."""
    if event["ask"] == "runtime":
        return _runtime(event["table"])
    if event["ask"] == "table":
        return _outcome(lambda: boto3.client("dynamodb").describe_table(TableName=event["table"]))
    s3 = boto3.client("s3")
    return _outcome(lambda: s3.head_object(Bucket=event["bucket"], Key=event["key"]))


def _runtime(table: str) -> dict[str, Any]:
    client = boto3.client("dynamodb")
    fired: list[str] = []
    for name in _HOOKS:
        client.meta.events.register(f"{name}.{_OPERATION}", _noting(fired, name))
    outcome = _outcome(lambda: client.describe_table(TableName=table))
    model = client.meta.service_model
    shapes = model.shape_names
    return {
        "python": ".".join(map(str, sys.version_info[:2])),
        "botocore": botocore.__version__,
        "protocol": getattr(model, "resolved_protocol", model.metadata.get("protocol", "")),
        "protocols": list(model.metadata.get("protocols", [])),
        "hooks": sorted(fired),
        "has_throttling_reasons": "ThrottlingReason" in shapes,
        "status": outcome["status"],
    }


def _noting(fired: list[str], name: str) -> Any:
    def note(**_: object) -> None:
        fired.append(name)

    return note


def _outcome(ask: Any) -> dict[str, Any]:
    try:
        ask()
    except ClientError as exc:
        answer = exc.response
        return {
            "status": answer["ResponseMetadata"]["HTTPStatusCode"],
            "code": answer["Error"]["Code"],
        }
    return {"status": 200, "code": ""}
