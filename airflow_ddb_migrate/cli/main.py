"""The command line: ``ddb-migrate deploy | try | status | pause | resume | report | …``."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from airflow_ddb_migrate.cli import steering
from airflow_ddb_migrate.cli.deploying import (
    ALL_TABLES_HELP,
    add_bundle,
    add_service_role,
    add_settings,
    add_table,
    bound_lines,
    given_folder,
    given_settings,
    written_bundle,
)
from airflow_ddb_migrate.cli.doctor import add_doctor, examined
from airflow_ddb_migrate.cli.policy import add_policy, asked_policy
from airflow_ddb_migrate.cli.prove import add_prove, prove
from airflow_ddb_migrate.cli.trial import add_try, try_transform
from airflow_ddb_migrate.cli.views import add_history, add_report
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.names import DEFAULT_STACK_NAME
from airflow_ddb_migrate.core.version import __version__

if TYPE_CHECKING:
    from airflow_ddb_migrate.aws.clients import Clients


EXIT_CODES: Final = {
    0: "The command succeeded, or you answered no to its question.",
    1: "The command failed; standard error says why. Or `doctor` found a problem.",
    2: "The command, an option or a value is not valid. No request was sent to AWS.",
    130: "The command was interrupted, for example with Ctrl-C.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; see ``EXIT_CODES``."""
    options = command_parser().parse_args(arguments)
    try:
        went_well = options.run(options)
        sys.stdout.flush()
    except MigrationError as error:
        _say(f"ddb-migrate: {error}", sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of the output closed it, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        _say(f"ddb-migrate: {_of_the_system(error)}", sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ddb-migrate: interrupted", file=sys.stderr)
        return 130
    return 1 if went_well is False else 0


def _of_the_system(error: OSError) -> str:
    """Return a sentence for an error of the operating system, such as a missing file."""
    names = " -> ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
    return f"{names or 'The system'}: {error.strerror or error}. Correct that and try again."


def command_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="ddb-migrate",
        description="Deploy the stack of airflow_ddb_migrate, and watch and control its "
        "migrations.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_deploy(commands.add_parser("deploy", help="create or update the stack"))
    _add_destroy(
        commands.add_parser("destroy", help="delete the stack, but keep its ledger and bucket")
    )
    _add_tools(commands)
    _add_views(commands)
    local = commands.add_parser("local", help="start or stop the embedded stack on this machine")
    _add_local(local.add_subparsers(required=True, metavar="COMMAND"))
    return parser


def _add_tools(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands that do not need a migration."""
    check = commands.add_parser(
        "self-check", help="check whether batched writes are safe in this account and region"
    )
    _add_connection(check)
    check.set_defaults(run=_self_check)
    bundle = commands.add_parser(
        "bundle", help="write the stack's files, for deployment with another tool"
    )
    add_bundle(bundle)
    bundle.set_defaults(run=_bundle)
    policy = commands.add_parser("policy", help="print the IAM policy that a role needs")
    add_policy(policy)
    policy.set_defaults(run=_policy)
    doctor = commands.add_parser("doctor", help="check whether a migration could run from here")
    _add_connection(doctor)
    add_doctor(doctor)
    doctor.set_defaults(run=_doctor)
    proof = commands.add_parser("prove", help="test DynamoDB's behavior on AWS, on scratch tables")
    _add_aws(proof)
    add_prove(proof)
    proof.set_defaults(run=prove)
    trial = commands.add_parser("try", help="show what a transform would do to a few items")
    _add_aws(trial)
    add_try(trial)
    trial.set_defaults(run=_try)


def _add_views(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands that show and control migrations."""
    for name, add, text in (
        ("history", add_history, "list the migrations of a table"),
        ("report", add_report, "print the report of a migration"),
        ("status", steering.add_status, "show the progress of a migration"),
        ("pause", steering.add_pause, "pause a running migration"),
        ("resume", steering.add_resume, "resume a paused migration"),
        ("stop", steering.add_stop, "stop a migration; finished segments are kept"),
        ("forget", steering.add_forget, "delete the data of a migration, but keep its history row"),
        ("retune", steering.add_retune, "change the limits of a running migration"),
    ):
        view = commands.add_parser(name, help=text)
        _add_connection(view)
        add(view)
        view.set_defaults(run=_show)


def _add_connection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stack-name", default=DEFAULT_STACK_NAME, help="name of the stack; default: %(default)s"
    )
    _add_aws(parser)


def _add_aws(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--region", type=_given, help="AWS region; default: that of boto3")
    parser.add_argument("--profile", type=_given, help="AWS profile; default: that of boto3")
    parser.add_argument(
        "--endpoint-url", type=_given, help="URL of an emulator, used for all AWS services"
    )


def _given(text: str) -> str:
    """Refuse an empty value, as from an unset variable: the default may be another account."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the value is empty; leave the option out for the default")
    return text


def _add_deploy(parser: argparse.ArgumentParser) -> None:
    _add_connection(parser)
    tables = parser.add_mutually_exclusive_group()
    add_table(tables, "allow migrations of this table, in addition to the stack's tables")
    tables.add_argument("--all-tables", action="store_true", help=ALL_TABLES_HELP)
    parser.add_argument(
        "--drop-table",
        action="append",
        default=[],
        dest="drop_tables",
        metavar="TABLE[:TRANSFORM,...]",
        help="stop allowing migrations of this table, or by these transforms (repeatable); '*' "
        "reverts --all-tables",
    )
    parser.add_argument(
        "--transforms",
        type=given_folder,
        help="folder with all your own transforms, their data and packages; default: keep those "
        "of the existing stack",
    )
    parser.add_argument(
        "--drop-transform",
        action="append",
        default=[],
        dest="drop_transforms",
        metavar="NAME",
        help="remove this transform of yours from the stack (repeatable)",
    )
    parser.add_argument(
        "--republish",
        action="store_true",
        help="publish a new version of the Lambda, even if its code has not changed",
    )
    add_settings(parser)
    parser.set_defaults(run=_deploy)


def _add_destroy(parser: argparse.ArgumentParser) -> None:
    _add_connection(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--force",
        action="store_true",
        help="delete it even if a migration runs or raised capacity is not restored",
    )
    parser.add_argument(
        "--delete-data",
        action="store_true",
        help="also delete ledger and bucket; then no migration can be undone",
    )
    add_service_role(parser)
    parser.set_defaults(run=_destroy)


def _add_local(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    for name, run, text in (
        ("up", _local_up, "start an emulator of AWS and deploy the stack to it"),
        ("down", _local_down, "stop the emulator"),
    ):
        parser = commands.add_parser(name, help=text)
        parser.add_argument(
            "--state-dir",
            type=Path,
            default=Path(".local"),
            help="folder for the files of the embedded stack; default: %(default)s",
        )
        if name == "up":
            add_table(parser, "allow migrations of this table", default="every table")
            parser.add_argument(
                "--transforms", type=given_folder, help="folder with your own transforms"
            )
        parser.set_defaults(run=run)


def _clients(options: argparse.Namespace) -> "Clients":
    import boto3

    from airflow_ddb_migrate.aws.clients import Clients, made_client

    def client(service: str) -> object:
        session = boto3.Session(profile_name=options.profile, region_name=options.region)
        return session.client(service, endpoint_url=options.endpoint_url)

    return Clients(lambda service: made_client(lambda: client(service), service, "ddb-migrate"))


def _deploy(options: argparse.Namespace) -> None:
    from airflow_ddb_migrate.aws.services.stack import ALL_TABLES
    from airflow_ddb_migrate.deployment.deploy import Deployment
    from airflow_ddb_migrate.deployment.settings.settings import AskedSettings

    clients = _clients(options)
    stack = Deployment(
        clients=clients,
        stack_name=options.stack_name,
        tables=[ALL_TABLES] if options.all_tables else options.tables,
        drop_tables=options.drop_tables,
        transforms_dir=options.transforms,
        drop_transforms=options.drop_transforms,
        republish=options.republish,
        asked=AskedSettings(given_settings(options)),
    ).deploy()
    print(f"Stack {stack.name} in {stack.region}, version {stack.version}:")
    print("  tables         " + f"\n{'':17}".join(bound_lines(clients, stack)))
    print(f"  transforms     {', '.join(stack.transforms)}")
    print(f"  state machine  {stack.state_machine_arn}")
    print(f"  Lambda         {stack.function_arn}")
    print(f"  ledger         {stack.ledger_table}")
    print(f"  bucket         {stack.bucket}")


def _self_check(options: argparse.Namespace) -> None:
    from airflow_ddb_migrate.aws.preflight.engine_proof import check_engine
    from airflow_ddb_migrate.aws.services.stack import find_stack

    clients = _clients(options)
    proof = check_engine(clients, find_stack(clients.cloudformation, options.stack_name))
    print(proof.in_words())
    for difference in proof.differences:
        print(f"  {difference}")


def _bundle(options: argparse.Namespace) -> None:
    print(written_bundle(options))


def _policy(options: argparse.Namespace) -> None:
    text, warning = asked_policy(options)
    print(text)
    if warning:
        print(f"ddb-migrate: {warning}", file=sys.stderr)


def _doctor(options: argparse.Namespace) -> bool:
    page, is_healthy = examined(options)
    _say(page)
    return is_healthy


def _try(options: argparse.Namespace) -> None:
    trial = try_transform(options, _clients(options))
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may lack a character of a key
        sys.stdout.reconfigure(errors="backslashreplace")
    print(trial.to_json() if options.json else trial.in_words(), flush=True)
    trial.require_none_refused()


def _show(options: argparse.Namespace) -> None:
    if text := options.show(options, _clients(options)):
        _say(text)


def _say(text: str, out: TextIO | None = None) -> None:
    """Print a text, with unprintable characters escaped. It may come from a table or a person."""
    from airflow_ddb_migrate.core.text.markdown import visible_lines

    print(visible_lines(text), file=out)


def _destroy(options: argparse.Namespace) -> None:
    from airflow_ddb_migrate.deployment.destroy import Removal
    from airflow_ddb_migrate.deployment.settings.settings import AskedSettings

    Removal(
        clients=_clients(options),
        stack_name=options.stack_name,
        confirm=lambda question: options.yes or _confirmed(question, options.stack_name),
        asked=AskedSettings(given_settings(options)),
    ).destroy(force=options.force, delete_data=options.delete_data)


def _confirmed(question: str, stack_name: str) -> bool:
    try:
        answer = input(f"{question} Type {stack_name} to confirm: ")
    except EOFError:  # no terminal to answer from
        return False
    return answer == stack_name


def _local_up(options: argparse.Namespace) -> None:
    from airflow_ddb_migrate.local.stack import up

    up(options.state_dir, tables=options.tables, transforms_dir=options.transforms)


def _local_down(options: argparse.Namespace) -> None:
    from airflow_ddb_migrate.local.stack import down

    down(options.state_dir)


if __name__ == "__main__":
    sys.exit(main())
