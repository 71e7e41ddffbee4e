"""The table of results, as Markdown and for people, and the charts."""

from collections.abc import Iterable, Iterator

from tests.simulation.model import Run
from tests.simulation.results import Result
from tests.simulation.scenarios import Goal, Scenario
from tests.simulation.svg import Line, chart

_COLUMNS = (
    "scenario",
    "workers",
    "time",
    "time / T",
    "time / plan",
    "budget used",
    "throttled",
    "live throttled",
    "dollars / plan",
    "goals",
)
_LEFT = {"scenario", "goals"}


def table(results: Iterable[Result]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|" + "|".join("---" if name in _LEFT else "--:" for name in _COLUMNS) + "|"
    for result in results:
        yield line(result)


def line(result: Result) -> str:
    used = "-" if result.budget_used is None else f"{result.budget_used:.1%}"
    live = "-" if result.live_throttled is None else f"{result.live_throttled:.2%}"
    cells = (
        result.name,
        f"{result.workers:,}",
        f"{result.seconds:,.0f} s",
        f"{result.against_bound:.3f}",
        f"{result.against_plan:.3f}",
        used,
        f"{result.throttled_share:.2%}",
        live,
        f"{result.usd / result.planned_usd:.3f}",
        _verdict(result),
    )
    return f"| {' | '.join(cells)} |"


def _verdict(result: Result) -> str:
    """Say what was missed, and which goals were not reached that do not apply to the scenario."""
    words = "missed: " + ", ".join(result.missed) if result.missed else "met"
    if len(result.goals) < len(Goal):
        words = f"{words} ({', '.join(result.goals)})" if result.goals else "none"
    apart = [goal for goal in result.off if goal not in result.goals]
    return f"{words}; not reached: {', '.join(apart)}" if apart else words


def scenarios_table(scenarios: Iterable[Scenario]) -> Iterator[str]:
    """Yield what each scenario is, and the goals that apply to it, as docs/simulation.md has it."""
    yield "| scenario | what it is | goals that apply |"
    yield "|---|---|---|"
    for one in scenarios:
        goals = ", ".join(goal for goal in Goal if goal in one.goals) or "none"
        held_to = f"{goals}: {one.why}" if one.why else "all"
        yield f"| {one.name} | {one.says} | {held_to} |"


def picture(*runs: Run) -> str:
    """Draw units per second, and the budget, of runs that have the same one."""
    until = max(run.seconds for run in runs)
    budgets = [*runs[0].budgets, (until, runs[0].budgets[-1][1])]
    lines = [Line("budget", budgets, steps=True)]
    lines += [Line(run.scenario.name, run.world.written.rates(run.seconds)) for run in runs]
    if len(runs) == 1 and runs[0].world.throttled.total:
        lines.append(Line("throttled", runs[0].world.throttled.rates(until)))
    title = ", ".join(run.scenario.name for run in runs)
    if len(runs) == 1:
        title = f"{title}: {runs[0].scenario.says}"
    return chart(title, "write units per second over seconds", lines)
