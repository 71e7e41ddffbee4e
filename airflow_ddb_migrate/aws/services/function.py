"""The deployed Lambda: asked, and checked whether it runs the code that was deployed."""

import json
from collections.abc import Mapping
from typing import Any

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.core.bindings import Bindings
from airflow_ddb_migrate.core.errors import (
    AccessDeniedError,
    CodeMismatchError,
    MigrationError,
    NotBoundError,
    TransformError,
)


def invoke(lambda_: Any, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Ask the Lambda and return its answer; ``error`` holds what it raised, as Lambda words it.

    :param function: the ARN of a published version.
    """
    with aws_call("lambda:InvokeFunction", function):
        answer = lambda_.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        said = json.loads(answer["Payload"].read())
    return {"error": said} if answer.get("FunctionError") else dict(said)


def describe_transform(lambda_: Any, function: str, transform: str, table_name: str = "") -> str:
    """Return the hash of a transform there; its FILTER is tried on the table, if one is named.

    :param transform: empty asks for the table alone, as an undo does.
    :raises NotBoundError: whoever deployed has not bound it to the table.
    :raises TransformError: it cannot be used.
    """
    asked = {"action": "describe", "transform": transform, "table_name": table_name}
    said = invoke(lambda_, function, asked)
    if "ok" not in said:
        raise TransformError(
            f"The Lambda gave no usable answer about transform {transform!r}: {said}"
        )
    if not said["ok"]:
        raise refusal_of(said)
    return str(said["hash"])


def refusal_of(said: Mapping[str, Any]) -> MigrationError:
    """Return the Lambda's answer that is no, as an error."""
    is_unbound = said.get("error_class") == NotBoundError.__name__
    return (NotBoundError if is_unbound else TransformError)(said["error"])


def asked_bindings(lambda_: Any, function: str) -> Bindings | None:
    """Return which transforms may work on which tables there; None: the version is too old."""
    said = invoke(lambda_, function, {"action": "bindings"})
    return Bindings.from_json(said["bindings"]) if said.get("ok") else None


def check_code(lambda_: Any, function: str, expected: str) -> str:
    """Return why it is unknown whether the function has this code; empty when it has.

    :param function: name or ARN; a version's ARN asks for the code of that version.
    :param expected: SHA-256 of the zip in base64, as Lambda gives it.
    :raises CodeMismatchError: it has other code.
    """
    if not expected:
        return f"unknown: the code of {function}: the stack does not say which it should be."
    try:
        actual = _sha256(lambda_, function)
    except AccessDeniedError as exc:
        return f"unknown: the code of {function}: {exc}"
    if not actual:
        return f"unknown: the code of {function}: Lambda does not say."
    if actual != expected:
        raise CodeMismatchError(
            f"The code of Lambda {function} has SHA-256 {actual}; what was deployed "
            f"has {expected}. Somebody changed it, or its object in the bucket, since: find out "
            "who (CloudTrail: PutObject, UpdateFunctionCode, PublishVersion), then make it anew: "
            "ddb-migrate destroy and deploy. Nothing was migrated with it by this command."
        )
    return ""


def function_role(lambda_: Any, function: str) -> str:
    """Return the ARN of the role with which the function works."""
    return str(_configuration(lambda_, function)["Role"])


def _sha256(lambda_: Any, function: str) -> str:
    return str(_configuration(lambda_, function).get("CodeSha256", ""))


def _configuration(lambda_: Any, function: str) -> dict[str, Any]:
    with aws_call("lambda:GetFunctionConfiguration", function):
        return dict(lambda_.get_function_configuration(FunctionName=function))
