"""Looks at the executions of one migration all the time, beside what a test does."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Self

_POLL_SECONDS = 0.2


@dataclass(slots=True)
class Watch:
    """``statuses`` by execution's name; ``most_live`` at the same moment; ``ended`` is when."""

    stepfunctions: Any
    state_machine_arn: str
    migration_id: str
    statuses: dict[str, str] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    most_live: int = 0
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        assert self._thread
        self._thread.join()

    def look(self) -> dict[str, str]:
        """Look once; return the status of every attempt's execution."""
        pages = self.stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=self.state_machine_arn
        )
        start = f"{self.migration_id}-a"  # not its parts': the check is a migration of its own
        found = {
            row["name"]: row["status"]
            for page in pages
            for row in page["executions"]
            if row["name"].startswith(start)
        }
        self.most_live = max(self.most_live, list(found.values()).count("RUNNING"))
        for name, status in found.items():
            if status != "RUNNING":
                self.ended.setdefault(name, time.monotonic())
        self.statuses = found
        return found

    def _run(self) -> None:
        while not self._over.wait(_POLL_SECONDS):
            self.look()
