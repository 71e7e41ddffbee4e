"""The role, function, state machine and bucket of some questions, created when first needed."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.aws.services.function import invoke
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.deployment.packaging.runtime import lambda_runtime
from airflow_ddb_migrate.prove.scratch import PATIENCE_SECONDS, POLICY_NAME, Scratch

_POLL_SECONDS: Final = 0.5
_DELETING: Final = "StateMachineDeleting"
_NOT_YET: Final = {
    *("InvalidParameterValueException", "AccessDeniedException", "ValidationException"),
    _DELETING,
}
_MODULE: Final = "scratch_function"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_MODE: Final = 0o644 << 16
_TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}
_DEFINITION: Final = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


@dataclass
class Compute:
    """Creates each part once. ``waits`` has the seconds that we waited for IAM, by part."""

    scratch: Scratch
    waits: dict[str, float] = field(default_factory=dict)

    @cached_property
    def role_arn(self) -> str:
        """Create the role, without any permission yet, and return its ARN."""
        name = self.scratch.names.others
        with aws_call("iam:CreateRole", f"role {name}"):
            answer = self.scratch.clients.iam.create_role(
                RoleName=name,
                AssumeRolePolicyDocument=json.dumps(_TRUST),
                Tags=self.scratch.tag_rows("Key", "Value"),
            )
        self.scratch.note_made(f"Role {name}")
        return str(answer["Role"]["Arn"])

    @cached_property
    def function(self) -> str:
        """Create the function as soon as Lambda can assume the role, and return its name."""
        name = self.scratch.names.others
        runtime = lambda_runtime()
        machines = {"aarch64": "arm64"}
        arguments = {
            "FunctionName": name,
            "Runtime": f"python{runtime.python}",
            "Architectures": [machines.get(runtime.machine, runtime.machine)],
            "Role": self.role_arn,
            "Handler": f"{_MODULE}.handle",
            "Code": {"ZipFile": function_zip("a")},
            "Timeout": 60,
            "MemorySize": 512,
            "Tags": {row["Key"]: row["Value"] for row in self.scratch.tag_rows("Key", "Value")},
        }
        create = self.scratch.clients.lambda_.create_function
        self._once_allowed("function", "lambda:CreateFunction", lambda: create(**arguments))
        self.scratch.note_made(f"Lambda function {name}")
        self.await_function()
        return name

    @cached_property
    def state_machine_arn(self) -> str:
        """Create a state machine that does nothing, and return its ARN."""
        create = self.scratch.clients.stepfunctions.create_state_machine
        arguments = {
            "name": self.scratch.names.others,
            "definition": json.dumps(_DEFINITION),
            "roleArn": self.role_arn,
            "tags": self.scratch.tag_rows("key", "value"),
        }
        answer = self._once_allowed(
            "state-machine", "states:CreateStateMachine", lambda: create(**arguments)
        )
        self.scratch.note_made(f"State machine {self.scratch.names.others}")
        return str(answer["stateMachineArn"])

    @cached_property
    def bucket(self) -> str:
        """Create the bucket, which is private as every new bucket is, and return its name."""
        name, region, s3 = self.scratch.bucket, self.scratch.region, self.scratch.clients.s3
        place = {} if region == "us-east-1" else {"LocationConstraint": region}
        with aws_call("s3:CreateBucket", f"bucket {name}"):
            s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": place} if place else {}))
            self.scratch.note_made(f"Bucket {name}")
            s3.put_bucket_tagging(
                Bucket=name, Tagging={"TagSet": self.scratch.tag_rows("Key", "Value")}
            )
        return name

    def allow(self, *statements: Mapping[str, Any]) -> None:
        """Allow the role this and nothing else."""
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", **statement} for statement in statements],
        }
        assert self.role_arn
        with aws_call("iam:PutRolePolicy", f"role {self.scratch.names.others}"):
            self.scratch.clients.iam.put_role_policy(
                RoleName=self.scratch.names.others,
                PolicyName=POLICY_NAME,
                PolicyDocument=json.dumps(document),
            )

    def ask(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Invoke the function; raises MigrationError if the function raised anything."""
        answer = invoke(self.scratch.clients.lambda_, self.function, event)
        if "error" in answer:
            raise MigrationError(f"The scratch function failed: {answer['error']}")
        return answer

    def replace_code(self, marker: str) -> None:
        """Replace the function's code by the same code with another marker."""
        with aws_call("lambda:UpdateFunctionCode", self.function):
            self.scratch.clients.lambda_.update_function_code(
                FunctionName=self.function, ZipFile=function_zip(marker)
            )
        self.await_function()

    def await_function(self) -> None:
        """Wait until the function can be invoked and changed."""
        name = self.scratch.names.others
        deadline = self.scratch.clock.now() + PATIENCE_SECONDS
        while True:
            with aws_call("lambda:GetFunctionConfiguration", name):
                found = self.scratch.clients.lambda_.get_function_configuration(FunctionName=name)
            states = {found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")}
            if states <= {"Active", "Successful"} or self.scratch.clock.now() > deadline:
                return
            self.scratch.clock.sleep(_POLL_SECONDS)

    def _once_allowed(self, part: str, action: str, make: Callable[[], Any]) -> Any:
        """Try until the service can assume the role, and note how long that took."""
        assert self.role_arn
        clock = self.scratch.clock
        began = clock.now()
        while True:
            try:
                with aws_call(action, self.scratch.names.others):
                    return make()
            except MigrationError as exc:
                if not _is_early(exc) or clock.now() - began > PATIENCE_SECONDS:
                    raise
            finally:
                self.waits[part] = clock.now() - began
            clock.sleep(_POLL_SECONDS)


def _is_early(exc: MigrationError) -> bool:
    """Return whether the role cannot be assumed yet, or the last machine is still being deleted."""
    cause = exc.__cause__
    if not isinstance(cause, ClientError):
        return False
    return error_code(cause) in _NOT_YET and ("assume" in str(cause) or _DELETING in str(cause))


def function_zip(marker: str) -> bytes:
    """Return the function's zip: the same bytes for the same marker."""
    source = Path(__file__).with_name(f"{_MODULE}.py").read_text() + f'\nMARKER = "{marker}"\n'
    buffer = io.BytesIO()
    info = zipfile.ZipInfo(f"{_MODULE}.py", _EPOCH)
    info.create_system, info.external_attr = _UNIX, _MODE  # otherwise Lambda cannot read it
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, source)
    return buffer.getvalue()
