"""A process that is killed: from one call on nothing of it reaches a service any more."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.core.execution.messages import WorkStatus
from tests.support.worlds.migration_world import MigrationWorld, Proxy

_INVOCATIONS = 40


class Killed(BaseException):
    """The process is gone."""


@dataclass(slots=True)
class Killer:
    """Kills the world's workers before or after the calls of these numbers, all services together.

    What other threads of the process have begun by then still reaches the service.
    """

    world: MigrationWorld
    at: frozenset[int] = frozenset()
    moments: int = 0
    kills: int = 0
    _dead: bool = False
    _lock: Any = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if not isinstance(self.world.s3, Proxy):
            self.world.s3 = Proxy(self.world.s3)  # type: ignore[assignment]
        for proxy in (self.world.dynamodb, self.world.s3):
            proxy.before = proxy.after = self._moment

    def _moment(self, name: str, arguments: dict[str, Any]) -> None:
        with self._lock:
            self.moments += 1
            if self.moments in self.at and not self._dead:
                self._dead = True
                self.kills += 1
            if self._dead:
                raise Killed

    def run(self) -> None:
        """Invoke every lane, again after each kill, until it is done."""
        for lane in range(self.world.lanes):
            for _ in range(_INVOCATIONS):
                if self._invoke(lane) is WorkStatus.DONE:
                    break
            else:
                raise AssertionError(f"Lane {lane} does not end.")

    def _invoke(self, lane: int) -> WorkStatus | None:
        self._dead = False
        try:
            return self.world.work(lane=lane).status
        except Killed:
            return None


def run(world: MigrationWorld, kill_at: Iterable[int] = ()) -> Killer:
    """Run the world's migration to its end in spite of kills."""
    killer = Killer(world, frozenset(kill_at))
    killer.run()
    for proxy in (world.dynamodb, world.s3):
        proxy.before = proxy.after = lambda name, arguments: None
    return killer
