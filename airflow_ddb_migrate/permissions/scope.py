"""The resources of a policy: account, stack, tables, and their ARNs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_ddb_migrate.aws.services.bucket import ROOTS
from airflow_ddb_migrate.core.names import DEFAULT_STACK_NAME, ledger_name

_FUNCTIONS = ("transform", "restore")  # what their names end in
ALARMS = ("capacity-owed", "no-progress", "quarantine", "safety-net-failed", "safety-net-silent")
_CERTAIN_CHARS = 24  # of a stack's name that CloudFormation keeps in a name that it makes
# By the parameter for a custom role: logical id, and the end of the name if it has a prefix.
_ROLES = {
    "FunctionRoleArn": ("FunctionRole", "transform"),
    "StateMachineRoleArn": ("StateMachineRole", "machine"),
    "RestoreRoleArn": ("RestoreRole", "restore"),
}
ANYWHERE = ("*",)  # for actions that do not support resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The names in ARNs. Unknown ones are placeholders such as ``${Account}``.

    ``tables`` are names, or just ``*``. ``parameters`` are the stack's parameters that options of
    ``deploy`` change. ``service_role`` is the role that CloudFormation uses, or empty.
    """

    partition: str = "${Partition}"
    region: str = "${Region}"
    account: str = "${Account}"
    stack: str = DEFAULT_STACK_NAME
    tables: tuple[str, ...] = ("${Table}",)
    bucket: str = "${Bucket}"
    parameters: Mapping[str, str] = field(default_factory=dict)
    service_role: str = ""

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


def stack(scope: Scope) -> tuple[str, ...]:
    return (scope.arn("cloudformation", f"stack/{scope.stack}/*"),)


def tables(scope: Scope) -> tuple[str, ...]:
    return tuple(scope.arn("dynamodb", f"table/{name}") for name in scope.tables)


def tables_and_indexes(scope: Scope) -> tuple[str, ...]:
    return tuple(arn for table in tables(scope) for arn in (table, f"{table}/index/*"))


def tables_and_backups(scope: Scope) -> tuple[str, ...]:
    return tuple(arn for table in tables(scope) for arn in (table, f"{table}/backup/*"))


def ledger(scope: Scope) -> tuple[str, ...]:
    return (scope.arn("dynamodb", f"table/{ledger_name(scope.stack)}"),)


def state_machine(scope: Scope) -> tuple[str, ...]:
    return (scope.arn("states", f"stateMachine:{scope.stack}"),)


def executions(scope: Scope) -> tuple[str, ...]:
    return (scope.arn("states", f"execution:{scope.stack}:*"),)


def map_runs(scope: Scope) -> tuple[str, ...]:
    return (scope.arn("states", f"mapRun:{scope.stack}/*"),)


def versions(scope: Scope) -> tuple[str, ...]:
    """Return the published versions of the worker."""
    return (scope.arn("lambda", f"function:{scope.stack}-transform:*"),)


def worker_and_versions(scope: Scope) -> tuple[str, ...]:
    return (scope.arn("lambda", f"function:{scope.stack}-transform"), *versions(scope))


def bucket(scope: Scope) -> tuple[str, ...]:
    return (f"arn:{scope.partition}:s3:::{scope.bucket}",)


def reports(scope: Scope) -> tuple[str, ...]:
    return _left_behind(scope, "report.json")


def quarantines(scope: Scope) -> tuple[str, ...]:
    return _left_behind(scope, "quarantine/*")


def quarantines_and_examples(scope: Scope) -> tuple[str, ...]:
    """Return the objects of migrations that are shown. Undo logs are not among them."""
    return (*quarantines(scope), *_left_behind(scope, "diff/*"))


def erasable(scope: Scope) -> tuple[str, ...]:
    """Return all objects that migrations leave."""
    return tuple(f"arn:{scope.partition}:s3:::{scope.bucket}/{root}/*" for root in ROOTS)


def shown_values(scope: Scope) -> tuple[str, ...]:
    """Return the examples of a dry run with item values."""
    return _left_behind(scope, "diff/*", root="values")


def _left_behind(scope: Scope, path: str, root: str = "migrations") -> tuple[str, ...]:
    return (f"arn:{scope.partition}:s3:::{scope.bucket}/{root}/*/{path}",)


def state_machine_executions(scope: Scope) -> tuple[str, ...]:
    return (*state_machine(scope), *executions(scope))


def functions(scope: Scope) -> tuple[str, ...]:
    return tuple(scope.arn("lambda", f"function:{scope.stack}-{name}") for name in _FUNCTIONS)


def functions_and_versions(scope: Scope) -> tuple[str, ...]:
    return tuple(arn for function in functions(scope) for arn in (function, f"{function}:*"))


def log_groups(scope: Scope) -> tuple[str, ...]:
    names = (f"/aws/lambda/{scope.stack}-{name}" for name in _FUNCTIONS)
    arns = (scope.arn("logs", f"log-group:{name}") for name in names)
    return tuple(each for arn in arns for each in (arn, f"{arn}:*"))


def rule(scope: Scope) -> tuple[str, ...]:
    return (scope.arn("events", f"rule/{scope.stack}-restore"),)


def alarms(scope: Scope) -> tuple[str, ...]:
    """Return the alarms that CloudFormation creates if they have a topic."""
    if not scope.parameters.get("AlarmTopicArn"):
        return ()
    return tuple(scope.arn("cloudwatch", f"alarm:{scope.stack}-{name}") for name in ALARMS)


def code_objects(scope: Scope) -> tuple[str, ...]:
    """Return the objects that deployments put into the bucket."""
    return (f"arn:{scope.partition}:s3:::{scope.bucket}/code/*",)


def objects(scope: Scope) -> tuple[str, ...]:
    return (f"arn:{scope.partition}:s3:::{scope.bucket}/*",)


def made_bucket(stack: str) -> str:
    """Return a pattern that matches the name that CloudFormation gives a stack's bucket.

    CloudFormation shortens a long stack name, so only its beginning is certain.
    """
    return f"{_made(stack)}-bucket-*".lower()


def _made(stack: str) -> str:
    return stack if len(stack) <= _CERTAIN_CHARS else f"{stack[:_CERTAIN_CHARS]}*"


def roles(scope: Scope) -> tuple[str, ...]:
    """Return the roles that CloudFormation creates, or patterns that match their names."""
    made = [row for name, row in _ROLES.items() if not scope.parameters.get(name)]
    path, prefix = (scope.parameters.get(name, "") for name in ("RolePath", "RolePrefix"))
    root = f"arn:{scope.partition}:iam::{scope.account}:role{path or '/'}"
    if prefix:
        return tuple(f"{root}{prefix}{scope.stack}-{scope.region}-{suffix}" for _, suffix in made)
    return tuple(f"{root}{_made(scope.stack)}-{logical}-*" for logical, _ in made)


def passed_roles(scope: Scope) -> tuple[str, ...]:
    """Return the roles of the functions and of the state machine, including custom ones."""
    own = (scope.parameters.get(name, "") for name in _ROLES)
    return (*roles(scope), *filter(None, own))


def bounded_roles(scope: Scope) -> tuple[str, ...]:
    return roles(scope) if scope.parameters.get("PermissionsBoundary") else ()


def own_key(scope: Scope) -> tuple[str, ...]:
    """Return the customer-managed key of ledger, bucket and log groups, if there is one."""
    return tuple(filter(None, (scope.parameters.get("KmsKeyArn"),)))


def encrypted_log_groups(scope: Scope) -> tuple[str, ...]:
    return log_groups(scope) if own_key(scope) else ()


def network(scope: Scope) -> tuple[str, ...]:
    """Return ``*`` for functions in a VPC; these actions do not support resources."""
    return ANYWHERE if scope.parameters.get("SubnetIds") else ()


def service_role(scope: Scope) -> tuple[str, ...]:
    return tuple(filter(None, (scope.service_role,)))


def anywhere(_: Scope) -> tuple[str, ...]:
    return ANYWHERE
