"""Line charts as SVG: small, readable without any library, the same for the same data."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 760, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 36, 54, 44
_LINES = 5  # that have a colour of their own
_STYLE = """<style>
.paper{fill:#fff}.ink{fill:#1f2328}.pale{fill:#59636e}.grid{stroke:#d1d9e0}
.line{fill:none;stroke-width:1.5}
.l0{stroke:#0b6bcb}.l1{stroke:#c2410c}.l2{stroke:#15803d}.l3{stroke:#7c3aed}.l4{stroke:#be185d}
.t0{fill:#0b6bcb}.t1{fill:#c2410c}.t2{fill:#15803d}.t3{fill:#7c3aed}.t4{fill:#be185d}
@media (prefers-color-scheme:dark){
.paper{fill:#0d1117}.ink{fill:#f0f6fc}.pale{fill:#9198a1}.grid{stroke:#3d444d}
.l0{stroke:#58a6ff}.l1{stroke:#f0883e}.l2{stroke:#3fb950}.l3{stroke:#bc8cff}.l4{stroke:#f778ba}
.t0{fill:#58a6ff}.t1{fill:#f0883e}.t2{fill:#3fb950}.t3{fill:#bc8cff}.t4{fill:#f778ba}}
</style>"""
_TICKS = 5

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """Points ascending by x. ``steps``: it keeps its value until the next point."""

    label: str
    points: Sequence[Point]
    steps: bool = False


def chart(title: str, axes: str, lines: Sequence[Line]) -> str:
    """Draw lines from 0 on both axes; ``axes`` says what these are."""
    most_x = _round_up(max(x for line in lines for x, _ in line.points))
    most_y = _round_up(max(y for line in lines for _, y in line.points))
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def place(point: Point) -> Point:
        x, y = point
        return _LEFT + x / most_x * width, _TOP + height - y / most_y * height

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12" role="img">',
        f"<title>{escape(title)}</title>",
        _STYLE,
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" class="paper"/>',
        _text(_LEFT, 20, title, 'font-size="14" font-weight="bold" class="ink"'),
        *_axes(most_x, most_y, place),
        _text(_WIDTH / 2, _HEIGHT - 8, axes, 'text-anchor="middle" class="pale"'),
    ]
    for number, line in enumerate(lines):
        colour = number % _LINES
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, _drawn(line)))
        parts.append(f'<polyline points="{points}" class="line l{colour}"/>')
        parts.append(_text(_LEFT + number * 150, 42, f"— {line.label}", f'class="t{colour}"'))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes(most_x: float, most_y: float, place: Callable[[Point], Point]) -> Iterator[str]:
    right, _ = place((most_x, 0))
    for tick in range(_TICKS + 1):
        value = most_y * tick / _TICKS
        _, y = place((0, value))
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}" class="grid"/>'
        yield _text(_LEFT - 6, y + 4, f"{value:,.12g}", 'text-anchor="end" class="pale"')
        value = most_x * tick / _TICKS
        x, bottom = place((value, 0))
        yield _text(x, bottom + 16, f"{value:,.12g}", 'text-anchor="middle" class="pale"')


def _drawn(line: Line) -> Iterator[Point]:
    before: float | None = None
    for x, y in line.points:
        if line.steps and before is not None:
            yield x, before
        yield x, y
        before = y


def _text(x: float, y: float, text: str, more: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(text)}</text>'


def _round_up(value: float) -> float:
    """Return the next 1, 2, 2.5, 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(value)) if value > 0 else 1
    return next(
        step * power for step in (1, 1.25, 1.5, 2, 2.5, 4, 5, 7.5, 10) if step * power >= value
    )
