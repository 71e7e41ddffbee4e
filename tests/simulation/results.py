"""What a run came to, and whether that meets the goals."""

from dataclasses import asdict, dataclass

from airflow_ddb_migrate.core.limits import FIRST_LAP_TRANSITIONS, MORE_LAP_TRANSITIONS
from airflow_ddb_migrate.core.plan.bill import bill
from airflow_ddb_migrate.core.plan.estimate import Effort
from tests.simulation.model import Run
from tests.simulation.scenarios import Goal

LEAST_BUDGET_USED = 0.97
MOST_THROTTLED = 0.005
MOST_LIVE_THROTTLED = 0.005  # of the application's own writes
MOST_OFF = 0.15  # of the plan's time and dollars
_SETTLED_SECONDS = 60.0  # after the first moment at which all workers are there


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """``budget_used`` is of the window between ramp-up and tail, None where there is none.

    Units are what DynamoDB reports. ``bound_seconds`` is T, ``planned_seconds`` the plan's expected
    time, ``planned_range`` its least and most, ``most_of_budget`` the most that any minute used of
    the first budget. ``goals`` are those it is held to.
    """

    name: str
    goals: tuple[Goal, ...]
    items: int
    lanes: int
    workers: int
    bound_seconds: float
    planned_seconds: float
    planned_range: tuple[float, float]
    bound_by: str
    seconds: float
    window: tuple[float, float] | None
    budget_used: float | None
    most_of_budget: float
    throttled_share: float
    throttled_reads: float
    live_throttled: float | None
    health_holds: int
    planned_usd: float
    usd: float
    holds: int
    hopeless: int
    counts: int
    void_counts: int
    invocations: int
    events: int
    real_seconds: float

    @property
    def against_bound(self) -> float:
        return self.seconds / self.bound_seconds

    @property
    def against_plan(self) -> float:
        return self.seconds / self.planned_seconds

    @property
    def off(self) -> tuple[Goal, ...]:
        """Name the goals that were not reached, whether it is held to them or not."""
        least, most = self.planned_range
        reached = {
            Goal.BUDGET: self.budget_used is None or self.budget_used >= LEAST_BUDGET_USED,
            Goal.THROTTLED: self.throttled_share <= MOST_THROTTLED,
            Goal.PLAN: abs(self.against_plan - 1) <= MOST_OFF,
            Goal.RANGE: least <= self.seconds <= most,
            Goal.LIVE: (self.live_throttled or 0.0) <= MOST_LIVE_THROTTLED,
        }
        return tuple(goal for goal in Goal if not reached[goal])

    @property
    def missed(self) -> tuple[Goal, ...]:
        """Name the goals it is held to and did not reach."""
        return tuple(goal for goal in self.off if goal in self.goals)

    def to_dict(self) -> dict[str, object]:
        return {**asdict(self), "off": self.off, "missed": self.missed}


def result_of(run: Run) -> Result:
    world, plan = run.world, run.plan
    window = _window(run)
    throttled, written = world.throttled.total, world.written.total
    planned, more = plan.seconds, _more_seconds(run)
    return Result(
        name=run.scenario.name,
        goals=tuple(goal for goal in Goal if goal in run.scenario.goals),
        items=round(world.items),
        lanes=plan.layout.lanes,
        workers=plan.layout.workers,
        bound_seconds=planned.low,
        planned_seconds=planned.expected + more,
        planned_range=(planned.low + more, planned.high + more),
        bound_by=planned.bound_by,
        seconds=run.seconds,
        window=window,
        budget_used=_budget_used(run, window) if window else None,
        most_of_budget=_most_of_budget(run),
        throttled_share=throttled / (throttled + written) if written else 0.0,
        throttled_reads=world.throttled_read_units,
        live_throttled=world.load.throttled_share if world.load else None,
        health_holds=world.control.health_holds,
        planned_usd=plan.total_cost_usd,
        usd=_dollars(run),
        holds=world.control.holds,
        hopeless=world.hopeless,
        counts=world.control.counts,
        void_counts=world.control.void_counts,
        invocations=world.invocations,
        events=world.loop.events,
        real_seconds=run.real_seconds,
    )


def _more_seconds(run: Run) -> float:
    """What a pause, or the budget as it was changed, adds to the plan's time by its own rule.

    That is no error of the plan's, which knew of neither.
    """
    scenario = run.scenario
    left, more = run.plan.seconds.low, scenario.pause[1] if scenario.pause else 0.0
    edges = [*(at for at, _ in run.budgets[1:]), float("inf")]
    for (at, budget), until in zip(run.budgets, edges, strict=True):
        speed = budget / run.budgets[0][1]
        seconds = min(until - at, left / speed)
        left -= seconds * speed
        more += seconds * (1 - speed)
    return more


def _window(run: Run) -> tuple[float, float] | None:
    """From a minute after all workers were first there until the last child is started."""
    full = next((at for at, live in run.world.live if live >= run.plan.layout.workers), None)
    if (
        full is None
        or full + _SETTLED_SECONDS >= run.scheduler.last_start - run.world.written.width
    ):
        return None
    return full + _SETTLED_SECONDS, run.scheduler.last_start


def _budget_used(run: Run, window: tuple[float, float]) -> float:
    units, begin, end = run.world.written.between(*window)
    edges = [*run.budgets[1:], (float("inf"), 0.0)]
    allowed = sum(
        budget * max(0.0, min(until, end) - max(at, begin))
        for (at, budget), (until, _) in zip(run.budgets, edges, strict=True)
    )
    if run.scenario.pause:  # within the window, and no scenario has another budget then
        allowed -= run.scenario.pause[1] * run.budgets[0][1]
    return units / allowed if allowed else 0.0


def _most_of_budget(run: Run) -> float:
    bins = max(1, round(60 / run.world.written.width))
    return run.world.written.most_per_second(bins) / max(b for _, b in run.budgets)


def _dollars(run: Run) -> float:
    """By the product's prices and formulas, of what was really spent."""
    world, plan = run.world, run.plan
    effort = Effort(
        lambda_seconds=world.lambda_seconds,
        laps_per_lane=1,
        invocations=world.invocations,
        transitions=plan.layout.lanes * FIRST_LAP_TRANSITIONS + world.laps * MORE_LAP_TRANSITIONS,
    )
    return sum(bill(plan.load, effort, plan.tariff, seconds=run.seconds).values())
