"""The commands ``history`` and ``report``."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_ddb_migrate.aws.clients import Clients


def add_history(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``history``."""
    parser.add_argument("--table", required=True, help="name of the table")
    parser.add_argument(
        "--limit", type=_positive, help="show only this many, the newest first; default: all"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(show=_history)


def add_report(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``report``."""
    parser.add_argument("migration_id", help="id of the migration, as printed by the start task")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(show=_report)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _history(options: argparse.Namespace, clients: "Clients") -> str:
    from airflow_ddb_migrate.cli.commands import history

    return history(
        clients,
        stack_name=options.stack_name,
        table_name=options.table,
        limit=options.limit,
        as_json=options.json,
    )


def _report(options: argparse.Namespace, clients: "Clients") -> str:
    from airflow_ddb_migrate.cli.commands import report

    return report(
        clients,
        stack_name=options.stack_name,
        migration_id=options.migration_id,
        as_json=options.json,
    )
