"""Whether a migration may begin now, by its hours."""

from airflow_ddb_migrate.aws.ledger.notes import plan_fields
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.execution.segments import lane_count
from airflow_ddb_migrate.core.hours.nights import least_seconds
from airflow_ddb_migrate.core.hours.windows import Stretch, require_ever_open
from airflow_ddb_migrate.core.limits import DEFAULT_SEGMENTS


def next_stretch(site: Site, request: StartRequest, *, raises: bool) -> Stretch | None:
    """Return the current or next stretch in which an attempt can begin; None without windows.

    :param raises: capacity has to be raised first.
    :raises InvalidInputError: there is no stretch within a year, or all are too short.
    """
    if not request.hours:
        return None
    least = _least_seconds(site, request, raises=raises)
    whose = request.limits.asks_author("windows")
    return require_ever_open(request.hours, site.clock.now(), least, whose)


def stretch_after(site: Site, request: StartRequest, stretch: Stretch) -> Stretch | None:
    """Return the stretch after this one; None if there is none within a year."""
    least = _least_seconds(site, request, raises=False)
    return request.hours.next_stretch(stretch.closes_at, least)


def opens_later(site: Site, request: StartRequest, *, raises: bool) -> float:
    """Return when the next window begins; 0 if it may begin now."""
    stretch = next_stretch(site, request, raises=raises)
    return stretch.opens_at if stretch and stretch.opens_at > site.clock.now() else 0.0


def _least_seconds(site: Site, request: StartRequest, *, raises: bool) -> float:
    segments = request.total_segments
    if segments is None:
        segments = plan_fields(site.ledger, site.migration_id).get("total_segments")
    lanes = lane_count(segments or DEFAULT_SEGMENTS)
    return least_seconds(lanes, request.slice_seconds, raises=raises)
