"""How the command line looks at a migration that runs, and steers it."""

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


_CALLER_SECONDS = 3.0  # to pause or to stop is more urgent than to know by whom


def add_status(parser: argparse.ArgumentParser) -> None:
    """Let a person see how a migration is."""
    _add_migration(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--watch", action="store_true", help="live, until it is over")
    how.add_argument("--json", action="store_true", help="one JSON document")
    parser.set_defaults(show=_status)


def add_pause(parser: argparse.ArgumentParser) -> None:
    """Let a person hold every worker."""
    _add_steering(parser, reason=True)
    parser.set_defaults(show=_pause)


def add_resume(parser: argparse.ArgumentParser) -> None:
    """Let a person end a pause."""
    _add_steering(parser)
    parser.set_defaults(show=_resume)


def add_stop(parser: argparse.ArgumentParser) -> None:
    """Let a person stop an attempt, after a question."""
    _add_steering(parser, reason=True)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(show=_stop)


def add_retune(parser: argparse.ArgumentParser) -> None:
    """Let a person change budgets and concurrency."""
    _add_steering(parser)
    for name in ("read", "write"):
        parser.add_argument(
            f"--{name}-units-per-second",
            type=float,
            metavar="UNITS",
            help="of the whole migration; 0: no budget; default: as it is",
        )
    parser.add_argument(
        "--max-concurrency", type=int, metavar="N", help="children at a time; default: as it is"
    )
    parser.add_argument(
        "--max-cost-usd",
        type=float,
        metavar="USD",
        help="hold at this sum, as measured; default: as it is",
    )
    parser.set_defaults(show=_retune)


def add_forget(parser: argparse.ArgumentParser) -> None:
    """Let a person have all deleted that is kept of a migration, after a question."""
    _add_steering(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(show=_forget)


def _add_migration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("migration_id", help="as the start task logged it")


def _add_steering(parser: argparse.ArgumentParser, *, reason: bool = False) -> None:
    _add_migration(parser)
    parser.add_argument("--as", dest="by", metavar="NAME", help="who asks; default: the OS user")
    if reason:
        parser.add_argument("--reason", default="", help="kept in the ledger and shown to others")


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
    """Return the ARN by which AWS knows the caller: a name that somebody gives proves nothing."""
    found: list[str] = []

    def ask() -> None:
        with contextlib.suppress(Exception):  # whatever it is: then it is unknown
            found.append(str(clients.of("sts").get_caller_identity()["Arn"]))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_CALLER_SECONDS)
    return found[0] if found else "unknown"


def _by(options: argparse.Namespace) -> str:
    """Return who asks: as given, or the user of this process."""
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
    except EOFError:  # nobody is there to answer
        return False
