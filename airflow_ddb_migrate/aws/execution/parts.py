"""Dry runs and checks, which belong to a migration and run one after another.

Their names are ``<migration>-<part>``, then ``<migration>-<part>2`` and so on: after one has
succeeded, a new one is started for the next request; one that has not is continued.
"""

from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.names import part_name


def latest_part(site: Site, part: str) -> Site | None:
    """Return the site of the newest one; None if there is none."""
    number = _number(site, part)
    return _named(site, part, number) if number else None


def next_part(site: Site, part: str, *, anew: bool = True) -> Site:
    """Return the site of the one to start or continue: the newest, unless that has succeeded.

    :param anew: False for a repeated request of the same task: return the newest one, if any.
    """
    number = _number(site, part)
    if number:
        newest = _named(site, part, number)
        if not anew:
            return newest
        attempt = newest.ledger.latest_attempt(newest.migration_id)
        if attempt is None or attempt.result != Outcome.SUCCEEDED:
            return newest
    return _named(site, part, number + 1)


def _number(site: Site, part: str) -> int:
    number = 0
    while site.ledger.migration(_named(site, part, number + 1).migration_id):
        number += 1
    return number


def _named(site: Site, part: str, number: int) -> Site:
    return site.named(part_name(site.migration_id, f"{part}{number if number > 1 else ''}"))
