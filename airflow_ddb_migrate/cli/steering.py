"""The commands that show and control a running migration."""

import argparse
import contextlib
import getpass
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_ddb_migrate.aws.clients import Clients
    from airflow_ddb_migrate.aws.site import Site


_CALLER_SECONDS = 3.0  # a pause or stop does not wait longer for the caller's ARN


def add_status(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``status``."""
    _add_migration(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--watch", action="store_true", help="update the view until the end")
    how.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(show=_status)


def add_pause(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``pause``."""
    _add_steering(parser, reason=True)
    parser.set_defaults(show=_pause)


def add_resume(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``resume``."""
    _add_steering(parser)
    parser.set_defaults(show=_resume)


def add_stop(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``stop``."""
    _add_steering(parser, reason=True)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(show=_stop)


def add_retune(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``retune``."""
    _add_steering(parser)
    for name in ("read", "write"):
        parser.add_argument(
            f"--{name}-units-per-second",
            type=float,
            metavar="UNITS",
            help=f"{name} units per second for the whole migration, 0 for no limit; default: "
            "unchanged",
        )
    parser.add_argument(
        "--max-concurrency",
        type=int,
        metavar="N",
        help="child executions at the same time; default: unchanged",
    )
    parser.add_argument(
        "--max-cost-usd",
        type=float,
        metavar="USD",
        help="put the migration on hold at this measured cost; default: unchanged",
    )
    parser.set_defaults(show=_retune)


def add_forget(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``forget``."""
    _add_steering(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(show=_forget)


def _add_migration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("migration_id", help="id of the migration, as printed by the start task")


def _add_steering(parser: argparse.ArgumentParser, *, reason: bool = False) -> None:
    _add_migration(parser)
    parser.add_argument(
        "--as", dest="by", metavar="NAME", help="name to record for you; default: the OS user"
    )
    if reason:
        parser.add_argument(
            "--reason", default="", help="reason to record in the ledger and to show to others"
        )


def _status(options: argparse.Namespace, clients: "Clients") -> str:
    from airflow_ddb_migrate.cli.status import StatusView

    view = StatusView(_site(options, clients))
    if options.watch:
        view.watch(sys.stdout)
        return ""
    shown = view.look()
    return shown.to_json() if options.json else shown.in_words()


def _pause(options: argparse.Namespace, clients: "Clients") -> str:
    from airflow_ddb_migrate.aws.execution.steering.pause import pause

    site = _steered_site(options, clients)
    return pause(site, by=_by(options), reason=options.reason)


def _resume(options: argparse.Namespace, clients: "Clients") -> str:
    from airflow_ddb_migrate.aws.execution.steering.pause import resume

    return resume(_steered_site(options, clients), by=_by(options))


def _stop(options: argparse.Namespace, clients: "Clients") -> str:
    from airflow_ddb_migrate.aws.execution.steering.stop import stop_now

    site = _steered_site(options, clients)
    if not options.yes and not _confirmed(options.migration_id, input):
        return "Nothing was stopped."
    return stop_now(site, by=_by(options), reason=options.reason)


def _retune(options: argparse.Namespace, clients: "Clients") -> str:
    from airflow_ddb_migrate.aws.execution.steering.retune import retune

    return retune(
        _steered_site(options, clients),
        by=_by(options),
        read_units_per_second=options.read_units_per_second,
        write_units_per_second=options.write_units_per_second,
        max_concurrency=options.max_concurrency,
        max_cost_usd=options.max_cost_usd,
    )


def _forget(options: argparse.Namespace, clients: "Clients") -> str:
    from airflow_ddb_migrate.aws.erasure.forgetting import Forgetting
    from airflow_ddb_migrate.aws.services.stack import find_stack

    return Forgetting(
        clients=clients,
        stack=find_stack(clients.cloudformation, options.stack_name),
        migration_id=options.migration_id,
        by=_by(options),
        confirm=lambda question: options.yes or _agreed(question, input),
    ).forget()


def _site(options: argparse.Namespace, clients: "Clients") -> "Site":
    from airflow_ddb_migrate.aws.site import open_known_site

    return open_known_site(clients, options.stack_name, options.migration_id)


def _steered_site(options: argparse.Namespace, clients: "Clients") -> "Site":
    return replace(_site(options, clients), caller=_caller(clients))


def _caller(clients: "Clients") -> str:
    """Return the caller's ARN as AWS reports it, because anyone can pass any name with --as."""
    found: list[str] = []

    def ask() -> None:
        with contextlib.suppress(Exception):  # after any error the caller is unknown
            found.append(str(clients.of("sts").get_caller_identity()["Arn"]))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_CALLER_SECONDS)
    return found[0] if found else "unknown"


def _by(options: argparse.Namespace) -> str:
    """Return the name from --as, or the user of this process."""
    if options.by:
        return str(options.by)
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "unknown user"


def _confirmed(migration_id: str, ask: Callable[[str], str]) -> bool:
    return _agreed(f"Stop {migration_id}? Finished segments are kept.", ask)


def _agreed(question: str, ask: Callable[[str], str]) -> bool:
    try:
        return ask(f"{question} Type yes: ").strip().lower() == "yes"
    except EOFError:  # no terminal to answer from
        return False
