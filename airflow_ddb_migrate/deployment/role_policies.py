"""What the stack's roles need, for those who make the roles themselves: as the template has it."""

from collections.abc import Mapping
from typing import Any

from airflow_ddb_migrate.deployment.rendering import Rendering, StackPlace
from airflow_ddb_migrate.deployment.settings.options import ROLE_PARAMETERS
from airflow_ddb_migrate.deployment.settings.settings import StackSettings
from airflow_ddb_migrate.deployment.template import stack_template
from airflow_ddb_migrate.permissions.scope import Scope, tables


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
