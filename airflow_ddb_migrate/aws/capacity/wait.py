"""Wait for raised capacity, for the loops of the operator and of the trigger."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from airflow_ddb_migrate.aws.capacity.prewarm import ask_again, still_waiting
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.changes import Change
from airflow_ddb_migrate.core.errors import AwsRequestError, CapacityError
from airflow_ddb_migrate.core.ledger.lease import renew

_JITTER = 0.25  # of the interval, so that tables prewarmed at the same time poll at different times


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityWait:
    """What was raised, until when to wait (seconds since the epoch), and how often to poll."""

    changes: tuple[Change, ...]
    deadline: float
    poke_interval: float

    def look(self, site: Site) -> tuple[str, ...]:
        """Return what is not ready, in words, empty if all is ready; also renew the lease.

        A change that had to wait for another one is made as soon as the table accepts it.

        An outage of AWS is also waited for, until the deadline.

        :raises CapacityError: the deadline has passed; the message names what is not ready. Or AWS
            refused a change that came later.
        """
        try:
            waiting = self._waiting(site)
        except AwsRequestError as exc:
            waiting = (str(exc),)
        if waiting and site.clock.now() >= self.deadline:
            raise CapacityError(
                f"Capacity of table {site.table.name} was not raised in time: "
                f"{'; '.join(waiting)}. Raising a large table can take hours: clear the task to "
                "continue waiting, raise its timeout, or ask for less."
            )
        return waiting

    def pause(self) -> float:
        """Return the seconds until the next poll."""
        return self.poke_interval * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311

    def wait(self, site: Site, *, tell: Callable[..., None]) -> None:
        """Wait until all is ready. Raises like ``look``."""
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
