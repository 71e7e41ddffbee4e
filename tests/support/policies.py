"""Our policies with their placeholders filled in, and the emulator's evaluator to ask them.

The evaluator is ministack's, which decides its own requests by it: wildcards, conditions, and a
Deny before every Allow.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
from airflow_ddb_migrate import resources
from airflow_ddb_migrate.permissions.policy import Audience, policy
from airflow_ddb_migrate.permissions.rows import ALL_FEATURES, Feature
from airflow_ddb_migrate.permissions.scope import Scope
from botocore import xform_name
from ministack.core import iam_evaluator
from ministack.services.cloudformation import engine

REGION, ACCOUNT, STACK = "us-east-1", "000000000000", "ddb-migrate"  # the emulator's
TABLES = ("orders", "customers")
BUCKET = "ddb-migrate-bucket-1a2b3c"
ROLES = ("FunctionRole", "StateMachineRole", "RestoreRole")

# boto3's service: what stands before the colon of its actions.
PREFIXES = {
    "dynamodb": "dynamodb",
    "stepfunctions": "states",
    "lambda_": "lambda",
    "cloudformation": "cloudformation",
    "s3": "s3",
    "cloudwatch": "cloudwatch",
    "autoscaling": "application-autoscaling",
    "sts": "sts",
}
# Where an action is not named like the operation; our statements update and delete.
_IAM = {
    "dynamodb:BatchExecuteStatement": ("dynamodb:PartiQLUpdate", "dynamodb:PartiQLDelete"),
    "lambda:Invoke": ("lambda:InvokeFunction",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:DeleteObjects": ("s3:DeleteObject",),
}


def table_arn(name: str = "orders") -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def states_arn(kind: str, name: str) -> str:
    return f"arn:aws:states:{REGION}:{ACCOUNT}:{kind}:{name}"


def function_arn(name: str, version: str = "") -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}{version and f':{version}'}"


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy document; ``principal`` is who asks: of a role's session AWS compares the role."""

    document: Mapping[str, Any]
    principal: str = f"arn:aws:iam::{ACCOUNT}:role/role"

    @property
    def actions(self) -> set[str]:
        return {action for row in self.document["Statement"] for action in listed(row["Action"])}

    def allows(self, action: str, resource: str, *, tls: bool = True, **keys: str) -> bool:
        """Tell whether the action is allowed; ``keys`` are condition keys, their colons as __."""
        return "Allow" == self.decision(action, resource, tls=tls, **keys)

    def decision(self, action: str, resource: str, *, tls: bool = True, **keys: str) -> str:
        """Return Allow, Deny, or ImplicitDeny."""
        context = iam_evaluator.EvalContext(
            principal_arn=self.principal,
            principal_type="AssumedRole",
            principal_account=ACCOUNT,
            action=action,
            resource_arn=resource,
            region=REGION,
            secure_transport=tls,
            service_context={k.replace("__", ":").replace("_", "-"): v for k, v in keys.items()},
        )
        statements = iam_evaluator.parse_policy_document(dict(self.document))
        return str(iam_evaluator.evaluate(context, [statements]).decision)


def role_policy(role: str, tables: tuple[str, ...] = TABLES) -> Policy:
    """Return the policy of one of the template's roles, as CloudFormation would make it."""
    (policy,) = rendered(role, tables)["Policies"]
    return Policy(policy["PolicyDocument"], role_arn(role))


def bucket_policy(**parameters: str) -> Policy:
    """Return the bucket's own policy, of a stack with these parameters."""
    return Policy(rendered("BucketPolicy", **parameters)["PolicyDocument"])


def with_bucket_policy(policy: Policy, **parameters: str) -> Policy:
    """Return what a principal with this policy may do, as AWS decides for one of the account.

    Both documents count: a Deny in either one is final.
    """
    own = bucket_policy(**parameters).document["Statement"]
    return replace(policy, document={"Statement": [*own, *policy.document["Statement"]]})


def policy_for(
    audience: Audience,
    features: Iterable[Feature] = ALL_FEATURES,
    *,
    tables: tuple[str, ...] = ("orders",),
    bucket: str = BUCKET,
) -> Policy:
    """Return what ``ddb-migrate policy`` prints for the emulator's account."""
    scope = Scope(
        partition="aws", region=REGION, account=ACCOUNT, stack=STACK, tables=tables, bucket=bucket
    )
    return Policy(policy(audience, scope, features))


def rendered(
    logical_id: str, tables: tuple[str, ...] = TABLES, **parameters: str
) -> dict[str, Any]:
    """Return a resource's properties, its functions resolved by the emulator's CloudFormation."""
    template = engine._parse_template((resources.folder("deploy") / "template.yaml").read_text())
    given = {
        "CodeKey": "code/0.zip",
        "Tables": ",".join(tables),
        "TableArns": ",".join(map(table_arn, tables)),
        "PackageVersion": "0",
        **parameters,
    }
    rows = [{"Key": key, "Value": value} for key, value in given.items()]
    resolved = engine._resolve_parameters(template, rows)
    conditions = engine._evaluate_conditions(template, resolved)
    return dict(
        engine._resolve_refs(
            template["Resources"][logical_id]["Properties"],
            _made(),
            resolved,
            conditions,
            {},
            STACK,
            f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/1",
        )
    )


def _made() -> dict[str, Any]:
    """Return what CloudFormation knows of the resources that the policies name."""
    logs = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{STACK}"
    made = {
        "Bucket": (BUCKET, f"arn:aws:s3:::{BUCKET}"),
        "LedgerTable": (f"{STACK}-ledger", table_arn(f"{STACK}-ledger")),
        "FunctionRole": ("FunctionRole", role_arn("FunctionRole")),
        "Function": (f"{STACK}-transform", function_arn(f"{STACK}-transform")),
        "FunctionLogGroup": (f"/aws/lambda/{STACK}-transform", f"{logs}-transform:*"),
        "RestoreLogGroup": (f"/aws/lambda/{STACK}-restore", f"{logs}-restore:*"),
    }
    return {
        name: {"PhysicalResourceId": physical, "Attributes": {"Arn": arn}}
        for name, (physical, arn) in made.items()
    }


def sources(*modules: ModuleType) -> list[Path]:
    """Return the files of modules and, of packages, of everything below them."""
    files = [Path(str(module.__file__)) for module in modules]
    below = [path for file in files if file.name == "__init__.py" for path in _below(file.parent)]
    return [*files, *below]


def _below(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.py")) if path != folder / "__init__.py"]


def called(files: Iterable[Path], *services: str) -> set[str]:
    """Return the IAM actions of all methods of boto3's clients that the files mention."""
    texts = [file.read_text() for file in files]
    assert texts, "no files: nothing would be compared"
    text = "\n".join(texts)
    wanted = services or tuple(PREFIXES)
    return {action for service in wanted for action in _called(text, service)}


def _called(text: str, service: str) -> Iterator[str]:
    methods = re.findall(rf"\b_?{service}\.(\w+)", text)
    methods += re.findall(r'"([a-z0-9]+(?:_[a-z0-9]+)+|query|scan)"', text)  # paginators, getattr
    known = {xform_name(name): name for name in _operations(service)}
    for name in (known[method] for method in methods if method in known):
        action = f"{PREFIXES[service]}:{name}"
        yield from _IAM.get(action, (action,))


def _operations(service: str) -> list[str]:
    names = {"lambda_": "lambda", "autoscaling": "application-autoscaling"}
    client = boto3.client(names.get(service, service), region_name=REGION)
    return list(client.meta.service_model.operation_names)


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
