"""The deployed Lambda: its answers, and whether it has the code that was deployed."""

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
    """Invoke the Lambda and return its response; ``error`` is what it raised, as Lambda says it.

    :param function: the ARN of a published version.
    """
    with aws_call("lambda:InvokeFunction", function):
        answer = lambda_.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        said = json.loads(answer["Payload"].read())
    return {"error": said} if answer.get("FunctionError") else dict(said)


def describe_transform(lambda_: Any, function: str, transform: str, table_name: str = "") -> str:
    """Return a transform's hash there; its FILTER is tried on the table, if one is named.

    :param transform: empty to ask only about the table, as an undo does.
    :raises NotBoundError: the transform is not bound to the table.
    :raises TransformError: the transform cannot be used.
    """
    asked = {"action": "describe", "transform": transform, "table_name": table_name}
    said = invoke(lambda_, function, asked)
    if "ok" not in said:
        raise TransformError(
            f"The Lambda gave no valid response about transform {transform!r}: {said}"
        )
    if not said["ok"]:
        raise refusal_of(said)
    return str(said["hash"])


def refusal_of(said: Mapping[str, Any]) -> MigrationError:
    """Return the Lambda's refusal as an error."""
    is_unbound = said.get("error_class") == NotBoundError.__name__
    return (NotBoundError if is_unbound else TransformError)(said["error"])


def asked_bindings(lambda_: Any, function: str) -> Bindings | None:
    """Return the bindings of transforms to tables there; None if the version is too old."""
    said = invoke(lambda_, function, {"action": "bindings"})
    return Bindings.from_json(said["bindings"]) if said.get("ok") else None


def check_code(lambda_: Any, function: str, expected: str) -> str:
    """Return why it is unknown whether the function has this code; empty if it has it.

    :param function: its name or ARN; a version's ARN asks for the code of that version.
    :param expected: SHA-256 of the zip in base64, as Lambda returns it.
    :raises CodeMismatchError: its code is another one.
    """
    if not expected:
        return f"unknown: the code of {function}: the stack has no record of what it should be."
    try:
        actual = _sha256(lambda_, function)
    except AccessDeniedError as exc:
        return f"unknown: the code of {function}: {exc}"
    if not actual:
        return f"unknown: the code of {function}: Lambda does not return it."
    if actual != expected:
        raise CodeMismatchError(
            f"The code of Lambda {function} has SHA-256 {actual}; the deployed code has "
            f"{expected}. The function, or its object in the bucket, was changed since. Find out "
            "who did it (CloudTrail: PutObject, UpdateFunctionCode, PublishVersion), then make it "
            "anew: ddb-migrate destroy and deploy. Nothing was migrated with it by this command."
        )
    return ""


def function_role(lambda_: Any, function: str) -> str:
    """Return the ARN of the function's role."""
    return str(_configuration(lambda_, function)["Role"])


def _sha256(lambda_: Any, function: str) -> str:
    return str(_configuration(lambda_, function).get("CodeSha256", ""))


def _configuration(lambda_: Any, function: str) -> dict[str, Any]:
    with aws_call("lambda:GetFunctionConfiguration", function):
        return dict(lambda_.get_function_configuration(FunctionName=function))
