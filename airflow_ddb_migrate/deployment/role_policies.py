"""What the stack's roles need, and what its bucket denies: as the template has it.

For those who make the roles themselves, and for a bucket that CloudFormation does not look after.
"""

from collections.abc import Mapping
from typing import Any

from airflow_ddb_migrate.deployment.rendering import Rendering, StackPlace
from airflow_ddb_migrate.deployment.settings.options import ROLE_PARAMETERS
from airflow_ddb_migrate.deployment.settings.settings import StackSettings
from airflow_ddb_migrate.deployment.template import stack_template
from airflow_ddb_migrate.permissions.scope import Scope, tables


def bucket_policy(
    parameters: Mapping[str, str], place: StackPlace, *, bucket: str, worker_role: str
) -> dict[str, Any]:
    """Return the policy document of the bucket.

    :param worker_role: the ARN of the role that is let through, whoever made it.
    """
    given = {**parameters, "KeptBucket": "", "FunctionRoleArn": worker_role}
    rendering = Rendering(stack_template("0"), given, place, {"Bucket": bucket})
    made = rendering.made("AWS::S3::BucketPolicy")["BucketPolicy"]
    return dict(made["PolicyDocument"])


def role_policy(role: str, scope: Scope) -> dict[str, Any]:
    """Return the policy document of a role; what is not known stays a placeholder.

    :param role: as ``deploy`` takes it, without dashes before: ``function-role``.
    """
    given: Mapping[str, str] = {
        **StackSettings().parameters,
        **scope.parameters,
        **dict.fromkeys(ROLE_PARAMETERS.values(), ""),
        "CodeKey": "code/any.zip",
        "TableArns": ",".join(tables(scope)),
    }
    place = StackPlace(scope.partition, scope.region, scope.account, scope.stack)
    rendering = Rendering(stack_template("0"), given, place, {"Bucket": scope.bucket})
    made = rendering.made("AWS::IAM::Role")[ROLE_PARAMETERS[role].removesuffix("Arn")]
    (policy,) = made["Policies"]
    return dict(policy["PolicyDocument"])
