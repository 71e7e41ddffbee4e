"""The plan as markdown, for a task's log and before an approval."""

from collections.abc import Iterable

from airflow_ddb_migrate.core.capacity.snapshot import BillingMode
from airflow_ddb_migrate.core.health.alarms import AlarmState
from airflow_ddb_migrate.core.plan.bill import bill_of_hold
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan
from airflow_ddb_migrate.core.text.bills import bill_part
from airflow_ddb_migrate.core.text.figures import dollars_words, size_words, time_words
from airflow_ddb_migrate.core.text.times import iso

_SHOWN_NIGHTS = 8

_PART_WORDS = {
    "vector_indexes": "vector indexes, about",
    "prewarm": "prewarmed capacity, while it is raised",
    "warm_throughput": "warm throughput, once; permanent, and not refunded by restore",
}


def plan_markdown(plan: MigrationPlan) -> str:
    """Return the plan as markdown: work, time, cost, warnings, and what is not known."""
    return "\n".join(
        (
            f"# Plan of migration {plan.migration_id}",
            "",
            *_table("what it will do", _deeds(plan)),
            *_table("how long it takes", _times(plan)),
            *_nights(plan),
            *_table("what it costs", _costs(plan)),
            *_list("Warnings", plan.warnings),
            *_list("Not known", plan.unknown),
        )
    )


def _deeds(plan: MigrationPlan) -> list[tuple[str, str]]:
    load, layout = plan.load, plan.layout
    return [
        ("table", plan.table_name),
        ("transform", plan.transform),
        *([("its hash", plan.transform_hash[:12])] if plan.transform_hash else []),
        ("items", f"{load.items:,}, {size_words(load.bytes)}"),
        ("of these change", f"{load.changed:,.0f} ({load.changed_share:.1%})"),
        ("write units per change", f"{load.units_per_item:,.2f} in the table"),
        ("writes per change", f"{load.writes_per_change}, with its indexes"),
        *_regions(plan),
        ("read units", f"{load.read_units:,.0f}"),
        ("write units", f"{load.billed_write_units:,.0f}"),
        ("segments", f"{layout.total_segments:,}, in {layout.lanes:,} lanes"),
        ("at a time", f"{layout.max_concurrency:,} lanes"),
        ("read budget", _budget_words(plan.read_units_per_second)),
        ("write budget", _write_budget_words(plan)),
        *[("raised beforehand", words) for words in plan.raises],
        *[("holds while in ALARM", _alarm_words(*row)) for row in plan.alarms.items()],
    ]


def _regions(plan: MigrationPlan) -> list[tuple[str, str]]:
    regions = plan.load.regions
    return [("regions", f"{regions}, with {', '.join(plan.replicas)}")] if regions > 1 else []


def _alarm_words(name: str, state: str) -> str:
    if state == AlarmState.ALARM:
        return f"{name}: {state} now, so it would begin on hold"
    return f"{name}: {state} now"


def _times(plan: MigrationPlan) -> list[tuple[str, str]]:
    seconds = plan.seconds
    return [
        ("at best", time_words(seconds.low)),
        ("expected", time_words(seconds.expected)),
        ("at worst", time_words(seconds.high)),
        ("limited by", seconds.bound_by),
    ]


def _nights(plan: MigrationPlan) -> list[str]:
    """Return the first nights and the last one, each with its cost."""
    if not plan.nights:
        return []
    costs = plan.night_costs_usd
    rows = [
        (
            f"{iso(night.opens_at)} to {iso(min(night.closes_at, night.done_at))}",
            f"{night.share:.1%} of the work, {dollars_words(cost)}",
        )
        for night, cost in zip(plan.nights, costs, strict=True)
    ]
    if len(rows) > _SHOWN_NIGHTS:
        left = len(rows) - _SHOWN_NIGHTS
        money = dollars_words(sum(costs[_SHOWN_NIGHTS - 1 : -1]))
        rows = [*rows[: _SHOWN_NIGHTS - 1], (f"and {left:,} more", money), rows[-1]]
    return _table(
        "in which hours",
        [
            ("windows", ", and also ".join(" or ".join(texts) for texts in plan.windows)),
            ("nights", f"{len(plan.nights):,}"),
            *rows,
            ("done, expected", iso(plan.nights[-1].done_at)),
            ("done, at worst", iso(plan.latest_done_at)),
        ],
    )


def _costs(plan: MigrationPlan) -> list[tuple[str, str]]:
    costs = plan.cost_usd
    rows = [
        (_PART_WORDS.get(part, bill_part(part)), dollars_words(dollars))
        for part, dollars in costs.items()
        if dollars
    ]
    paid = plan.tariff.billing_mode is BillingMode.PROVISIONED
    return [
        *(
            [("reads and writes", "in the provisioned capacity, which is paid for anyway")]
            if paid
            else []
        ),
        *rows,
        ("**total**", f"**{dollars_words(plan.total_cost_usd)}**"),
        *_limit(plan),
        ("an hour on hold", f"at most {_hold_words(plan)} more"),
        ("prices", f"{plan.tariff.table_prices.words}; a guide, not a bill"),
    ]


def _limit(plan: MigrationPlan) -> list[tuple[str, str]]:
    if plan.max_cost_usd is None:
        return []
    return [("holds at", f"{dollars_words(plan.max_cost_usd)}, as measured")]


def _hold_words(plan: MigrationPlan) -> str:
    return dollars_words(bill_of_hold(plan.layout.workers, plan.tariff))


def _budget_words(units: float) -> str:
    return f"{units:,.0f} units per second" if units else "none"


def _write_budget_words(plan: MigrationPlan) -> str:
    words = _budget_words(plan.write_units_per_second)
    has_indexes = plan.load.writes_per_change > 1 and plan.write_units_per_second > 0
    return f"{words}, of the table and of each index" if has_indexes else words


def _table(head: str, rows: Iterable[tuple[str, str]]) -> list[str]:
    return [f"| {head} | |", "|---|---|", *(f"| {name} | {words} |" for name, words in rows), ""]


def _list(head: str, sentences: tuple[str, ...]) -> list[str]:
    return (
        [f"**{head}**", "", *(f"- {sentence}" for sentence in sentences), ""] if sentences else []
    )
