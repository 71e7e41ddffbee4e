"""Makes the plan from the facts of the table, a sample of items, and the wishes. Pure."""

from dataclasses import dataclass, replace

from airflow_ddb_migrate.core.approval.author_rules import NO_RULES, AuthorRules
from airflow_ddb_migrate.core.capacity.changes import Change
from airflow_ddb_migrate.core.capacity.headroom import (
    LEAST_UNITS,
    Headroom,
    capacities,
    headroom,
    raised,
)
from airflow_ddb_migrate.core.capacity.raise_rules import plan_raise
from airflow_ddb_migrate.core.capacity.snapshot import TABLE, CapacityUnits, Dimension
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.hours.nights import Night, begin_seconds, least_seconds, share_work
from airflow_ddb_migrate.core.hours.windows import Hours, require_ever_open
from airflow_ddb_migrate.core.inspection.sample import SampleResult
from airflow_ddb_migrate.core.items.sizes import write_units
from airflow_ddb_migrate.core.limits import (
    BUDGET_SHARE,
    EXECUTION_DAYS,
    LAMBDA_SECONDS,
    MAP_CHILDREN,
    SLICE_MARGIN_SECONDS,
)
from airflow_ddb_migrate.core.plan.bill import Tariff
from airflow_ddb_migrate.core.plan.estimate import WRITE_BUDGET, Load, Pace
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan
from airflow_ddb_migrate.core.plan.prices import Prices, hourly_difference, once
from airflow_ddb_migrate.core.plan.segmentation import (
    Layout,
    concurrency,
    partitions,
    total_segments,
    wanted_concurrency,
)
from airflow_ddb_migrate.core.plan.table_facts import (
    TableFacts,
    vector_writes,
    writes_by_resource,
    written_resources,
)
from airflow_ddb_migrate.core.text.figures import time_words

_DAY = 86_400
_FEW = 10  # items by which any count may be wrong
_TENTH = 0.1
_HALF = 0.5
_FASTER = ("max_prewarm", "max_units_per_second")  # rules that limit what makes it faster


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The parameters that a person gave. None leaves a figure to the plan; budget 0: none.

    ``prewarm`` are the units to prewarm to; None: prewarm is off. ``limits`` are the rules of the
    DAG's author.
    """

    prices: Prices
    total_segments: int | None = None
    max_concurrency: int | None = None
    read_units_per_second: float | None = None
    write_units_per_second: float | None = None
    slice_seconds: float = 0
    budget_share: float = BUDGET_SHARE
    prewarm: CapacityUnits | None = None
    warm_throughput: bool = False
    limits: AuthorRules = NO_RULES


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The capacity, raised if prewarm raises it, and what live traffic leaves of it."""

    changes: tuple[Change, ...]
    table: CapacityUnits
    read: Headroom
    write: Headroom


def plan_migration(
    facts: TableFacts,
    sampled: SampleResult | None,
    wishes: Wishes,
    *,
    migration_id: str,
    transform: str,
) -> MigrationPlan:
    """Return the plan, without its warnings, which are in ``warnings``.

    :raises InvalidInputError: it would take longer than an execution may run.
    """
    room = room_of(facts, sampled, wishes)
    load = load_of(facts, sampled)
    pace, layout = _pace(load, facts, room, wishes)
    prices = wishes.prices.of_class(facts.table_class)
    plan = MigrationPlan(
        migration_id=migration_id,
        table_name=facts.name,
        transform=transform,
        read_units_per_second=_budget(wishes.read_units_per_second, room.read, wishes),
        write_units_per_second=_budget(wishes.write_units_per_second, room.write, wishes),
        load=load,
        pace=pace,
        layout=layout,
        tariff=Tariff(
            prices=wishes.prices,
            billing_mode=facts.snapshot.billing_mode,
            lambda_memory_mb=facts.lambda_memory_mb,
            hourly_difference=hourly_difference(room.changes, prices, facts.replicas),
            once=once(room.changes, prices, facts.replicas),
            table_class=facts.table_class,
            undo_log_days=facts.undo_log_days,
            metric_sets=facts.metric_sets,
        ),
        item_count=facts.item_count,
        indexes=facts.indexes,
        writes=writes_by_resource(facts.indexes, changed_attributes(sampled)),
        raises=tuple(map(str, room.changes)),
        replicas=facts.replicas,
        unknown=facts.unknown,
    )
    _require_within_a_year(plan, wishes.limits)
    return plan


def with_nights(
    plan: MigrationPlan, hours: Hours, now: float, limits: AuthorRules = NO_RULES
) -> MigrationPlan:
    """Return the plan with its nights; unchanged without windows.

    :raises InvalidInputError: the windows are never open, are too short, or are too few to finish
        within a year.
    """
    if not hours:
        return plan
    lanes, raises = plan.layout.lanes, bool(plan.raises)
    least = least_seconds(lanes, plan.layout.slice_seconds, raises=raises)
    require_ever_open(hours, now, least, limits.asks_author("windows"))

    def nights_for(work_seconds: float) -> tuple[Night, ...]:
        stretches = ((one.opens_at, one.closes_at) for one in hours.stretches(now, least))
        return share_work(stretches, work_seconds, begin_seconds(lanes, raises=raises))

    nights, latest = nights_for(plan.seconds.low), nights_for(plan.seconds.longest_work)
    if not latest:
        more = limits.asks_author("windows", *_FASTER)
        raise InvalidInputError(_too_few_hours(plan, hours, now, least) + more)
    return replace(plan, windows=hours.texts, nights=nights, latest_done_at=latest[-1].done_at)


def _too_few_hours(plan: MigrationPlan, hours: Hours, now: float, least: float) -> str:
    open_seconds = sum(one.seconds for one in hours.stretches(now, least))
    return (
        f"windows are {hours}: they are open for {time_words(open_seconds)} of a year, but the "
        f"work may take {time_words(plan.seconds.longest_work)}, limited by the "
        f"{plan.seconds.bound_by}. Make them longer, raise the capacity by prewarm, or raise the "
        "budgets."
    )


def room_of(facts: TableFacts, sampled: SampleResult | None, wishes: Wishes) -> Room:
    """Return the capacity of table and indexes, with what prewarm raises, and what is left."""
    changes: tuple[Change, ...] = ()
    written = written_resources(writes_by_resource(facts.indexes, changed_attributes(sampled)))
    if wishes.prewarm:
        changes = plan_raise(
            facts.snapshot, wishes.prewarm, warm=wishes.warm_throughput, written=written
        )
    capacity = capacities(raised(facts.snapshot, changes), facts.quota)
    return Room(
        changes=changes,
        table=capacity[TABLE],
        read=headroom(capacity, facts.peak, [TABLE], Dimension.READ),
        write=headroom(capacity, facts.peak, written, Dimension.WRITE),
    )


def changed_attributes(sampled: SampleResult | None) -> tuple[str, ...] | None:
    """Return the attributes that change; None: unknown, for example since items are deleted."""
    if sampled is None or sampled.deleted or not sampled.changed:
        return None
    return tuple(sorted(sampled.attributes))


def load_of(facts: TableFacts, sampled: SampleResult | None) -> Load:
    """Return the work. Without a sample, every item is taken to change and keep its size."""
    sampled = sampled or SampleResult()
    items, size = _table_size(facts, sampled)
    item_bytes = size / items if items else 0
    changed = changed_attributes(sampled)
    writes = writes_by_resource(facts.indexes, changed).values()
    return Load(
        items=items,
        bytes=size,
        changed_share=sampled.writes / sampled.seen if sampled.seen else 1.0,
        units_per_item=(
            sampled.write_units / sampled.writes
            if sampled.writes
            else write_units(round(item_bytes), 0)
        ),
        writes_per_change=sum(writes),
        writes_at_busiest=max(writes),
        vector_writes=vector_writes(facts.indexes, changed),
        regions=1 + len(facts.replicas),
        logged_bytes=sampled.logged_bytes / sampled.writes if sampled.writes else item_bytes,
    )


def is_stale(facts: TableFacts, sampled: SampleResult) -> bool:
    """Return whether AWS's item count, up to six hours old, is clearly outdated."""
    if sampled.is_whole:
        return abs(facts.item_count - sampled.seen) > max(_FEW, _TENTH * sampled.seen)
    return facts.item_count < max(sampled.seen, _HALF * sampled.at_least)


def _table_size(facts: TableFacts, sampled: SampleResult) -> tuple[int, int]:
    """Return items and bytes: AWS's, or the sample's if AWS's are clearly outdated."""
    if not sampled.is_whole and not is_stale(facts, sampled):
        return facts.item_count, facts.size_bytes
    items = sampled.at_least
    return items, round(sampled.bytes / max(1, sampled.seen) * items)


def _pace(load: Load, facts: TableFacts, room: Room, wishes: Wishes) -> tuple[Pace, Layout]:
    reads = _rate(wishes.read_units_per_second, room.read, wishes)
    writes = _rate(wishes.write_units_per_second, room.write, wishes)
    parts = partitions(load.bytes, room.table)
    wanted = wanted_concurrency(writes / load.writes_at_busiest, parts)
    limit = LAMBDA_SECONDS - SLICE_MARGIN_SECONDS
    workers = wishes.max_concurrency or concurrency(wanted, facts.lambda_concurrency)
    layout = Layout(
        total_segments=wishes.total_segments or total_segments(load.bytes, workers),
        max_concurrency=min(workers, MAP_CHILDREN),
        slice_seconds=min(wishes.slice_seconds or limit, limit),
    )
    is_index = wishes.write_units_per_second is None and room.write.resource != TABLE
    pace = Pace(
        read_units_per_second=reads,
        write_units_per_second=writes,
        partitions=parts,
        wanted_concurrency=wanted,
        write_bound=f"index {room.write.resource}" if is_index else WRITE_BUDGET,
    )
    return pace, layout


def _budget(given: float | None, room: Headroom, wishes: Wishes) -> float:
    return room.budget(wishes.budget_share) if given is None else given


def _rate(given: float | None, room: Headroom, wishes: Wishes) -> float:
    """Return the rate: that of the budget, but at most the tightest resource's capacity."""
    if given is None:
        return room.budget(wishes.budget_share)
    most = max(LEAST_UNITS, room.capacity)
    return min(given, most) if given else most


def _require_within_a_year(plan: MigrationPlan, limits: AuthorRules) -> None:
    seconds = plan.seconds
    if seconds.expected <= EXECUTION_DAYS * _DAY:
        return
    raise InvalidInputError(
        f"Table {plan.table_name}: the migration would take {time_words(seconds.expected)}, "
        f"limited by the {seconds.bound_by} ({plan.pace.write_units_per_second:,.0f} write and "
        f"{plan.pace.read_units_per_second:,.0f} read units per second); Step Functions allows "
        f"{EXECUTION_DAYS} days. Raise the capacity by prewarm, or raise the budgets."
        + limits.asks_author(*_FASTER)
    )
