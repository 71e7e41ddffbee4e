"""``ddb-migrate policy``: prints IAM policies, without asking AWS."""

import argparse
import re
from dataclasses import replace
from typing import Any

from airflow_ddb_migrate.cli.deploying import add_settings, given_settings
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.names import (
    DEFAULT_STACK_NAME,
    validate_stack_name,
    validate_table_name,
)
from airflow_ddb_migrate.deployment.settings.options import ROLE_PARAMETERS
from airflow_ddb_migrate.permissions.policy import (
    MANAGED_POLICY_CHARS,
    Audience,
    policy,
    policy_chars,
    policy_text,
)
from airflow_ddb_migrate.permissions.rows import DEFAULT_FEATURES, Feature
from airflow_ddb_migrate.permissions.scope import Scope, made_bucket

_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_ACCOUNT = re.compile(r"\d{12}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_EVERY_TABLE = "*"
# These policies are needed before the bucket exists.
_BEFORE_THE_BUCKET = (Audience.DEPLOYER, Audience.CLOUDFORMATION, *ROLE_PARAMETERS)


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``policy``."""
    parser.add_argument(
        "--for",
        dest="audience",
        required=True,
        choices=[*(each.value for each in Audience), *ROLE_PARAMETERS],
        help="person, program or role that the policy is for",
    )
    parser.add_argument(
        "--stack-name", default=DEFAULT_STACK_NAME, help="name of the stack; default: %(default)s"
    )
    tables = parser.add_mutually_exclusive_group()
    tables.add_argument(
        "--table",
        action="append",
        default=[],
        dest="tables",
        help="name of a table to migrate (repeatable); default: the placeholder ${Table}",
    )
    tables.add_argument("--all-tables", action="store_true", help="all tables of the account")
    parser.add_argument(
        "--feature",
        action="append",
        dest="features",
        choices=[each.value for each in Feature],
        help="for airflow: a feature that you use (repeatable); default: all but show-values",
    )
    for name, text in (
        ("account", "AWS account id, 12 digits; default: the placeholder ${Account}"),
        ("region", "AWS region, such as eu-central-1; default: the placeholder ${Region}"),
        (
            "partition",
            "AWS partition, such as aws-cn; default: the region's, or the placeholder ${Partition}",
        ),
        (
            "bucket",
            "name of the stack's bucket, as deploy prints it; default: the placeholder ${Bucket} "
            "for airflow and viewer, otherwise a pattern that matches the bucket's future name",
        ),
    ):
        parser.add_argument(f"--{name}", help=text.replace("%", "%%"))
    add_settings(parser)


def asked_policy(options: argparse.Namespace) -> tuple[str, str]:
    """Return the policy as text, and a warning if it is too large for a managed policy (or "").

    :raises InvalidInputError: a name, an account, a region or a partition is not valid.
    """
    document = _document(options)
    size = policy_chars(document)
    warning = (
        f"This policy has {size:,} characters without white space; a managed policy can have "
        f"{MANAGED_POLICY_CHARS:,}. Attach it to a role as an inline policy (up to 10,240), or "
        "split it."
    )
    return policy_text(document), warning if size > MANAGED_POLICY_CHARS else ""


def _document(options: argparse.Namespace) -> dict[str, Any]:
    scope = _scope(options)
    if options.audience in ROLE_PARAMETERS:
        from airflow_ddb_migrate.deployment.role_policies import role_policy

        return role_policy(options.audience, scope)
    features = map(Feature, options.features) if options.features else DEFAULT_FEATURES
    return policy(Audience(options.audience), scope, features)


def _scope(options: argparse.Namespace) -> Scope:
    stack = validate_stack_name(options.stack_name)
    given = {
        "account": _matching("account", options.account, _ACCOUNT, "12 digits"),
        "region": _matching("region", options.region, _REGION, "a name such as eu-central-1"),
        "partition": _partition(options),
        "bucket": _matching("bucket", options.bucket, _BUCKET, "the name of an S3 bucket"),
    }
    if options.audience in {*_BEFORE_THE_BUCKET} and not given["bucket"]:
        given["bucket"] = made_bucket(stack)
    tables = tuple(dict.fromkeys(map(validate_table_name, options.tables)))
    scope = Scope(stack=stack, **_known(given), **_settings(options, given, stack))
    return replace(scope, tables=(_EVERY_TABLE,) if options.all_tables else tables or scope.tables)


def _settings(options: argparse.Namespace, given: dict[str, str], stack: str) -> dict[str, Any]:
    """Return the settings that the options of ``deploy`` change, with deploy's checks."""
    values = given_settings(options)
    if not values:
        return {}
    from airflow_ddb_migrate.deployment.settings.settings import AskedSettings

    asked = AskedSettings(values)
    place = asked.place(stack)
    for name in ("partition", "region", "account"):
        place = replace(place, **({name: given[name]} if given[name] else {}))
    settings = asked.over({}, place)
    return {"parameters": settings.parameters, "service_role": settings.service_role}


def _known(given: dict[str, str]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value}


def _matching(name: str, value: str | None, form: re.Pattern[str], what: str) -> str:
    if value is None:
        return ""
    if not form.fullmatch(value):
        raise InvalidInputError(f"--{name} is {value!r:.100}; it must be {what}.")
    return value


def _partition(options: argparse.Namespace) -> str:
    """Return the given partition, otherwise that of the region."""
    from botocore.session import Session

    known = Session().get_available_partitions()
    if options.partition is None:
        is_region = options.region and _REGION.fullmatch(options.region)
        return str(Session().get_partition_for_region(options.region)) if is_region else ""
    if options.partition not in known:
        raise InvalidInputError(
            f"--partition is {options.partition!r:.100}; it must be one of {', '.join(known)}."
        )
    return str(options.partition)
