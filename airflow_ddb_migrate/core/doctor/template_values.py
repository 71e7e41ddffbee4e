"""What a CloudFormation template says a resource is, its functions resolved by a stack's values.

A function is a mapping with one key, as in a JSON template: ``{"Ref": …}``, ``{"Fn::Sub": …}``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_NOTHING: Final = object()  # AWS::NoValue: the property is not there
_VARIABLE: Final = re.compile(r"\$\{([^!}][^}]*)\}")

# By type, what Arn is made of: the physical name and where the stack is.
_ARNS: Final = {
    "AWS::DynamoDB::Table": "arn:{partition}:dynamodb:{region}:{account}:table/{name}",
    "AWS::IAM::Role": "arn:{partition}:iam::{account}:role{path}{name}",
    "AWS::Lambda::Function": "arn:{partition}:lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "arn:{partition}:logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "arn:{partition}:s3:::{name}",
}


class UnresolvedError(Exception):
    """The template says something in a way that this package's own template does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackValues:
    """A template with all that CloudFormation knows of a stack made by it.

    ``parameters`` and ``physical_ids`` are by logical name, as DescribeStacks and
    DescribeStackResources give them.
    """

    template: Mapping[str, Any]
    stack_name: str
    stack_id: str
    parameters: Mapping[str, str]
    physical_ids: Mapping[str, str]
    conditions: dict[str, bool] = field(default_factory=dict)

    def resources_of(self, kind: str) -> list[str]:
        """Return the logical names of the resources of a type that the stack has."""
        rows = self.template.get("Resources") or {}
        return [
            name for name, row in rows.items() if row["Type"] == kind and name in self.physical_ids
        ]

    def properties(self, logical_id: str) -> dict[str, Any]:
        """Return a resource's properties; raises UnresolvedError for a function we do not use."""
        return dict(self.resolve(self.template["Resources"][logical_id].get("Properties") or {}))

    def resolve(self, value: Any) -> Any:
        """Return a value of the template with its functions resolved."""
        if isinstance(value, list):
            found = [self.resolve(element) for element in value]
            return [element for element in found if element is not _NOTHING]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref" or name.startswith("Fn::"):
                return self._function(name.removeprefix("Fn::"))(argument)
        found_by_name = {name: self.resolve(row) for name, row in value.items()}
        return {name: row for name, row in found_by_name.items() if row is not _NOTHING}

    def _function(self, name: str) -> Callable[[Any], Any]:
        functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "GetAtt": self._attribute,
            "Sub": self._substituted,
            "Join": lambda given: str(given[0]).join(map(str, self.resolve(given[1]))),
            "Split": lambda given: str(self.resolve(given[1])).split(str(given[0])),
            "If": lambda given: self.resolve(given[1 if self._holds(given[0]) else 2]),
            "Select": lambda given: self.resolve(given[1])[int(given[0])],
        }
        if name not in functions:
            raise UnresolvedError(f"the template uses {name}")
        return functions[name]

    def _ref(self, name: str) -> Any:
        if name in self.parameters:
            kind = (self.template.get("Parameters") or {}).get(name, {}).get("Type", "String")
            text = self.parameters[name]
            return text.split(",") if kind.startswith(("CommaDelimited", "List")) else text
        if name in self.physical_ids:
            return self.physical_ids[name]
        if name in self._pseudo():
            return self._pseudo()[name]
        raise UnresolvedError(f"the stack has no {name}")

    def _pseudo(self) -> dict[str, Any]:
        _, partition, _, region, account, *_ = self.stack_id.split(":")
        return {
            "AWS::Partition": partition,
            "AWS::Region": region,
            "AWS::AccountId": account,
            "AWS::StackName": self.stack_name,
            "AWS::StackId": self.stack_id,
            "AWS::NoValue": _NOTHING,
        }

    def _attribute(self, given: Any) -> str:
        name, attribute = given.split(".", 1) if isinstance(given, str) else given
        row = (self.template.get("Resources") or {}).get(name, {})
        pattern = _ARNS.get(row.get("Type", ""))
        if attribute != "Arn" or pattern is None or name not in self.physical_ids:
            raise UnresolvedError(f"the template asks for {name}.{attribute}")
        place = self._pseudo()
        path = self.resolve((row.get("Properties") or {}).get("Path", "/"))
        return pattern.format(
            partition=place["AWS::Partition"],
            region=place["AWS::Region"],
            account=place["AWS::AccountId"],
            path="/" if path is _NOTHING else path,
            name=self.physical_ids[name],
        )

    def _substituted(self, given: Any) -> str:
        text, own = (given, {}) if isinstance(given, str) else given

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name in own:
                return str(self.resolve(own[name]))
            return str(self._attribute(name) if "." in name else self._ref(name))

        return _VARIABLE.sub(value, text)

    def _holds(self, name: str) -> bool:
        """Return whether a condition holds; it is worked out once."""
        if name not in self.conditions:
            self.conditions[name] = self._is_true(self.template["Conditions"][name])
        return self.conditions[name]

    def _is_true(self, given: Mapping[str, Any]) -> bool:
        ((name, argument),) = given.items()
        match name.removeprefix("Fn::"):
            case "Equals":
                first, second = (self.resolve(side) for side in argument)
                return bool(first == second)
            case "Not":
                return not self._is_true(argument[0])
            case "And":
                return all(map(self._is_true, argument))
            case "Or":
                return any(map(self._is_true, argument))
            case "Condition":
                return self._holds(argument)
        raise UnresolvedError(f"the template's conditions use {name}")
