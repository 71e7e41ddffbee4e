"""What must be true before anything is touched."""

import difflib
import json

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.aws.tables import require_active
from airflow_ddb_migrate.core.errors import InvalidInputError, TransformError
from airflow_ddb_migrate.core.lease import acquire
from airflow_ddb_migrate.core.records import LeaseRecord


def check(site: Site, transform: str | None, now: float, *, writes: bool = True) -> str:
    """Return the transform's hash, or raise what keeps the migration from starting.

    :param transform: None for an undo, which needs none.
    :param writes: False for what only reads, and so needs no lease.
    :raises TableNotReadyError: the table or an index is not ACTIVE.
    :raises InvalidInputError: the stack may not touch this table.
    :raises TransformError: the transform is not deployed or cannot be imported there.
    :raises LeaseHeldError: another migration holds the table.
    """
    lease = site.leases.get(site.table.key)
    if not _is_ours_and_raised(site, lease):
        require_active(site.table)
    _require_allowed(site)
    transform_hash = _probe_transform(site, _transform(site, transform)) if transform else ""
    if writes:
        acquire(
            lease,
            site.table.key,
            migration_id=site.migration_id,
            now=now,
            holder_is_live=holder_is_live(site, lease),
        )
    return transform_hash


def take_lease(site: Site, now: float) -> LeaseRecord:
    """Take the table for this migration, and tell a migration that lost it to stop.

    :raises LeaseHeldError: another migration holds it.
    """
    before = site.leases.get(site.table.key)
    live = holder_is_live(site, before)
    taken = site.leases.change(
        site.table.key,
        lambda current: acquire(
            current,
            site.table.key,
            migration_id=site.migration_id,
            now=now,
            holder_is_live=live or _is_other(before, current),
        ),
    )
    assert taken is not None  # acquire returns a lease or raises
    return taken


def holder_is_live(site: Site, lease: LeaseRecord | None) -> bool:
    """Tell whether the execution that holds the table runs."""
    if lease is None or lease.migration_id == site.migration_id:
        return False
    return site.executions.describe(lease.execution_arn).status.is_live


def _is_other(before: LeaseRecord | None, current: LeaseRecord | None) -> bool:
    """Somebody took the lease after we looked whether its holder lives: take them for alive."""
    return (before and before.migration_id) != (current and current.migration_id)


def _is_ours_and_raised(site: Site, lease: LeaseRecord | None) -> bool:
    """Our own prewarm may still be UPDATING the table: a retried one waits for that again."""
    return lease is not None and lease.migration_id == site.migration_id and lease.owes_capacity


def _transform(site: Site, wanted: str) -> str:
    """The ledger's transform wins: a migration does one thing, however often it is started."""
    record = site.ledger.migration(site.migration_id)
    return record.transform if record else wanted


def _require_allowed(site: Site) -> None:
    stack, table = site.stack, site.table.name
    if not stack.allows(table):
        raise InvalidInputError(
            f"Stack {stack.name!r} may migrate {', '.join(stack.tables)}, not {table}. "
            f"Run: ddb-migrate deploy --stack-name {stack.name} "
            + " ".join(f"--table {name}" for name in (*stack.tables, table))
        )


def _probe_transform(site: Site, transform: str) -> str:
    """Ask the deployed Lambda itself: only there is the transform as it will run."""
    stack = site.stack
    if transform not in stack.transforms:
        close = difflib.get_close_matches(transform, stack.transforms, n=1)
        raise TransformError(
            f"Transform {transform!r} is not deployed in stack {stack.name!r}. "
            + (f"Did you mean {close[0]}? " if close else "")
            + f"It has: {', '.join(stack.transforms)}. Add yours by ddb-migrate deploy "
            "--transforms DIR."
        )
    event = {"action": "describe", "transform": transform}
    with aws_call("lambda:InvokeFunction", stack.function_arn):
        answer = site.clients.lambda_.invoke(
            FunctionName=stack.function_arn, Payload=json.dumps(event).encode()
        )
        said = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise TransformError(f"The Lambda could not look at transform {transform!r}: {said}")
    if not said["ok"]:
        raise TransformError(said["error"])
    return str(said["hash"])
