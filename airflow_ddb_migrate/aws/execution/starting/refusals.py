"""What is checked before an attempt is written, in addition to preflight."""

from collections.abc import Iterable
from dataclasses import replace

from airflow_ddb_migrate.aws.preflight import checks
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
from airflow_ddb_migrate.core.errors import InvalidInputError, LeaseHeldError, TransformError
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.ledger.records import AttemptRecord, LaneRow, MigrationRecord
from airflow_ddb_migrate.core.mode import Mode


def require_same_mode(site: Site, request: StartRequest) -> None:
    """Raise InvalidInputError if the migration was started with another mode."""
    record = site.ledger.migration(site.migration_id)
    if record and (record.mode, record.of) != (request.mode, request.of):
        raise InvalidInputError(
            f"Migration {record.migration_id} was started as {_aim(record)}, not as "
            f"{_aim(request)}. Leave migration_id out to start a new migration."
        )


def _aim(of: MigrationRecord | StartRequest) -> str:
    return f"{of.mode} of {of.of}" if of.of else str(of.mode)


def checked_transform(site: Site, request: StartRequest) -> str:
    """Return the transform's hash. An undo needs no transform, but a table with bindings."""
    return checks.check(
        site,
        request.transform if request.mode is not Mode.UNDO else "",
        writes=request.mode.writes,
        single_writer_region=request.single_writer_region,
    )


def within_limits(request: StartRequest, limits: AuthorRules) -> StartRequest:
    """Return the request under these rules, with the budgets lowered to them."""
    return replace(
        request,
        limits=limits,
        read_units_per_second=limits.budget(request.read_units_per_second),
        write_units_per_second=limits.budget(request.write_units_per_second),
    )


def require_unchanged(site: Site, attempt: AttemptRecord | None, transform_hash: str) -> None:
    """Raise TransformError if a later night's attempt would work with another transform.

    :raises TransformError: another one was deployed since.
    """
    if attempt and attempt.transform_hash not in {"", transform_hash}:
        raise TransformError(
            f"Attempt {attempt.number} of {site.migration_id} worked with transform "
            f"{attempt.transform_hash[:12]}, but {transform_hash[:12]} was deployed since. "
            "Nothing was started. To continue with the new one, clear the start task with its "
            "downstream tasks."
        )


def require_none_live(site: Site, rows: Iterable[LaneRow]) -> None:
    """Raise LeaseHeldError while workers of an ended attempt still show signs of life."""
    now = site.clock.now()
    if live := sum(row.is_live(now) for row in rows):
        raise LeaseHeldError(
            f"{live:,} workers of the last attempt of {site.migration_id} are still "
            "ending. Try again in a minute."
        )
