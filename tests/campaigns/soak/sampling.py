"""What processes hold: memory and open files, by the kernel's count, and whether it grows."""

import os
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_MB = 1024**2

JUDGED = 20  # samples of a process; who lived shorter grew no memory to speak of
GROWN_MB, GROWN_SHARE = 6.0, 0.05  # in the second half: more of both is a leak
GROWN_FILES = 2.0
_IMPORTED = 5  # samples


@dataclass(frozen=True, slots=True)
class Sample:
    """One process at one moment; ``at`` is seconds since the first sample of the run."""

    at: float
    rss_mb: float
    files: int


@dataclass(slots=True)
class Process:
    """All samples of a process, and what it is to us; it is judged by those since a moment."""

    role: str
    pid: int
    samples: list[Sample] = field(default_factory=list)
    since: float = 0.0

    @property
    def judged(self) -> list[Sample]:
        return [sample for sample in self.samples if sample.at >= self.since]

    @property
    def is_judged(self) -> bool:
        return len(self.judged) >= JUDGED

    @property
    def second_half(self) -> list[Sample]:
        """The first half warms up: imports, caches, pools of connections."""
        return self.judged[len(self.judged) // 2 :]

    @property
    def before_mb(self) -> float:
        """What it grew by until it is judged, after its imports; 0 if it was judged at once."""
        before = [sample.rss_mb for sample in self.samples if sample.at < self.since][_IMPORTED:]
        return before[-1] - before[0] if before else 0.0

    @property
    def grown_mb(self) -> float:
        return growth([(s.at, s.rss_mb) for s in self.second_half])

    @property
    def grown_files(self) -> float:
        return growth([(s.at, float(s.files)) for s in self.second_half])

    @property
    def rss_mb(self) -> float:
        return statistics.median(sample.rss_mb for sample in self.judged or self.samples)

    def leaks(self) -> list[str]:
        """Return what grows, in words; empty when all is flat."""
        found = []
        if self.grown_mb > max(GROWN_MB, GROWN_SHARE * self.rss_mb):
            found.append(f"{self.role} {self.pid} grows by {self.grown_mb:.1f} MB")
        if self.grown_files > GROWN_FILES:
            found.append(f"{self.role} {self.pid} grows by {self.grown_files:.1f} open files")
        return found


def growth(points: list[tuple[float, float]]) -> float:
    """Return what the line of least squares grows by, from the first point to the last."""
    times = [at for at, _ in points]
    if len(set(times)) < 2:
        return 0.0
    slope = statistics.linear_regression(times, [value for _, value in points]).slope
    return slope * (times[-1] - times[0])


def sample(pid: int, at: float) -> Sample | None:
    """Look at a process; None when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except (OSError, IndexError):
        return None
    return Sample(at, pages * _PAGE_BYTES / _MB, files)


class Sampler:
    """Looks at processes every few seconds, in a thread, until it is left."""

    def __init__(self, find: Callable[[], Mapping[str, Iterable[int]]], seconds: float) -> None:
        self._find = find
        self._seconds = seconds
        self._began = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.processes: dict[tuple[str, int], Process] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._seconds):
            self.look()

    @property
    def now(self) -> float:
        return time.monotonic() - self._began

    def look(self) -> None:
        at = self.now
        for role, pids in self._find().items():
            for pid in pids:
                seen = sample(pid, at)
                if seen:
                    key = (role, pid)
                    self.processes.setdefault(key, Process(role, pid)).samples.append(seen)
