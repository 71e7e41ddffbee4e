"""Checks a deployment's parameters and policies against AWS's limits before any change.

The roles' policies are rendered from the template as CloudFormation does it.
"""

from collections.abc import Mapping

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import (
    BUCKET_NAME_CHARS,
    ROLE_POLICIES_CHARS,
    STACK_PARAMETER_BYTES,
)
from airflow_ddb_migrate.deployment.rendering import Rendering, StackPlace
from airflow_ddb_migrate.permissions.policy import policy_chars


def require_fitting(template: str, parameters: Mapping[str, str], place: StackPlace) -> None:
    """Raise InvalidInputError for a parameter or a role's policies that AWS would refuse.

    :param parameters: by name; missing ones have the template's defaults.
    """
    for name, value in parameters.items():
        size = len(value.encode())
        if size > STACK_PARAMETER_BYTES:
            raise InvalidInputError(_too_large(name, parameters, size))
    for role, size in role_policy_chars(template, parameters, place).items():
        if size > ROLE_POLICIES_CHARS:
            raise InvalidInputError(
                f"{_tables(parameters)} do not fit into one stack: the policies of its role {role} "
                f"would have {size:,} characters; IAM allows {ROLE_POLICIES_CHARS:,}. {_TABLES}"
            )


def role_policy_chars(
    template: str, parameters: Mapping[str, str], place: StackPlace, *, bucket: str = ""
) -> dict[str, int]:
    """Return the characters of each role's inline policies together, as IAM counts them.

    :param bucket: the stack's bucket; empty: a bucket with the longest possible name.
    """
    made = {"Bucket": bucket or "x" * BUCKET_NAME_CHARS}
    rendering = Rendering(template, parameters, place, made)
    return {
        name: sum(policy_chars(policy["PolicyDocument"]) for policy in role.get("Policies", ()))
        for name, role in rendering.made("AWS::IAM::Role").items()
    }


_TABLES = (
    "Name fewer tables (--drop-table removes one), allow every table of the account with "
    "--all-tables, or create a second stack for the others with another --stack-name. Nothing was "
    "changed."
)


def _too_large(name: str, parameters: Mapping[str, str], size: int) -> str:
    limit = f"{size:,} bytes; CloudFormation allows {STACK_PARAMETER_BYTES:,}"
    if name in {"Tables", "TableArns"}:
        what = f"{_tables(parameters)} do not fit into one stack: the parameter {name}"
        return f"{what} would have {limit}. {_TABLES}"
    return f"The parameter {name} of the stack would have {limit}. Nothing was changed."


def _tables(parameters: Mapping[str, str]) -> str:
    return f"{parameters['Tables'].count(',') + 1} tables"
