"""Whether the deployed resources still are as the deployed template says.

CloudFormation's own DetectStackDrift starts a job in the account; these checks only read.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import unquote

from airflow_ddb_migrate import resources
from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.core.code_hash import content_hash
from airflow_ddb_migrate.core.doctor.check_results import (
    CheckResult,
    broken,
    ok,
    unknown,
    warning,
)
from airflow_ddb_migrate.core.doctor.differences import (
    definition_differences,
    function_differences,
    policy_differences,
)
from airflow_ddb_migrate.core.errors import DeployError, MigrationError
from airflow_ddb_migrate.deployment.rendering import Rendering, StackPlace
from airflow_ddb_migrate.doctor.patient import Patient

_DEPLOY_AGAIN: Final = (
    "If this was not intended, find out who did it. ddb-migrate deploy restores it."
)
_SHOWN: Final = 4

Differences = Callable[[], Iterator[str]]


def check_drift(patient: Patient, description: Mapping[str, Any]) -> Iterator[CheckResult]:
    """Check every function, state machine and role of the stack, each separately.

    :param description: the stack, as DescribeStacks returns it.
    :raises AccessDeniedError: the template, or one of its resources, may not be read.
    """
    for name, differences in _Drift(patient, *_deployed(patient, description)).comparisons():
        check = f"drift-{name}"
        try:
            found = list(differences())
        except MigrationError as exc:
            yield unknown(check, f"It could not be compared with the template: {exc}")
        except (
            KeyError,
            TypeError,
            ValueError,
        ) as exc:  # a template or a response of an unexpected shape
            yield unknown(check, f"It could not be compared: {exc} is missing.")
        else:
            yield _judged(check, found, is_fatal=name == "StateMachine")


@dataclass(frozen=True, slots=True)
class _Drift:
    """Compares a stack's functions, state machine and roles with its template."""

    patient: Patient
    rendering: Rendering
    physical_ids: Mapping[str, str]

    def comparisons(self) -> Iterator[tuple[str, Differences]]:
        for kind, compare in (
            ("AWS::Lambda::Function", self._function),
            ("AWS::StepFunctions::StateMachine", self._state_machine),
            ("AWS::IAM::Role", self._role),
        ):
            for name, wanted in self.rendering.made(kind).items():
                yield name, partial(compare, self.physical_ids[name], wanted)

    def _function(self, name: str, wanted: Mapping[str, Any]) -> Iterator[str]:
        function = self._published(name) or name
        with aws_call("lambda:GetFunctionConfiguration", function):
            there = self.patient.clients.lambda_.get_function_configuration(FunctionName=function)
        yield from function_differences(wanted, there)
        if there.get("State", "Active") != "Active":
            yield f"its state is {there['State']} ({there.get('StateReason', 'no reason given')})"

    def _published(self, function: str) -> str:
        """Return the version that executions use; empty if they use none of this function."""
        arns = (arn for arn in self.physical_ids.values() if f":function:{function}:" in arn)
        return next(arns, "")

    def _state_machine(self, arn: str, wanted: Mapping[str, Any]) -> Iterator[str]:
        with aws_call("states:DescribeStateMachine", arn):
            there = self.patient.clients.stepfunctions.describe_state_machine(stateMachineArn=arn)
        text = _definition(wanted["DefinitionS3Location"]["Key"])
        for variable, value in wanted["DefinitionSubstitutions"].items():
            text = text.replace(f"${{{variable}}}", str(value))
        yield from definition_differences(json.loads(text), json.loads(there["definition"]))
        if there.get("roleArn") != wanted["RoleArn"]:
            yield f"its role is {there.get('roleArn')}"

    def _role(self, role: str, wanted: Mapping[str, Any]) -> Iterator[str]:
        iam = self.patient.clients.iam
        with aws_call("iam:GetRole", f"role {role}"):
            there = iam.get_role(RoleName=role)["Role"]
        trust = _document(there["AssumeRolePolicyDocument"])
        for words in policy_differences(wanted["AssumeRolePolicyDocument"], trust):
            yield f"in its trust policy, {words}"
        boundary = (there.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        if boundary != wanted.get("PermissionsBoundary"):
            yield f"its permissions boundary is {boundary}"
        with aws_call("iam:ListAttachedRolePolicies", f"role {role}"):
            attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        managed = set(wanted.get("ManagedPolicyArns") or ())
        for arn in sorted({row["PolicyArn"] for row in attached} ^ managed):
            yield f"the attached policy {arn} is not as in the template"
        yield from self._inline_policies(role, wanted.get("Policies") or ())

    def _inline_policies(self, role: str, policies: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        iam = self.patient.clients.iam
        wanted = {row["PolicyName"]: row["PolicyDocument"] for row in policies}
        with aws_call("iam:ListRolePolicies", f"role {role}"):
            names = {*iam.list_role_policies(RoleName=role)["PolicyNames"]}
        for name in sorted({*wanted} | names):
            if name not in wanted or name not in names:
                yield f"its policy {name} is {'missing' if name in wanted else 'added'}"
                continue
            with aws_call("iam:GetRolePolicy", f"role {role}"):
                answer = iam.get_role_policy(RoleName=role, PolicyName=name)
            for words in policy_differences(wanted[name], _document(answer["PolicyDocument"])):
                yield f"in its policy {name}, {words}"


def _deployed(patient: Patient, description: Mapping[str, Any]) -> tuple[Rendering, dict[str, str]]:
    """Return the deployed template as CloudFormation processed it, and the physical ids."""
    cloudformation, name = patient.clients.cloudformation, patient.stack_name
    with aws_call("cloudformation:GetTemplate", f"stack {name}"):
        body = cloudformation.get_template(StackName=name)["TemplateBody"]
    with aws_call("cloudformation:DescribeStackResources", f"stack {name}"):
        rows = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    physical_ids = {
        row["LogicalResourceId"]: row["PhysicalResourceId"]
        for row in rows
        if row.get("PhysicalResourceId") and row["ResourceStatus"] != "DELETE_COMPLETE"
    }
    parameters = {
        row["ParameterKey"]: row.get("ResolvedValue", row["ParameterValue"])
        for row in description.get("Parameters") or ()
    }
    _, partition, _, region, account, *_ = description["StackId"].split(":")
    text = body if isinstance(body, str) else json.dumps(body)  # boto3 parses one that is JSON
    place = StackPlace(partition, region, account, name)
    return Rendering(text, parameters, place, physical_ids), physical_ids


def _judged(check: str, differences: Sequence[str], *, is_fatal: bool) -> CheckResult:
    if not differences:
        return ok(check, "It is as the template says.")
    more = f"; and {len(differences) - _SHOWN} more" if len(differences) > _SHOWN else ""
    found = f"It is not as the template says: {'; '.join(differences[:_SHOWN])}{more}."
    return (broken if is_fatal else warning)(check, found, _DEPLOY_AGAIN)


def _definition(key: str) -> str:
    """Return this package's definition; raises DeployError if another one is deployed.

    :param key: of the definition in the bucket, which has the hash.
    """
    content = (resources.folder("deploy") / "state_machine.asl.json").read_bytes()
    digest = key.rpartition("/")[2].partition(".")[0]
    if not digest or not content_hash({"": content}).startswith(digest):
        raise DeployError("Its definition was deployed by another version of this package.")
    return content.decode()


def _document(given: Any) -> Mapping[str, Any]:
    """Return a policy document. IAM returns it URL-encoded, and boto3 decodes some of them."""
    return dict(json.loads(unquote(given))) if isinstance(given, str) else dict(given)
