"""The commands of the embedded stack: up and down."""

from collections.abc import Sequence
from pathlib import Path

from airflow_ddb_migrate.aws.services.stack import Stack, describe_stack, stack_outputs
from airflow_ddb_migrate.core.bindings import EVERY, bindings_of
from airflow_ddb_migrate.core.names import DEFAULT_STACK_NAME
from airflow_ddb_migrate.deployment.deploy import Deployment
from airflow_ddb_migrate.deployment.packaging.requirements import read_requirements
from airflow_ddb_migrate.deployment.packaging.runtime import this_runtime
from airflow_ddb_migrate.deployment.packaging.user_files import read_folder
from airflow_ddb_migrate.local.emulated_aws import emulator
from airflow_ddb_migrate.local.emulated_aws.emulator import Emulator

_POLL_SECONDS = 0.2  # the emulator deploys in a second


def deploy_to(
    running: Emulator,
    *,
    tables: Sequence[str] = (),
    transforms_dir: Path | None = None,
    quiet: bool = False,
) -> Stack:
    """Deploy to the emulator in the same way as to AWS.

    :param tables: as ``ddb-migrate deploy --table`` takes them. By default, a running stack's
        tables are kept; a new stack gets every table, with each transform that does not delete.

    The emulator runs the Lambda in this Python, whatever the template says, so packages are
    installed for this Python.
    """
    clients = running.clients()
    found = describe_stack(clients.cloudformation, DEFAULT_STACK_NAME) or {}
    add, drop = tables_asked(stack_outputs(found).get("Tables", ""), tables)
    return Deployment(
        clients=clients,
        stack_name=DEFAULT_STACK_NAME,
        tables=add,
        drop_tables=drop,
        transforms_dir=transforms_dir,
        say=(lambda _: None) if quiet else print,
        poll_seconds=_POLL_SECONDS,
        runtime=this_runtime(),
    ).deploy()


def tables_asked(before: str, tables: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return what to add and what to drop. If tables are named, ``*`` is dropped.

    :param before: the stack's tables, as in its output; empty for a new stack.
    """
    is_named = bool(tables) and EVERY not in bindings_of(tables).rows
    drop = [EVERY] if is_named and before == EVERY else []
    return (tables if tables or before else [EVERY]), drop


def up(state_dir: Path, *, tables: Sequence[str] = (), transforms_dir: Path | None = None) -> None:
    """Start the emulator if it does not run, deploy to it, and return how to reach it.

    :raises InvalidInputError: the tables or the folder are not valid; nothing was started.
    """
    bindings_of(tables)
    if transforms_dir is not None:
        read_folder(transforms_dir)
        read_requirements(transforms_dir, this_runtime())
    running = emulator.find_emulator(state_dir.resolve())
    if running is None or not running.answers_us:
        running = emulator.start_emulator(state_dir, stays=True)
    deploy_to(running, tables=tables, transforms_dir=transforms_dir)
    print(f"The embedded stack answers at {running.endpoint_url}, but only with this key:")
    print(running.exports)


def down(state_dir: Path) -> None:
    """Stop the emulator and remove its files; its tables and stacks are lost."""
    running = emulator.find_emulator(state_dir.resolve())
    if running is None:
        print(f"No embedded stack runs from {state_dir}: nothing to do.")
        return
    running.stop()
    print("Stopped.")
