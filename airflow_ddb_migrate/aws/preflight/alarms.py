"""Read the alarms that hold a migration before it is started."""

from collections.abc import Iterable

from airflow_ddb_migrate.aws.ledger.budget_sharing import Sharing
from airflow_ddb_migrate.aws.services.alarms import alarm_states
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import InvalidInputError, MigrationError
from airflow_ddb_migrate.core.health.alarms import AlarmState, names_here
from airflow_ddb_migrate.core.health.gate import judged
from airflow_ddb_migrate.core.ledger.records import ControlRecord

_ACCOUNT = 4  # in an ARN


def alarms_here(site: Site, alarms: Iterable[str]) -> tuple[str, ...]:
    """Return the alarms' names; raises InvalidInputError for another region or account."""
    key = site.table.key
    return names_here(alarms, region=key.region, account=key.arn.split(":")[_ACCOUNT])


def why_ill(site: Site, control: ControlRecord) -> str:
    """Read the alarms while no workers run that would do it.

    Returns why not to continue yet; empty once all alarms have been OK for long enough.
    """
    now, states = site.clock.now(), dict[str, str]()
    unread = ""
    try:
        states = alarm_states(site.clients.cloudwatch, control.hold_while)
    except MigrationError as exc:
        unread = f"Its alarms cannot be read: {exc} "
    verdict = judged(control, states, now)
    sharing = Sharing(site.ledger, site.migration_id, control.attempt)
    if sharing.claim("alarms_at", control.alarms_at, now):
        sharing.note_reading(
            taken_at=now, known_at=verdict.known_at, healthy_since=verdict.healthy_since
        )
    if verdict.is_well:
        return ""
    minutes = control.healthy_for / 60
    return (
        f"{unread}{verdict.reason} It continues once all alarms have been OK for {minutes:,.0f} "
        "minutes."
    ).strip()


def known_states(site: Site, alarms: Iterable[str]) -> dict[str, str]:
    """Return the state of each alarm by name; makes no request if there are none.

    :raises InvalidInputError: an alarm does not exist, or has no data and would hold the migration.
    :raises MigrationError: the alarms cannot be read.
    """
    names = alarms_here(site, alarms)
    if not names:
        return {}
    states = alarm_states(site.clients.cloudwatch, names)
    if missing := [name for name in names if name not in states]:
        raise InvalidInputError(
            f"hold_while names {', '.join(missing)}, but CloudWatch has no such alarm in region "
            f"{site.table.key.region}. Check the name, or create the alarm first. Nothing was "
            "started."
        )
    if blind := [name for name in names if states[name] == AlarmState.INSUFFICIENT_DATA]:
        raise InvalidInputError(
            f"hold_while names {', '.join(blind)}, which has no data (INSUFFICIENT_DATA), so the "
            "migration would be on hold. Wait for its first data, set how the alarm treats "
            "missing data (TreatMissingData), or leave it out. Nothing was started."
        )
    return {name: states[name] for name in names}
