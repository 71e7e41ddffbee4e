"""Whether a stack was created by deploy; its name alone proves nothing."""

import re
from collections.abc import Mapping
from typing import Any

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.services.stack import OUTPUTS, describe_stack, stack_outputs
from airflow_ddb_migrate.core.errors import DeployError

TAG = "airflow-ddb-migrate"  # its value is the stack's name
CHANGE_SET_PREFIX = "ddb-migrate-"

_METADATA = "AirflowDdbMigrate"
_METADATA_LINES = re.compile(rf"^Metadata:\s*\n(?:\s+.*\n)*?\s+{_METADATA}:", re.MULTILINE)
_DESCRIPTION = "airflow_ddb_migrate - "


def our_stack(cloudformation: Any, stack_name: str) -> dict[str, Any] | None:
    """Return CloudFormation's description of the stack; None if there is no such stack.

    A stack is ours if it has our tag and our template's metadata. Versions before the metadata are
    recognised by their outputs, or by tag and description; the next deployment adds the metadata.

    :raises DeployError: the stack is not ours and must not be changed.
    """
    stack = describe_stack(cloudformation, stack_name)
    if stack is None or _is_ours(cloudformation, stack):
        return stack
    raise DeployError(
        f"Stack {stack_name} in {cloudformation.meta.region_name} was not created by ddb-migrate: "
        f"it lacks the tag {TAG}={stack_name} or the metadata {_METADATA} of our template. "
        "Nothing was changed. Use another --stack-name or --region, or remove that stack with the "
        "tool that created it."
    )


def _is_ours(cloudformation: Any, stack: Mapping[str, Any]) -> bool:
    if stack["StackStatus"] == "REVIEW_IN_PROGRESS":
        return _is_empty(cloudformation, stack["StackName"])
    is_tagged = {TAG: stack["StackName"]}.items() <= _tags(stack).items()
    if is_tagged and _has_metadata(cloudformation, stack["StackName"]):
        return True
    return _is_former(stack, is_tagged=is_tagged)


def _is_former(stack: Mapping[str, Any], *, is_tagged: bool) -> bool:
    """Return whether an older version created it; its first deployment may be incomplete."""
    described = str(stack.get("Description", "")).startswith(_DESCRIPTION)
    return stack_outputs(stack).keys() >= OUTPUTS or (is_tagged and described)


def _tags(stack: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in stack.get("Tags") or ()}


def _is_empty(cloudformation: Any, stack_name: str) -> bool:
    """Return whether the stack is empty: it only has change sets, and waits for the first."""
    with aws_call("cloudformation:ListChangeSets", f"stack {stack_name}"):
        pages = cloudformation.get_paginator("list_change_sets").paginate(StackName=stack_name)
        names = [row["ChangeSetName"] for page in pages for row in page["Summaries"]]
    return all(name.startswith(CHANGE_SET_PREFIX) for name in names)


def _has_metadata(cloudformation: Any, stack_name: str) -> bool:
    with aws_call("cloudformation:GetTemplate", f"stack {stack_name}"):
        body = cloudformation.get_template(StackName=stack_name)["TemplateBody"]
    if isinstance(body, Mapping):  # boto3 parses JSON templates
        return _METADATA in (body.get("Metadata") or {})
    return bool(_METADATA_LINES.search(body))
