"""Takes times of contenders in turn, and keeps what comes of them."""

import gc
import json
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaigns.benchmarks.contenders import Run

ROUNDS = 5
SCALE = int(os.environ.get("BENCH_SCALE", "1"))  # multiplies pages and items
LATEST = Path(__file__).parents[3] / ".bench" / "latest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one run took. CPU is this process's, with all of its threads."""

    wall_seconds: float
    cpu_seconds: float
    written: int

    @property
    def waiting(self) -> float:
        """The share of the time in which this process did nothing."""
        return max(0.0, 1 - self.cpu_seconds / self.wall_seconds)


def timed(run: Run) -> Taken:
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    written = run()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Taken(wall_seconds=wall, cpu_seconds=cpu, written=written)


def in_turn(
    contenders: Mapping[str, Callable[[], Run]],
    *,
    check: Callable[[str, Taken], None],
    rounds: int = ROUNDS,
) -> dict[str, list[Taken]]:
    """Let every contender run once a round, so that what else the machine does meets them all."""
    taken: dict[str, list[Taken]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, prepare in contenders.items():
            taken[name].append(timed(prepare()))
            check(name, taken[name][-1])
    return taken


@dataclass(slots=True)
class Report:
    """The figures of one run of the benchmark. Every ratio is ours over theirs."""

    figures: dict[str, float] = field(default_factory=dict)
    details: dict[str, object] = field(default_factory=dict)

    def ratio(self, name: str, ours: Sequence[float], theirs: Sequence[float]) -> None:
        """Keep the median of a ratio that was measured once a round; print it with its range."""
        ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
        self.keep(name, statistics.median(ratios))
        self.details[name] = {"rounds": len(ratios), "min": min(ratios), "max": max(ratios)}
        print(f"{name:34} {self.figures[name]:8.3f}   {min(ratios):.3f} to {max(ratios):.3f}")

    def keep(self, name: str, value: float) -> None:
        self.figures[name] = round(value, 4)

    def save(self) -> None:
        LATEST.parent.mkdir(exist_ok=True)
        details = {"rounds": ROUNDS, "scale": SCALE, "ratios": self.details}
        LATEST.write_text(json.dumps({**self.figures, "details": details}, indent=2) + "\n")
