"""Notify people of a hold, with the callbacks of the DAG's author."""

import copy
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeAlias

from airflow_ddb_migrate.core.errors import MigrationError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.site import Site
    from airflow_ddb_migrate.core.execution.hold import Hold
    from airflow_ddb_migrate.core.report.migration_report import Report
    from airflow_ddb_migrate.core.report.notice import Notice

HoldCallback: TypeAlias = Callable[[Any], Any]

_log = logging.getLogger(__name__)


def as_callbacks(given: HoldCallback | Sequence[HoldCallback] | None) -> tuple[HoldCallback, ...]:
    """Return the callbacks as a tuple; raises TypeError for a value that is not callable."""
    found = () if given is None else tuple(given) if isinstance(given, list | tuple) else (given,)
    if any(not callable(one) for one in found):
        raise TypeError(
            f"on_hold_callback is {given!r}; it must be a function that takes the task's context, "
            "a notifier, or a list of these."
        )
    return found


def tell_of_hold(
    callbacks: Sequence[HoldCallback], context: "Context", site: "Site", hold: "Hold"
) -> None:
    """Call each callback with the task's context, extended by ``hold`` and ``notice``.

    A callback that fails is only logged, so a failed message does not fail the migration.
    """
    from airflow_ddb_migrate.core.report.notice import hold_notice

    about = _context(context, hold, hold_notice(site.migration_id, hold, _report(site)))
    for callback in callbacks:
        try:
            # A notifier renders its fields in place, and the next hold needs the templates again.
            copy.copy(callback)(dict(about))
        except Exception:  # noqa: BLE001  # the author's code may raise anything
            _log.exception("The callback %r failed for the hold %r", callback, hold.reason)


def _context(context: "Context", hold: "Hold", notice: "Notice") -> Mapping[str, Any]:
    return {**context, "hold": asdict(hold), "notice": notice}


def _report(site: "Site") -> "Report | None":
    """Return the report of the progress; None if it cannot be composed now."""
    from airflow_ddb_migrate.aws.report.compose import compose

    try:
        return compose(site)
    except MigrationError as exc:
        _log.warning("The message about the hold has no report: %s", exc)
        return None
