"""Wait for raised capacity: the same look from an operator's loop and from a trigger's."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from airflow_ddb_migrate.aws.capacity.prewarm import ask_again, still_waiting
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.changes import Change
from airflow_ddb_migrate.core.errors import AwsRequestError, CapacityError
from airflow_ddb_migrate.core.ledger.lease import renew

_JITTER = 0.25  # of the interval, so that many tables prewarmed at once do not ask in step


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityWait:
    """What was raised, until when to wait for it (seconds since the epoch), and how often."""

    changes: tuple[Change, ...]
    deadline: float
    poke_interval: float

    def look(self, site: Site) -> tuple[str, ...]:
        """Return what is not ready, in words, and keep the lease; empty when all is.

        A change that had to wait for another is made as soon as the table takes one.

        An AWS that does not answer is something to wait for, too, until the deadline.

        :raises CapacityError: the deadline has passed; the message names what is not ready. Or
            AWS refused a change that came later.
        """
        try:
            waiting = self._waiting(site)
        except AwsRequestError as exc:
            waiting = (str(exc),)
        if waiting and site.clock.now() >= self.deadline:
            raise CapacityError(
                f"Capacity of table {site.table.name} is not there in time: {'; '.join(waiting)}. "
                "Raising large tables can take hours: clear the task to wait on, raise its "
                "timeout, or ask for less."
            )
        return waiting

    def pause(self) -> float:
        """Return the seconds until the next look."""
        return self.poke_interval * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311

    def wait(self, site: Site, *, tell: Callable[..., None]) -> None:
        """Return when all is ready. Raises like ``look``."""
        told: tuple[str, ...] = ()
        while waiting := self.look(site):
            if waiting != told:
                tell("Waiting: %s.", "; ".join(waiting))
                told = waiting
            site.clock.sleep(self.pause())

    def _waiting(self, site: Site) -> tuple[str, ...]:
        now = site.clock.now()
        site.leases.change(site.table.key, lambda lease: renew(lease, site.migration_id, now))
        table = site.fresh_table()
        waiting = still_waiting(table, self.changes)
        if waiting:
            ask_again(site, table, self.changes)
        return waiting
