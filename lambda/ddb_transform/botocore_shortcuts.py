"""DynamoDB's JSON without botocore's walk over every value, and what botocore leaves out.

botocore signs, sends, retries and raises errors. It also walks over each attribute value of a page
or a batch by its service model, which costs several times as much as parsing the JSON. Its events
let a client skip that: ``before-parse`` for the answers of Scan and BatchExecuteStatement,
``before-call`` for the body of the latter. Binary values still become bytes. A botocore whose model
is older than throttling reasons drops them; ``after-call`` reads them from the answer.
``botocore_probe`` finds out which of these can be used.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from airflow_ddb_migrate.core.items.binary import base64_text, unwired

_OK = 300
_STATEMENTS = "ddb_transform_statements"
_REASONS = ("ThrottlingReasons", "throttlingReasons")  # of different exceptions

Handler = Callable[..., None]


class Shortcut:
    """``handlers`` by the botocore events for which they are registered."""

    def __init__(self, name: str, handlers: Mapping[str, Handler]) -> None:
        self.name = name
        self.handlers = handlers

    def take(self, client: Any) -> None:
        for event, handler in self.handlers.items():
            client.meta.events.register(event, handler)

    def leave(self, client: Any) -> None:
        for event, handler in self.handlers.items():
            client.meta.events.unregister(event, handler)


def _parsed(read: Callable[[bytes], dict[str, Any]]) -> Handler:
    """Return a handler that parses answers with ``read``; errors are left to botocore."""

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
    """Return whether there may be binary values; a false positive only costs a needless walk."""
    return b'"B"' in body or b'"BS"' in body


def _set_aside(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context[_STATEMENTS] = dict(params)
    params["Statements"] = []


def _write_body(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    wanted = context.pop(_STATEMENTS)
    params["body"] = json.dumps(wanted, default=base64_text, separators=(",", ":")).encode()


def _add_reasons(http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
    """Add an error's throttling reasons if botocore's model does not know them."""
    if http_response.status_code < _OK or any(name in parsed for name in _REASONS):
        return
    body = http_response.content
    if any(name.encode() in body for name in _REASONS):  # other errors are not parsed twice
        told = json.loads(body)
        parsed.update({name: told[name] for name in _REASONS if told.get(name)})


_BATCH = "dynamodb.BatchExecuteStatement"
PAGES = Shortcut("reading pages", {"before-parse.dynamodb.Scan": _parsed(_page)})
ANSWERS = Shortcut("reading answers of batches", {f"before-parse.{_BATCH}": _parsed(_responses)})
BATCHES = Shortcut(
    "writing batches",
    {f"before-parameter-build.{_BATCH}": _set_aside, f"before-call.{_BATCH}": _write_body},
)
REASONS = Shortcut("reasons of throttling", {"after-call.dynamodb": _add_reasons})
