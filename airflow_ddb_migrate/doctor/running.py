"""Runs checks concurrently. A check fails alone, and none is waited for after the deadline."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from airflow_ddb_migrate.core.doctor.check_results import CheckResult, unknown
from airflow_ddb_migrate.core.errors import MigrationError

Check = Callable[[], Iterable[CheckResult]]


@dataclass(slots=True)
class _Run:
    """One check in a thread that ends with the process, even if it still waits."""

    name: str
    check: Check
    found: list[CheckResult] = field(default_factory=list)
    thread: threading.Thread | None = None

    def start(self) -> None:
        self.thread = threading.Thread(target=self._work, name=self.name, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        try:
            for result in self.check():
                self.found.append(result)
        except MigrationError as exc:
            self.found.append(unknown(self.name, exc))
        except Exception as exc:  # noqa: BLE001 # a broken check must not affect the others
            self.found.append(unknown(self.name, f"This check failed: {type(exc).__name__}: {exc}"))

    def results(self, seconds: float) -> list[CheckResult]:
        """Return the results, after at most ``seconds``."""
        assert self.thread
        self.thread.join(max(0.0, seconds))
        late = (
            [unknown(self.name, "There was no response in time.")] if self.thread.is_alive() else []
        )
        return [*self.found, *late]


class Run(Protocol):
    """Makes checks concurrently, within a number of seconds; tests wait longer."""

    def __call__(self, checks: Mapping[str, Check], *, seconds: float) -> list[CheckResult]: ...


def run_checks(checks: Mapping[str, Check], *, seconds: float) -> list[CheckResult]:
    """Return the results of all checks, in the order of their names in the mapping.

    :param seconds: for all of them together; a check that takes longer is unknown.
    """
    runs: Sequence[_Run] = [_Run(name, check) for name, check in checks.items()]
    deadline = time.monotonic() + seconds
    for run in runs:
        run.start()
    return [result for run in runs for result in run.results(deadline - time.monotonic())]
