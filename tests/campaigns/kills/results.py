"""What came of each kill: a table, and a file that later runs of single cases add to."""

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

AIRFLOW = version("apache-airflow-core")
LATEST = Path(__file__).parents[3] / ".kills" / f"{AIRFLOW}.json"

ORDER = (
    "prewarm",
    "start",
    "worker",
    "triggerer",
    "scheduler",
    "airflow",
    "lambdas",
    "wait-failed",
    "early",
    "wait-success",
    "wait-cleared",
    "run-failed",
    "pause",
    "leave",
)

_HEAD = ("killed", "AWS", "noticed", "restore", "in the end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One case. ``executions`` are the attempts' statuses in order, ``noticed`` in words."""

    killed: str
    executions: tuple[str, ...]
    noticed: str
    restore: str
    end: str

    @property
    def row(self) -> tuple[str, ...]:
        return self.killed, ", then ".join(self.executions), self.noticed, self.restore, self.end


def keep(case: str, result: Result) -> None:
    LATEST.parent.mkdir(exist_ok=True)
    LATEST.write_text(json.dumps({**_kept(), case: asdict(result)}, indent=2) + "\n")


def table() -> str:
    """Return what is kept as Markdown."""
    kept = _kept()
    rows = [Result(**kept[case]).row for case in ORDER if case in kept]
    lines = [_HEAD, ("---",) * len(_HEAD), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _kept() -> dict[str, dict]:
    return json.loads(LATEST.read_text()) if LATEST.exists() else {}
