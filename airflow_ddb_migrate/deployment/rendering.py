"""The template as CloudFormation processes it: parameters, conditions and ARNs filled in.

It knows the functions that the template uses, and ARNs that follow from names.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml
from botocore.session import Session

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.errors import aws_call

_ABSENT: Final = object()  # AWS::NoValue
# ARNs by the resource's type, from its name, or from the property that has the name.
_ARNS: Final = {
    "AWS::IAM::Role": ("RoleName", "arn:{p}:iam::{a}:role{path}{name}"),
    "AWS::S3::Bucket": ("BucketName", "arn:{p}:s3:::{name}"),
    "AWS::DynamoDB::Table": ("TableName", "arn:{p}:dynamodb:{r}:{a}:table/{name}"),
    "AWS::Logs::LogGroup": ("LogGroupName", "arn:{p}:logs:{r}:{a}:log-group:{name}:*"),
    "AWS::Lambda::Function": ("FunctionName", "arn:{p}:lambda:{r}:{a}:function:{name}"),
}


@dataclass(frozen=True, slots=True)
class StackPlace:
    """Where a stack is: the template's AWS::Partition, Region, AccountId and StackName."""

    partition: str
    region: str
    account: str
    stack_name: str

    @property
    def url_suffix(self) -> str:
        """The partition's domain, such as amazonaws.com."""
        known = Session().get_data("partitions")["partitions"]
        suffixes = {row["id"]: row["outputs"]["dnsSuffix"] for row in known}
        return str(suffixes.get(self.partition, "amazonaws.com"))  # of a placeholder

    def table_arn(self, table: str) -> str:
        return f"arn:{self.partition}:dynamodb:{self.region}:{self.account}:table/{table}"


def find_place(clients: Clients, stack_name: str) -> StackPlace:
    """Return the stack's place, with the account of the clients' credentials."""
    with aws_call("sts:GetCallerIdentity", "the caller"):
        caller = clients.sts.get_caller_identity()
    return StackPlace(
        partition=caller["Arn"].split(":")[1],
        region=clients.dynamodb.meta.region_name,
        account=caller["Account"],
        stack_name=stack_name,
    )


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Reads CloudFormation's short forms: ``!Ref X`` becomes ``{"Ref": "X"}``."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    return {name: loader.construct_scalar(node)}


_Loader.add_multi_constructor("!", _short_form)


class Rendering:
    """A template with parameters filled in; parameters that are not given have their defaults.

    ``physical_ids`` are the ids of existing resources, by logical id.
    """

    def __init__(
        self,
        text: str,
        given: Mapping[str, str],
        place: StackPlace,
        physical_ids: Mapping[str, str],
    ) -> None:
        template = yaml.load(text, _Loader)  # noqa: S506 # a SafeLoader, with the short forms added
        self._template = template
        self._place = place
        self._values: dict[str, Any] = {
            "AWS::Partition": place.partition,
            "AWS::Region": place.region,
            "AWS::AccountId": place.account,
            "AWS::StackName": place.stack_name,
            "AWS::URLSuffix": place.url_suffix,
            "AWS::NoValue": _ABSENT,
            **physical_ids,
        }
        for name, row in template["Parameters"].items():
            value = given.get(name, row.get("Default", ""))
            is_list = row["Type"] == "CommaDelimitedList"
            self._values[name] = value.split(",") if is_list else value

    def made(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of the resources of a type that will be created, by logical id."""
        return {
            name: self._filled(resource.get("Properties") or {})
            for name, resource in self._template["Resources"].items()
            if resource["Type"] == kind and self._is_made(resource)
        }

    def _is_made(self, resource: Mapping[str, Any]) -> bool:
        return "Condition" not in resource or self._condition(resource["Condition"])

    def _filled(self, node: Any) -> Any:
        if isinstance(node, list):
            return [one for one in map(self._filled, node) if one is not _ABSENT]
        if not isinstance(node, dict):
            return node
        name, argument = next(iter(node.items())) if len(node) == 1 else ("", None)
        if name in self._FUNCTIONS:
            return self._FUNCTIONS[name](self, argument)
        filled = {key: self._filled(value) for key, value in node.items()}
        return {key: value for key, value in filled.items() if value is not _ABSENT}

    def _ref(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        return self._named(self._template["Resources"][name])[0]

    def _attribute(self, path: str | list[str]) -> str:
        name, attribute = path.split(".", 1) if isinstance(path, str) else path
        resource = self._template["Resources"][name]
        if attribute != "Arn" or resource["Type"] not in _ARNS:
            raise KeyError(path)
        return self._named(resource, self._values.get(name))[1]

    def _named(self, resource: Mapping[str, Any], known: str | None = None) -> tuple[str, str]:
        """Return a resource's name, from the template if it is unknown, and its ARN."""
        prop, arn = _ARNS[resource["Type"]]
        properties = resource.get("Properties") or {}
        name = self._filled(properties[prop]) if known is None else known
        path = self._filled(properties.get("Path", "/"))
        place = self._place
        return name, arn.format(
            p=place.partition,
            r=place.region,
            a=place.account,
            path="/" if path is _ABSENT else path,
            name=name,
        )

    def _sub(self, argument: Any) -> str:
        text, names = argument if isinstance(argument, list) else (argument, {})

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name in names:
                return str(self._filled(names[name]))
            return str(self._attribute(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{([\w:.]+)\}", value, text)

    def _join(self, argument: list[Any]) -> str:
        return str(argument[0]).join(self._filled(argument[1]))

    def _split(self, argument: list[Any]) -> list[str]:
        return str(self._filled(argument[1])).split(argument[0])

    def _select(self, argument: list[Any]) -> Any:
        return self._filled(argument[1])[int(argument[0])]

    def _if(self, argument: list[Any]) -> Any:
        name, then, otherwise = argument
        return self._filled(then if self._condition(name) else otherwise)

    def _condition(self, node: Any) -> bool:
        if isinstance(node, str):
            return self._condition(self._template["Conditions"][node])
        ((name, argument),) = node.items()
        if name == "Condition":
            return self._condition(argument)
        if name == "Fn::Equals":
            left, right = self._filled(argument)
            return bool(left == right)
        results: Iterator[bool] = map(self._condition, argument)
        if name == "Fn::Not":
            return not next(results)
        return {"Fn::And": all, "Fn::Or": any}[name](results)

    _FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
        "Ref": _ref,
        "Fn::GetAtt": _attribute,
        "Fn::Sub": _sub,
        "Fn::Join": _join,
        "Fn::Split": _split,
        "Fn::Select": _select,
        "Fn::If": _if,
    }
