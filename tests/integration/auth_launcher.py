"""Starts the embedded emulator with its authorization on, and writes every decision down.

ministack knows batches of statements by the operation's name, ``dynamodb:BatchExecuteStatement``,
of which AWS knows no permission: there each statement is an action on its table. It treats
transactions in this way already, so the statements are given to it as if they were one. Nor does it
know the resource of what is asked of a backup, tags or a map run, though the request names it. It
has no TLS on loopback, which our bucket insists on: every request counts as one by TLS. And
``aws:PrincipalArn`` is the ARN of a role whoever assumed it, there that of the session.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

os.environ["AUTH"] = "true"  # before ministack is imported

from airflow_ddb_migrate.local.emulated_aws import launcher
from ministack import app
from ministack.core import iam_actions, iam_evaluator

_DECISIONS = Path(os.environ["DECISIONS"])
_STATEMENT = re.compile(
    r'\s*(UPDATE|DELETE FROM|INSERT INTO|SELECT .+ FROM)\s+"([^"]+)"', re.IGNORECASE
)
_ACTIONS = {"UPDATE": "Update", "DELETE": "Delete", "INSERT": "Insert", "SELECT": "Select"}
_enforce = iam_evaluator.enforce
_transaction_checks = iam_actions.dynamodb_transaction_checks
_resource_arn = iam_actions.extract_resource_arn
_pin_request_origin = iam_evaluator.pin_request_origin
_condition_key = iam_evaluator._resolve_condition_key
_SESSION = re.compile(r"arn:aws:sts::\d+:assumed-role/([^/]+)/.+")
_NAMED = re.compile(rb'"(?:BackupArn|mapRunArn|ResourceArn)": *"([^"]+)"')


def _recorded(access_key: str, action: str, service: str, region: str, **more: Any) -> Any:
    refused = _enforce(access_key, action, service, region, **more)
    principal = iam_evaluator.resolve_principal(access_key or "", _account())
    row = {
        "who": getattr(principal, "arn", ""),
        "action": action,
        "resource": more.get("resource_arn", "*"),
        "allowed": refused is None,
        "prefix": (more.get("service_context") or {}).get("s3:prefix", ""),
    }
    with _DECISIONS.open("a") as file:
        file.write(json.dumps(row) + "\n")
    return refused


def _account() -> str:
    from ministack.core.responses import get_account_id

    return str(get_account_id())


def _with_statements(action: str, body: bytes, region: str, account: str) -> list[tuple[str, str]]:
    if action != "dynamodb:BatchExecuteStatement":
        return list(_transaction_checks(action, body, region, account))
    rows = json.loads(body)["Statements"]
    return sorted({_check(row["Statement"], region, account) for row in rows})


def _check(statement: str, region: str, account: str) -> tuple[str, str]:
    found = _STATEMENT.match(statement)
    assert found is not None, statement
    verb = _ACTIONS[found[1].split()[0].upper()]
    return f"dynamodb:PartiQL{verb}", f"arn:aws:dynamodb:{region}:{account}:table/{found[2]}"


def _with_named(service: str, method: str, path: str, headers: Any, body: bytes, *more: Any) -> str:
    arn = str(_resource_arn(service, method, path, headers, body, *more))
    named = _NAMED.search(body or b"") if arn == "*" else None
    return named[1].decode() if named else arn


def _by_tls(source_ip: str, _: bool) -> None:  # the emulator's signature
    _pin_request_origin(source_ip, True)


def _of_role(key: str, context: Any) -> Any:
    value = _condition_key(key, context)
    session = _SESSION.fullmatch(str(value)) if key.lower() == "aws:principalarn" else None
    if not session:
        return value
    from ministack.services import iam

    return iam._roles[session[1]]["Arn"]


if __name__ == "__main__":
    app.pin_request_origin = _by_tls
    iam_actions.extract_resource_arn = _with_named
    iam_evaluator.enforce = _recorded
    iam_evaluator._resolve_condition_key = _of_role
    iam_actions.dynamodb_transaction_checks = _with_statements
    launcher.main()
