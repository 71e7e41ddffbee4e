"""The settings of a stack: given values, else the stack's own, else the defaults."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from airflow_ddb_migrate.aws.services.stack import stack_parameters
from airflow_ddb_migrate.aws.services.stack_identity import TAG
from airflow_ddb_migrate.core.code_hash import content_hash
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.metrics.catalog import Detail
from airflow_ddb_migrate.deployment.rendering import StackPlace
from airflow_ddb_migrate.deployment.settings.options import OPTIONS, SERVICE_ROLE, TAGS

_DEFAULTS: Final = {option.parameter: option.default for option in OPTIONS}
_ROLE_NAME_CHARS: Final = 64  # IAM's
_ROLES: Final = ("FunctionRoleArn", "StateMachineRoleArn", "RestoreRoleArn")
# Another value replaces a role that running executions may use.
_OF_ROLES: Final = ("RolePath", "RolePrefix", *_ROLES)
_VERSION_CHARS: Final = 8
_LONGEST_REGION: Final = "ap-southeast-1"
_PLACE: Final = re.compile(r"arn:([\w-]+):\w+:([\w-]*):(\d{12}):")


@dataclass(frozen=True, slots=True)
class StackSettings:
    """The template's parameters, the stack's tags without ours, and the service role, if any."""

    parameters: Mapping[str, str] = field(default_factory=lambda: dict(_DEFAULTS))
    tags: Mapping[str, str] = field(default_factory=dict)
    service_role: str = ""

    @property
    def names_roles(self) -> bool:
        """Whether a role is created with a given name."""
        return bool(self.parameters["RolePrefix"]) and self.makes_roles

    @property
    def capability(self) -> str:
        """The capability that CloudFormation requires to be acknowledged."""
        return "CAPABILITY_NAMED_IAM" if self.names_roles else "CAPABILITY_IAM"

    @property
    def makes_roles(self) -> bool:
        return not all(self.parameters[name] for name in _ROLES)

    @property
    def version(self) -> str:
        """What distinguishes versions of the same code with other settings; empty for defaults.

        A published version never changes its role, network and processor.
        """
        kept = {
            option.parameter: self.parameters[option.parameter].encode()
            for option in OPTIONS
            if option.is_of_version and self.parameters[option.parameter] != option.default
        }
        return content_hash(kept)[:_VERSION_CHARS] if kept else ""

    def replaces_roles(self, stack: Mapping[str, Any]) -> bool:
        """Return whether these settings would delete a role of the stack."""
        before = _DEFAULTS | stack_parameters(stack)
        return any(self.parameters[name] != before[name] for name in _OF_ROLES)

    def differences(self, stack: Mapping[str, Any]) -> Iterator[str]:
        """Yield a line for each change that these settings make to the existing stack."""
        before = _DEFAULTS | stack_parameters(stack)
        for option in OPTIONS:
            now, then = self.parameters[option.parameter], before[option.parameter]
            if now != then:
                yield f"{option.name}: {then or 'none'} -> {now or 'none'}"
        now, then = (_tags_in_words(tags) for tags in (self.tags, _tags_of(stack)))
        if now != then:
            yield f"--tag: {then} -> {now}"


@dataclass(frozen=True, slots=True)
class AskedSettings:
    """The given values by the option's name, as on the command line."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def over(self, stack: Mapping[str, Any], place: StackPlace) -> StackSettings:
        """Return the new settings of the stack.

        :param stack: CloudFormation's description; empty for a new stack.
        :raises InvalidInputError: a value is not valid, or two values exclude each other.
        """
        before = _DEFAULTS | stack_parameters(stack)
        parameters = {}
        for option in OPTIONS:
            asked = self.values.get(option.name)
            value = ",".join(option.wanted(asked, place)) or option.default if asked else ""
            parameters[option.parameter] = value if asked else before[option.parameter]
        settings = StackSettings(parameters, self._tags(stack, place), self.service_role(place))
        _require_consistent(settings, place)
        return settings

    def service_role(self, place: StackPlace) -> str:
        """Return the service role for CloudFormation; empty keeps the stack's.

        :raises InvalidInputError: the role is not valid, or would be removed.
        """
        asked = self.values.get(SERVICE_ROLE.name)
        if not asked:
            return ""
        for role in SERVICE_ROLE.wanted(asked, place):
            return role
        raise InvalidInputError(
            f"{SERVICE_ROLE.name} cannot be removed: a stack keeps its service role. Give another "
            "role, or leave the option out. Nothing changed."
        )

    def place(self, stack_name: str) -> StackPlace:
        """Return the place of the given ARNs; parts that they do not have get the longest values.

        For commands that make no request to AWS.
        """
        texts = [text for values in self.values.values() for text in values]
        found = [match.groups() for match in map(_PLACE.match, texts) if match]
        region = next((r for _, r, _ in found if r), _LONGEST_REGION)
        partition, account = next(((p, a) for p, _, a in found), ("aws", "0" * 12))
        return StackPlace(partition, region, account, stack_name)

    def _tags(self, stack: Mapping[str, Any], place: StackPlace) -> dict[str, str]:
        asked = self.values.get(TAGS.name)
        if not asked:
            return _tags_of(stack)
        pairs = [text.partition("=") for text in TAGS.wanted(asked, place)]
        tags = {name: value for name, _, value in pairs}
        if TAG in tags or len(tags) < len(pairs):
            why = f"{TAG} marks the stack as ours" if TAG in tags else "a key has two values"
            raise InvalidInputError(f"{TAGS.name}: {why}. Nothing changed.")
        return tags


NOTHING_ASKED: Final = AskedSettings()


def _require_consistent(settings: StackSettings, place: StackPlace) -> None:
    """Raise InvalidInputError for settings that are valid alone, but not together."""
    parameters = settings.parameters
    if bool(parameters["SubnetIds"]) != bool(parameters["SecurityGroupIds"]):
        raise InvalidInputError(
            "A function in a VPC needs both --subnet-id and --security-group-id; one is missing. "
            "To leave the VPC, give none for both. Nothing changed."
        )
    if parameters["AlarmTopicArn"] and parameters["Metrics"] == Detail.OFF:
        raise InvalidInputError(
            "--alarm-topic creates alarms on metrics, but --metrics off sends no metrics. Give "
            "--metrics table or migration, or --alarm-topic none. Nothing changed."
        )
    longest = f"{parameters['RolePrefix']}{place.stack_name}-{place.region}-transform"
    if settings.names_roles and len(longest) > _ROLE_NAME_CHARS:
        raise InvalidInputError(
            f"--role-prefix makes the role name {longest}, which has {len(longest)} characters; "
            f"IAM allows {_ROLE_NAME_CHARS}. Shorten it by {len(longest) - _ROLE_NAME_CHARS}. "
            "Nothing changed."
        )


def _tags_of(stack: Mapping[str, Any]) -> dict[str, str]:
    return {row["Key"]: row["Value"] for row in stack.get("Tags") or () if row["Key"] != TAG}


def _tags_in_words(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(tags.items())) or "none"
