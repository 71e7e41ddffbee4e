"""What must be true before anything is touched."""

import difflib
import logging

from packaging.version import InvalidVersion, Version

from airflow_ddb_migrate.aws.preflight.table_lease import acquired_lease, holder_is_live
from airflow_ddb_migrate.aws.services.function import check_code, describe_transform
from airflow_ddb_migrate.aws.services.tables import Table, require_active
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import (
    InvalidInputError,
    StackOutdatedError,
    TransformError,
)
from airflow_ddb_migrate.core.ledger.records import LeaseRecord
from airflow_ddb_migrate.core.version import __version__

_log = logging.getLogger(__name__)


def check(
    site: Site,
    transform: str | None,
    *,
    writes: bool = True,
    single_writer_region: bool = False,
) -> str:
    """Return the transform's hash, or raise the reason why the migration cannot start.

    :param transform: empty for an undo, which needs none; None if it is not for a migration.
    :param writes: False for a mode that only reads, and so needs no lease.
    :param single_writer_region: whether nothing writes to the table's replicas in other regions.
    :raises TableNotReadyError: the table or an index is not ACTIVE.
    :raises InvalidInputError: the stack may not change this table, or not with this transform, or
        the table has replicas that others may write to.
    :raises CodeMismatchError: the Lambda's code is not the code that was deployed.
    :raises TransformError: the transform is not deployed or cannot be imported there.
    :raises LeaseHeldError: another migration holds the table.
    """
    lease = site.leases.get(site.table.key)
    if not _is_ours_and_raised(site, lease):
        require_active(site.table)
    _require_allowed(site)
    if writes and not single_writer_region:
        _require_no_replicas(site)
    _require_code(site)
    wanted = _transform(site, transform) if transform else transform
    transform_hash = "" if wanted is None else _probe_transform(site, wanted)
    if writes:
        acquired_lease(site, lease, is_live=holder_is_live(site, lease))
    return transform_hash


def require_current_stack(site: Site) -> None:
    """Raise StackOutdatedError if an older package than this one deployed the stack."""
    stack = site.stack
    if _release(stack.version) < _release(__version__):
        raise StackOutdatedError(
            f"Stack {stack.name!r} was deployed by version {stack.version}, which is older than "
            f"this version, {__version__}. Run: ddb-migrate deploy --stack-name {stack.name} (its "
            "tables and transforms stay)"
        )


def _release(text: str) -> tuple[int, ...]:
    """Return a version's numbers without any suffix; empty if it is not a version."""
    try:
        return Version(text).release
    except InvalidVersion:
        return ()


def _is_ours_and_raised(site: Site, lease: LeaseRecord | None) -> bool:
    """Return whether we raised the capacity: then the table may be UPDATING because of that."""
    return lease is not None and lease.migration_id == site.migration_id and lease.owes_capacity


def _transform(site: Site, wanted: str) -> str:
    """Return the transform: the ledger's, if the migration was started before."""
    record = site.ledger.migration(site.migration_id)
    return record.transform if record else wanted


def _require_allowed(site: Site) -> None:
    stack, table = site.stack, site.table.name
    if not stack.allows(table):
        raise InvalidInputError(
            f"Stack {stack.name!r} may migrate {', '.join(stack.tables)}, not {table}. Run: "
            f"ddb-migrate deploy --stack-name {stack.name} --table {table} (the other tables stay)"
        )


def _require_no_replicas(site: Site) -> None:
    """Raise InvalidInputError for replicas: a condition is checked in one region only."""
    table = site.table
    if table.replicas:
        raise InvalidInputError(
            f"Table {table.name} has replicas in {', '.join(table.replicas)}. {_danger(table)} If "
            "nothing writes to the table in another region during the migration, confirm that with "
            '"single_writer_region": true.'
        )


def _danger(table: Table) -> str:
    if table.is_multi_region_strong:
        return (
            "AWS documents that, with multi-region strong consistency, a condition sees the "
            "writes of all regions, but no migration has tested that yet."
        )
    return (
        f"The condition of a write sees only the replica in {table.key.region}: a write to the "
        "same item in another region a moment before would be lost."
    )


def _require_code(site: Site) -> None:
    """Check the Lambda's code; without permission, log a warning: a version never changes."""
    stack = site.stack
    unknown = check_code(site.clients.lambda_, stack.function_arn, stack.code_sha256)
    if unknown:
        _log.info("%s", unknown)


def _probe_transform(site: Site, transform: str) -> str:
    """Ask the deployed Lambda for the transform's hash: only there it is as it will run.

    The Lambda also knows what is bound to the table. An undo needs no transform, but a table with
    any transform bound to it.
    """
    stack = site.stack
    if transform and transform not in stack.transforms:
        close = difflib.get_close_matches(transform, stack.transforms, n=1)
        raise TransformError(
            f"Transform {transform!r} is not deployed in stack {stack.name!r}. "
            + (f"Did you mean {close[0]}? " if close else "")
            + f"Deployed transforms: {', '.join(stack.transforms)}. Add your own with ddb-migrate "
            "deploy --transforms DIR."
        )
    return describe_transform(site.clients.lambda_, stack.function_arn, transform, site.table.name)
