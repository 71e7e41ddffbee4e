"""The options of ``deploy`` for a locked-down account, each with its parameter.

An option that is not given keeps the stack's value; ``none``, or an empty value, sets the default.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.metrics.catalog import Detail
from airflow_ddb_migrate.deployment.settings import checks
from airflow_ddb_migrate.deployment.settings.checks import Check

if TYPE_CHECKING:
    from airflow_ddb_migrate.deployment.rendering import StackPlace

_UNSET: Final = ("", "none")


@dataclass(frozen=True, slots=True)
class Option:
    """One option of the command line, and its parameter of the template.

    ``most``: how often it can be given; more than once makes a list. ``is_of_version``: a published
    version of the functions has it, so another value needs a new version.
    """

    name: str
    parameter: str
    check: Check
    help: str
    metavar: str = "ARN"
    default: str = ""
    most: int = 1
    is_of_version: bool = False

    @property
    def dest(self) -> str:
        """The name of its values in argparse's result."""
        return self.name.strip("-").replace("-", "_")

    def wanted(self, values: Sequence[str], place: "StackPlace") -> tuple[str, ...]:
        """Return the checked values; none if the option is unset.

        :raises InvalidInputError: a value is not valid, or there are too many.
        """
        found = tuple(dict.fromkeys(text for text in values if text not in _UNSET))
        if found and any(text in _UNSET for text in values):
            raise InvalidInputError(f"{self.name} has both none and a value. Give only one.")
        for text in found:
            self.check(self.name, text, place)
        if len(found) > self.most:
            raise InvalidInputError(
                f"{self.name} is given {len(found)} times; the limit is {self.most}. Nothing "
                "changed."
            )
        return found


def _own_role(name: str, parameter: str, of: str, *, is_of_version: bool = False) -> Option:
    text = f"an existing role for {of}, used instead of a new one"
    return Option(name, parameter, checks.role, text, is_of_version=is_of_version)


OPTIONS: Final = (
    Option(
        "--permissions-boundary",
        "PermissionsBoundary",
        checks.boundary,
        "permissions boundary for the roles that are created",
    ),
    Option(
        "--role-path",
        "RolePath",
        checks.path,
        "path of the roles that are created, such as /teams/data/",
        "PATH",
        is_of_version=True,
    ),
    Option(
        "--role-prefix",
        "RolePrefix",
        checks.prefix,
        "prefix for the names of the roles that are created",
        "TEXT",
        is_of_version=True,
    ),
    _own_role("--function-role", "FunctionRoleArn", "the transform function", is_of_version=True),
    _own_role("--state-machine-role", "StateMachineRoleArn", "the state machine"),
    _own_role("--restore-role", "RestoreRoleArn", "the safety net"),
    Option(
        "--subnet-id",
        "SubnetIds",
        checks.subnet,
        "subnet for both Lambda functions (repeatable)",
        "ID",
        most=16,
        is_of_version=True,
    ),
    Option(
        "--security-group-id",
        "SecurityGroupIds",
        checks.security_group,
        "security group for both Lambda functions (repeatable)",
        "ID",
        most=5,
        is_of_version=True,
    ),
    Option("--kms-key", "KmsKeyArn", checks.key, "KMS key for ledger, bucket and logs"),
    Option(
        "--table-kms-key",
        "TableKmsKeyArns",
        checks.key,
        "customer-managed KMS key of a table to migrate (repeatable)",
        most=50,
    ),
    Option(
        "--log-retention-days",
        "LogRetentionDays",
        checks.log_days,
        "how long the logs of both Lambda functions are kept",
        "DAYS",
        "90",
    ),
    Option(
        "--undo-retention-days",
        "UndoRetentionDays",
        checks.undo_days,
        "how long undo log, quarantine and reports are kept",
        "DAYS",
        "90",
    ),
    Option(
        "--metrics",
        "Metrics",
        checks.one_of(*Detail),
        "CloudWatch metrics by table (table), by table and migration (migration), or none (off)",
        "DETAIL",
        Detail.MIGRATION,
        is_of_version=True,
    ),
    Option(
        "--alarm-topic",
        "AlarmTopicArn",
        checks.topic,
        "SNS topic for alarms; without one, no alarms are created",
    ),
    Option(
        "--break-glass-role",
        "BreakGlassArn",
        checks.role,
        "role that may read and delete undo logs; otherwise only the worker's role may read them",
    ),
    Option(
        "--architecture",
        "Architecture",
        checks.one_of("arm64", "x86_64"),
        "processor of both Lambda functions: arm64 or x86_64",
        "NAME",
        "arm64",
        is_of_version=True,
    ),
)
# Names, without leading dashes, of the options that replace a role of the template.
ROLE_PARAMETERS: Final = {
    option.name.strip("-"): option.parameter
    for option in OPTIONS
    if option.parameter.endswith("RoleArn")
}
TAGS: Final = Option(
    "--tag", "", checks.tag, "tag for the stack and its resources (repeatable)", "K=V", most=49
)
SERVICE_ROLE: Final = Option(
    "--cloudformation-role", "", checks.role, "service role for CloudFormation"
)
