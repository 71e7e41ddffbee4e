"""DynamoDB's JSON without botocore's walk over every value.

botocore signs, sends, retries and tells errors; what it also does is to walk over each attribute
value of a page or a batch by its service model, which costs several times what parsing the JSON
costs. Two of its events let a client do without: ``before-parse`` for the answers of Scan and
BatchExecuteStatement, ``before-call`` for the body of the latter. Binary values become bytes as
always.
"""

import json
from collections.abc import Callable
from typing import Any

from airflow_ddb_migrate.core.items.binary import base64_text, unwired

_OK = 300
_STATEMENTS = "ddb_transform_statements"


def without_walks(client: Any) -> Any:
    """Let a DynamoDB client take these short cuts; returns the client."""
    events = client.meta.events
    events.register("before-parse.dynamodb.Scan", _parsed(_page))
    events.register("before-parse.dynamodb.BatchExecuteStatement", _parsed(_responses))
    events.register("before-parameter-build.dynamodb.BatchExecuteStatement", _set_aside)
    events.register("before-call.dynamodb.BatchExecuteStatement", _write_body)
    return client


def _parsed(read: Callable[[bytes], dict[str, Any]]) -> Callable[..., None]:
    """Return what lets an answer be as ``read`` has it; errors are left to botocore."""

    def parse(
        response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
    ) -> None:
        if response_dict["status_code"] < _OK:
            customized_response_dict.update(read(response_dict["body"]))
            response_dict["body"] = b"{}"

    return parse


def _page(body: bytes) -> dict[str, Any]:
    page: dict[str, Any] = json.loads(body)
    if _may_be_binary(body):
        page["Items"] = [unwired(item) for item in page.get("Items", ())]
        if page.get("LastEvaluatedKey"):
            page["LastEvaluatedKey"] = unwired(page["LastEvaluatedKey"])
    page["PageBytes"] = len(body)
    return page


def _responses(body: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(body)
    if _may_be_binary(body):
        for response in answer.get("Responses", ()):
            for holder in (response, response.get("Error") or {}):
                if holder.get("Item"):
                    holder["Item"] = unwired(holder["Item"])
    return answer


def _may_be_binary(body: bytes) -> bool:
    """A name or value that only reads so costs a walk more."""
    return b'"B"' in body or b'"BS"' in body


def _set_aside(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context[_STATEMENTS] = dict(params)
    params["Statements"] = []


def _write_body(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    wanted = context.pop(_STATEMENTS)
    params["body"] = json.dumps(wanted, default=base64_text, separators=(",", ":")).encode()
