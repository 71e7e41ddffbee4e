"""The outcome as a table, and in words what failed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

OK, FAILED, NOT_REACHED = "ok", "FAILED", "-"


@dataclass(slots=True)
class Row:
    """``names`` fill the first columns; ``cells`` are by column, ``reasons`` of what failed, too.

    ``skipped`` says why nothing was tried.
    """

    names: tuple[str, ...]
    cells: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, list[str]] = field(default_factory=dict)
    skipped: str = ""

    @property
    def is_failed(self) -> bool:
        return bool(self.reasons)

    def passed(self, column: str, what: str = "") -> None:
        self.cells[column] = f"{OK}, {what}" if what else OK

    def failed(self, column: str, reasons: Sequence[str]) -> None:
        self.cells[column] = FAILED
        self.reasons[column] = list(reasons)

    def judge(self, column: str, reasons: Sequence[str], what: str = "") -> None:
        """Pass without a reason against it."""
        if reasons:
            self.failed(column, reasons)
        else:
            self.passed(column, what)


def table(heads: Sequence[str], columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Return it as Markdown, its columns aligned."""
    lines = [(*heads, *columns), *(_line(row, columns) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(_aligned(line, widths) for line in lines)


def reasons(rows: Iterable[Row]) -> list[str]:
    """Return what failed or was skipped, a line each."""
    found = []
    for row in rows:
        name = " ".join(row.names)
        if row.skipped:
            found.append(f"{name}: skipped: {row.skipped}")
        for column, why in row.reasons.items():
            found.extend(f"{name}: {column}: {reason}" for reason in why)
    return found


def _line(row: Row, columns: Sequence[str]) -> tuple[str, ...]:
    cells: Mapping[str, str] = row.cells
    if row.skipped:
        cells = {columns[0]: row.skipped}
    return (*row.names, *(cells.get(column, NOT_REACHED) for column in columns))


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
    return f"| {' | '.join(cells)} |"
