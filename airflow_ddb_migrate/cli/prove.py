"""``ddb-migrate prove``: its options, its confirmation, and the file that it writes."""

import argparse
import signal
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.prove.scratch_names import ScratchNames, scratch_names
from airflow_ddb_migrate.core.text.figures import dollars_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_ddb_migrate.aws.clients import Clients
    from airflow_ddb_migrate.core.prove.answers import Engine
    from airflow_ddb_migrate.prove.run import Proving

_SERVICES = ("dynamodb", "stepfunctions", "lambda", "s3", "iam", "sts")
_EMULATOR = "an emulator"


def add_prove(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``prove``."""
    parser.add_argument(
        "--table-prefix",
        required=True,
        help="prefix for the names of all resources that it creates, such as jane-prove",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("ddb-migrate-answers.json"),
        help="file for the answers; default: %(default)s",
    )
    parser.add_argument("--engine", help="with --endpoint-url: name and version of the emulator")
    parser.add_argument(
        "--yes", action="store_true", help="do not ask before creating resources that cost money"
    )


def prove(options: argparse.Namespace) -> bool:
    """Run the tests, write the answers, and return whether all created resources are removed.

    :raises InvalidInputError: the prefix, the file or the engine's name is not valid, or other
        resources already have these names. Nothing was created.
    """
    names = scratch_names(options.table_prefix)
    _require_writable(options.output)
    proving = _proving(options, names)
    print(_introduction(proving, names))
    if not options.yes and not _confirmed(input):
        print("Nothing was created.")
        return True
    with _interrupted_by_termination():
        sheet, left = proving.run()
    options.output.write_text(sheet.to_json(names.prefix))
    answered = sum(not answer.why_not for answer in sheet.answers)
    print(f"{answered} of {len(sheet.answers)} questions were answered: {options.output}")
    for words in left:
        print(f"ddb-migrate: not removed: {words}", file=sys.stderr)
    if left:
        print(
            f"ddb-migrate: to remove it, run prove again with --table-prefix {names.prefix}.",
            file=sys.stderr,
        )
    return not left


def _introduction(proving: "Proving", names: ScratchNames) -> str:
    from airflow_ddb_migrate.core.plan.prices import prices_for
    from airflow_ddb_migrate.core.prove.price import asking_price
    from airflow_ddb_migrate.prove.fixtures import NEVER_ON_AWS, has_run_on_aws

    scratch = proving.scratch
    dollars = dollars_words(asking_price(prices_for(scratch.region)))
    lines = [
        f"This asks {proving.engine.name} twelve questions, in account {scratch.account}, "
        f"{scratch.region}.",
        f"It creates these resources, tags them, and removes them at the end: tables "
        f"{', '.join(names.tables)}; a role, a function and a state machine {names.others}; bucket "
        f"{scratch.bucket}.",
        f"It takes a few minutes and costs at most {dollars}.",
    ]
    if not has_run_on_aws():
        lines.append(NEVER_ON_AWS)
    if not proving.engine.is_aws:
        lines.append("This is not AWS. The answers come from an emulator, and the file says so.")
    return "\n".join(lines)


def _require_writable(path: Path) -> None:
    """Raise InvalidInputError, before anything is created, if the file cannot be written."""
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise InvalidInputError(
            f"--output is {str(path)!r}; it must be a file in a folder that exists."
        )


def _proving(options: argparse.Namespace, names: ScratchNames) -> "Proving":
    from airflow_ddb_migrate.prove.run import Proving
    from airflow_ddb_migrate.prove.scratch import Scratch

    clients = _clients(options, attempts=5)
    scratch = Scratch(clients, _clients(options, attempts=1), names)
    return Proving(scratch=scratch, engine=_engine(clients, options.engine))


def _engine(clients: "Clients", name: str | None) -> "Engine":
    """Return the engine under test. It is AWS only if every endpoint belongs to AWS."""
    from airflow_ddb_migrate.aws.clients import is_aws_endpoint
    from airflow_ddb_migrate.core.prove.answers import Engine

    is_aws = all(is_aws_endpoint(clients.of(each).meta.endpoint_url) for each in _SERVICES)
    if is_aws and name:
        raise InvalidInputError(
            f"--engine is {name!r:.100}, but the endpoints are those of AWS. --engine names an "
            "emulator. Leave it out, or give --endpoint-url."
        )
    return Engine("AWS" if is_aws else name or _EMULATOR, is_aws)


def _clients(options: argparse.Namespace, *, attempts: int) -> "Clients":
    import boto3
    from botocore.config import Config

    from airflow_ddb_migrate.aws.clients import Clients, made_client
    from airflow_ddb_migrate.aws.errors import aws_call

    with aws_call("Signing in", "ddb-migrate prove"):
        session = boto3.Session(profile_name=options.profile, region_name=options.region)
    config = Config(retries={"mode": "standard", "total_max_attempts": attempts})

    def client(service: str) -> object:
        return session.client(service, endpoint_url=options.endpoint_url, config=config)

    return Clients(lambda service: made_client(lambda: client(service), service, "prove"))


def _confirmed(ask: Callable[[str], str]) -> bool:
    try:
        return ask("Continue? Type yes: ").strip().lower() == "yes"
    except EOFError:  # no terminal to answer from
        return False


@contextmanager
def _interrupted_by_termination() -> "Iterator[None]":
    """Handle SIGTERM like Ctrl-C, so that the created resources are removed."""

    def interrupt(_signal: int, _frame: FrameType | None) -> Any:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
