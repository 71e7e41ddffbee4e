"""The options of ``deploy`` for an account that is locked down."""

import argparse

from airflow_ddb_migrate.deployment.settings.options import OPTIONS, SERVICE_ROLE, TAGS, Option


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Let a person say what the account asks for."""
    group = parser.add_argument_group(
        "an account that is locked down",
        "An option that is left out keeps what the stack has; none takes it away. A repeatable "
        "one gives the whole list.",
    )
    for option in (*OPTIONS, TAGS):
        _add(group, option)
    add_service_role(parser)


def add_service_role(parser: argparse.ArgumentParser) -> None:
    """Let a person say with which role CloudFormation works."""
    _add(parser, SERVICE_ROLE)


def given_settings(options: argparse.Namespace) -> dict[str, list[str]]:
    """Return what was given, by the option's name."""
    known = (*OPTIONS, TAGS, SERVICE_ROLE)
    found = {option.name: getattr(options, option.dest, None) for option in known}
    return {name: values for name, values in found.items() if values}


def _add(parser: "argparse._ActionsContainer", option: Option) -> None:
    default = f"; default: {option.default}" if option.default else ""
    parser.add_argument(
        option.name,
        action="append",
        metavar=option.metavar,
        help=f"{option.help}{default}".replace("%", "%%"),
    )
