"""What a campaign found: a result per run, as a line, as a table, and as a file."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults.checker import Violation
from tests.faults.kinds import KINDS

LATEST = Path(__file__).parents[2] / ".faults" / "latest.json"

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run. ``ends`` are the verdicts in their order, ``struck`` how often the fault hit."""

    kind: str
    seed: int
    ends: tuple[str, ...]
    struck: int
    seconds: float
    violations: tuple[str, ...]

    @property
    def task(self) -> tuple[str, int]:
        return self.kind, self.seed

    @property
    def repeat(self) -> str:
        return f"make faults FAULTS_ONLY={self.kind} FAULT_SEED={self.seed}"


def grouped(violations: Sequence[Violation]) -> tuple[str, ...]:
    """Say each rule once, with a few of its details."""
    details: dict[str, list[str]] = {}
    for violation in violations:
        details.setdefault(str(violation.rule), []).append(violation.detail)
    return tuple(
        f"{rule} ({len(found)}): {', '.join(found[:_SHOWN])}" for rule, found in details.items()
    )


def keep(results: Sequence[Result]) -> None:
    LATEST.parent.mkdir(exist_ok=True)
    LATEST.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")


def kept() -> list[Result]:
    """Return the results of the last campaign, which may have been cut short."""
    rows = json.loads(LATEST.read_text()) if LATEST.exists() else []
    return [
        Result(**{**row, "ends": tuple(row["ends"]), "violations": tuple(row["violations"])})
        for row in rows
    ]


def table(results: Sequence[Result]) -> str:
    """Return kinds by runs and violations, as Markdown."""
    head = ("kind", "where", "runs", "struck", "green / red at first", "violations")
    rows = [head, ("---",) * len(head)]
    for name, kind in KINDS.items():
        mine = [result for result in results if result.kind == name]
        if mine:
            first = [result.ends[0] if result.ends else "none" for result in mine]
            rows.append(
                (
                    f"`{name}`",
                    kind.where,
                    str(len(mine)),
                    str(sum(result.struck > 0 for result in mine)),
                    f"{first.count('green')} / {first.count('red')}",
                    str(sum(len(result.violations) for result in mine)),
                )
            )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def kinds_table() -> str:
    """Return what there is, as docs/faults.md has it."""
    return "\n".join(f"| `{one.name}` | {one.where} | {one.what} |" for one in KINDS.values())


def line(result: Result) -> str:
    state = "; ".join(result.violations) or "ok"
    ends = ", then ".join(result.ends) or "no end"
    said = f"{result.kind} {result.seed}: {ends}, struck {result.struck}, {result.seconds:.1f} s: "
    repeat = f"\n  again: {result.repeat}" if result.violations else ""
    return f"{said}{state}{repeat}"
