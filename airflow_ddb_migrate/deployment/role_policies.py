"""The policies of the stack's roles and of its bucket, as the template has them.

For people who create the roles themselves, and for a bucket that CloudFormation does not manage.
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
    """Return the bucket's policy document.

    :param worker_role: the ARN of the role that is allowed, whoever created it.
    """
    given = {**parameters, "KeptBucket": "", "FunctionRoleArn": worker_role}
    rendering = Rendering(stack_template("0"), given, place, {"Bucket": bucket})
    made = rendering.made("AWS::S3::BucketPolicy")["BucketPolicy"]
    return dict(made["PolicyDocument"])


def role_policy(role: str, scope: Scope) -> dict[str, Any]:
    """Return a role's policy document; unknown values stay placeholders.

    :param role: the name of ``deploy``'s option without leading dashes: ``function-role``.
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
