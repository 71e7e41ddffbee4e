"""The options of ``deploy`` for restricted accounts, and ``ddb-migrate bundle``."""

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
    """Return a path. An empty text, as from an unset variable, would mean the current folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the value is empty; write . for the current folder")
    return Path(text)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the options for restricted accounts."""
    group = parser.add_argument_group(
        "options for restricted accounts",
        "An option that you leave out keeps the stack's value; the value none removes it. A "
        "repeatable option sets the whole list.",
    )
    for option in (*OPTIONS, TAGS):
        _add(group, option)
    add_service_role(parser)


ALL_TABLES_HELP = (
    "allow migrations of every table of the account and region, by all transforms that do not "
    "delete; for others use --table '*:TRANSFORM'"
)


def add_table(parser: "argparse._ActionsContainer", text: str, default: str = "") -> None:
    """Add the option that names tables, and the transforms that may work on them."""
    parser.add_argument(
        "--table",
        action="append",
        default=[],
        dest="tables",
        metavar="TABLE[:TRANSFORM,...]",
        help=f"{text}, by the named transforms or by all that do not delete (repeatable)"
        + (f"; default: {default}" if default else ""),
    )


def bound_lines(clients: "Clients", stack: "Stack") -> Iterator[str]:
    """Yield a line for each table, with the transforms that the deployed Lambda binds to it."""
    from airflow_ddb_migrate.aws.services.function import asked_bindings

    try:
        bindings = asked_bindings(clients.lambda_, stack.function_arn)
    except MigrationError as error:
        yield f"{', '.join(stack.tables)}; their transforms are unknown: {error}"
        return
    yield from bindings.lines() if bindings else (", ".join(stack.tables),)


def add_service_role(parser: argparse.ArgumentParser) -> None:
    """Add the option for the role that CloudFormation uses."""
    _add(parser, SERVICE_ROLE)


def given_settings(options: argparse.Namespace) -> dict[str, list[str]]:
    """Return the values of the given options, by the option's name."""
    known = (*OPTIONS, TAGS, SERVICE_ROLE)
    found = {option.name: getattr(options, option.dest, None) for option in known}
    return {name: values for name, values in found.items() if values}


def add_bundle(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bundle``."""
    parser.add_argument(
        "--output", type=given_folder, required=True, metavar="FOLDER", help="folder to write to"
    )
    parser.add_argument(
        "--stack-name", default=DEFAULT_STACK_NAME, help="name of the stack; default: %(default)s"
    )
    tables = parser.add_mutually_exclusive_group(required=True)
    add_table(tables, "allow migrations of this table")
    tables.add_argument("--all-tables", action="store_true", help=ALL_TABLES_HELP)
    parser.add_argument("--transforms", type=given_folder, help="folder with your own transforms")
    parser.add_argument(
        "--code-bucket",
        default="",
        metavar="NAME",
        help="bucket that will hold the folder code/; default: set the parameter CodeBucket later",
    )
    add_settings(parser)


def written_bundle(options: argparse.Namespace) -> str:
    """Write the bundle. Return a text that names its files and the next step.

    :raises InvalidInputError: an option or a transform is not valid; nothing was written.
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
            f"Next: upload {options.output / 'code'} to {where} as code/. Then create stack "
            f"{options.stack_name} from the template, with these parameters, these tags and the "
            f"capability {'CAPABILITY_NAMED_IAM' if options.role_prefix else 'CAPABILITY_IAM'}.",
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
