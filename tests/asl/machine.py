"""The state machine as the tests read it."""

import json
from typing import Any

from airflow_ddb_migrate import resources

SUBSTITUTIONS = {
    "${Partition}": "aws",
    "${FunctionVersionArn}": "arn:aws:lambda:us-east-1:123456789012:function:transform:1",
}


def definition_text() -> str:
    """Return the definition with its placeholders filled in, as CloudFormation does."""
    text = (resources.folder("deploy") / "state_machine.asl.json").read_text()
    for placeholder, value in SUBSTITUTIONS.items():
        text = text.replace(placeholder, value)
    return text


def definition() -> dict[str, Any]:
    return json.loads(definition_text())  # type: ignore[no-any-return]


def map_state() -> dict[str, Any]:
    return definition()["States"]["Migrate"]  # type: ignore[no-any-return]


def child_states() -> dict[str, Any]:
    return map_state()["ItemProcessor"]["States"]  # type: ignore[no-any-return]
