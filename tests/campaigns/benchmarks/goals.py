"""What each figure should be, in one table: goal, met or missed, and against the last record."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

TIMES = "\N{MULTIPLICATION SIGN}"
WORSE_PERCENT = 20.0  # than the last record: marked, never failed

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure's words, limit and unit; the figure may be lower, or, for ``at_least``, higher."""

    words: str
    limit: float
    unit: str = TIMES
    at_least: bool = False

    def is_met(self, figure: float) -> bool:
        return figure >= self.limit if self.at_least else figure <= self.limit

    def worse_percent(self, figure: float, before: float) -> float:
        """Return by how much a figure is worse than before; negative when it is better."""
        if before == 0:
            return 0.0 if figure == 0 else 100.0
        change = 100 * (figure - before) / before
        return -change if self.at_least else change

    def shown(self, figure: float) -> str:
        places = 0 if abs(figure) >= 100 or figure == int(figure) else 2
        return f"{figure:,.{places}f} {self.unit}".strip()

    @property
    def limit_words(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.shown(self.limit)}"


GOALS = {
    "write_cpu_vs_update_item": Goal("CPU of one write, against conditional `UpdateItem`", 0.1),
    "loop_cpu_vs_update_item": Goal(
        "CPU of the whole loop, against a serial `UpdateItem` loop", 0.13
    ),
    "loop_cpu_vs_batch_writer": Goal("CPU of the whole loop, against scan and `batch_writer`", 1),
    "unchanged_cpu_vs_batch_writer": Goal(
        "CPU where nothing changes, against `batch_writer`", 0.12
    ),
    "units_spent_over_needed": Goal(
        "write units spent, against those needed, half the items unchanged", 1.01
    ),
    "items_per_second_vs_put_loop": Goal(
        "items per second on the emulator, against `PutItem` in 16 threads", 5, at_least=True
    ),
    "items_per_second_vs_batch_writer": Goal(
        "items per second on the emulator, against `batch_writer`", 1, at_least=True
    ),
    "items_per_second_as_slow_as_aws_vs_put_loop": Goal(
        "items per second with AWS's response times, against `PutItem` in 16 threads",
        5,
        at_least=True,
    ),
    "items_per_second_as_slow_as_aws_vs_batch_writer": Goal(
        "items per second with AWS's response times, against `batch_writer`", 1, at_least=True
    ),
    "payload_bytes_10000": Goal("map input of 10,000 segments (limit 262,144)", 60_000, "bytes"),
    "payload_ms_10000": Goal("time to build that input", 50, "ms"),
    "plan_ms": Goal("time to compute a plan", 20, "ms"),
    "bundle_bytes": Goal("the Lambda's zip, uncompressed", 1_000_000, "bytes"),
    "cold_start_vs_boto3": Goal("import of the Lambda's handler, against `import boto3`", 1.5),
    "dag_parse_vs_sdk": Goal("CPU to parse the example DAG, against `import airflow.sdk`", 1.3),
    "dag_parse_ms": Goal("time to parse it, beyond `import airflow.sdk`", 300, "ms"),
    "plugin_import_ms": Goal("time to import the plugin, beyond Airflow's own imports", 100, "ms"),
    "watch_calls_per_hour": Goal("AWS calls of a wait for 10,000 lanes", 3_600, "an hour"),
    "watch_map_run_calls_per_hour": Goal(
        "of these, calls for the map run, which AWS limits", 0, ""
    ),
    "watch_worker_slots": Goal("worker slots that a deferred wait holds", 0, ""),
    "page_first_picture_ms": Goal("first drawing of the tab with 10,000 lanes", 1_000, "ms"),
    "page_update_ms": Goal("update of that tab", 100, "ms"),
}

_HEAD = ("what", "goal", "", "figure", "last record")


def rows(figures: Figures, before: Figures) -> Iterator[tuple[str, ...]]:
    """Yield a row for every goal that was measured, in the order of the goals."""
    for name, goal in GOALS.items():
        if name in figures:
            yield _row(goal, figures[name], before.get(name))


def _row(goal: Goal, figure: float, before: float | None) -> tuple[str, ...]:
    met = "met" if goal.is_met(figure) else "missed"
    return goal.words, goal.limit_words, met, goal.shown(figure), _against(goal, figure, before)


def _against(goal: Goal, figure: float, before: float | None) -> str:
    if before is None:
        return "none"
    worse = goal.worse_percent(figure, before)
    mark = f" WORSE by {worse:.0f} %" if worse > WORSE_PERCENT else ""
    return f"{goal.shown(before)}{mark}"


def text_table(figures: Figures, before: Figures) -> str:
    """Return the table for a terminal."""
    table = [_HEAD, *rows(figures, before)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )


def markdown_table(figures: Figures) -> str:
    """Return the table for docs/benchmarks.md."""
    table = [("what", "goal", "", "figure"), ("---",) * 4, *(row[:4] for row in rows(figures, {}))]
    return "\n".join(f"| {' | '.join(row)} |" for row in table)
