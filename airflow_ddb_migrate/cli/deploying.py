"""The options of ``deploy`` for an account that is locked down, and ``ddb-migrate bundle``."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.names import DEFAULT_STACK_NAME
from airflow_ddb_migrate.deployment.settings.options import OPTIONS, SERVICE_ROLE, TAGS, Option

if TYPE_CHECKING:
    from airflow_ddb_migrate.aws.clients import Clients
    from airflow_ddb_migrate.aws.services.stack import Stack


def given_folder(text: str) -> Path:
    """Return a path; refuse an empty text, as of a variable that is not set: it would be here."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty; write . for the folder you are in")
    return Path(text)


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


ALL_TABLES_HELP = (
    "allow every table of the account and region, by each transform that does not delete; for "
    "others give --table '*:TRANSFORM'"
)


def add_table(parser: "argparse._ActionsContainer", text: str) -> None:
    """Let a person name tables, and which transforms may work on them."""
    parser.add_argument(
        "--table",
        action="append",
        default=[],
        dest="tables",
        metavar="TABLE[:TRANSFORM,...]",
        help=f"{text}, by each transform that does not delete, or by those that are named",
    )


def bound_lines(clients: "Clients", stack: "Stack") -> Iterator[str]:
    """Yield what the deployed Lambda says is bound to the tables, a line each."""
    from airflow_ddb_migrate.aws.services.function import asked_bindings

    try:
        bindings = asked_bindings(clients.lambda_, stack.function_arn)
    except MigrationError as error:
        yield f"{', '.join(stack.tables)}; by which transforms is unknown: {error}"
        return
    yield from bindings.lines() if bindings else (", ".join(stack.tables),)


def add_service_role(parser: argparse.ArgumentParser) -> None:
    """Let a person say with which role CloudFormation works."""
    _add(parser, SERVICE_ROLE)


def given_settings(options: argparse.Namespace) -> dict[str, list[str]]:
    """Return what was given, by the option's name."""
    known = (*OPTIONS, TAGS, SERVICE_ROLE)
    found = {option.name: getattr(options, option.dest, None) for option in known}
    return {name: values for name, values in found.items() if values}


def add_bundle(parser: argparse.ArgumentParser) -> None:
    """Let a person have everything written into a folder."""
    parser.add_argument(
        "--output", type=given_folder, required=True, metavar="FOLDER", help="where to write it"
    )
    parser.add_argument(
        "--stack-name", default=DEFAULT_STACK_NAME, help="the stack; default: %(default)s"
    )
    tables = parser.add_mutually_exclusive_group(required=True)
    add_table(tables, "a table that may be migrated (repeatable)")
    tables.add_argument("--all-tables", action="store_true", help=ALL_TABLES_HELP)
    parser.add_argument("--transforms", type=given_folder, help="folder with your own transforms")
    parser.add_argument(
        "--code-bucket",
        default="",
        metavar="NAME",
        help="the bucket that will have code/; default: left to the parameter CodeBucket",
    )
    add_settings(parser)


def written_bundle(options: argparse.Namespace) -> str:
    """Write the bundle; return what was written, and what to do with it.

    :raises InvalidInputError: something is wrong with the input; nothing was written.
    """
    from airflow_ddb_migrate.aws.services.stack import ALL_TABLES
    from airflow_ddb_migrate.deployment.artifacts import Artifacts
    from airflow_ddb_migrate.deployment.settings.settings import AskedSettings

    names = Artifacts(
        folder=options.output,
        stack_name=options.stack_name,
        tables=[ALL_TABLES] if options.all_tables else list(dict.fromkeys(options.tables)),
        transforms_dir=options.transforms,
        code_bucket=options.code_bucket,
        asked=AskedSettings(given_settings(options)),
    ).write()
    where = options.code_bucket or "the bucket of the parameter CodeBucket"
    return "\n".join(
        (
            *(f"Wrote {options.output / name}" for name in names),
            f"Put {options.output / 'code'} into {where}, as code/, then make stack "
            f"{options.stack_name} of the template with these parameters, these tags, and "
            f"{'CAPABILITY_NAMED_IAM' if options.role_prefix else 'CAPABILITY_IAM'}.",
        )
    )


def _add(parser: "argparse._ActionsContainer", option: Option) -> None:
    default = f"; default: {option.default}" if option.default else ""
    parser.add_argument(
        option.name,
        action="append",
        metavar=option.metavar,
        help=f"{option.help}{default}".replace("%", "%%"),
    )
