"""Warnings before a migration, each of one or two sentences. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from airflow_ddb_migrate.core.inspection.sample import SampleResult
from airflow_ddb_migrate.core.limits import CHILD_LAPS, SEGMENT_BYTES
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan
from airflow_ddb_migrate.core.plan.planner import Room, Wishes, changed_attributes, is_stale
from airflow_ddb_migrate.core.plan.prices import everywhere
from airflow_ddb_migrate.core.plan.segmentation import total_segments
from airflow_ddb_migrate.core.plan.table_facts import IndexFacts, TableFacts
from airflow_ddb_migrate.core.plan.traffic_warnings import traffic_warnings
from airflow_ddb_migrate.core.text.figures import dollars_words, size_words, time_words

_GIB = 2**30
_HOT_SHARE = 0.2  # of the sample with one partition key; the sample has at least ten places
_HOT_ITEMS = 100  # fewer items prove nothing
_FAR_LARGER = 8  # times the segment size of the formula
_FAR_MORE = 10  # times the number of segments of the formula
_FEW_SEGMENTS = 1_000  # up to this number does no harm
_SHOWN_CONSUMERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a plan was made from. More failed items than the percentage stop a migration."""

    facts: TableFacts
    sampled: SampleResult | None
    wishes: Wishes
    room: Room
    max_quarantined_percentage: float


def warnings_of(plan: MigrationPlan, of: Circumstances) -> tuple[str, ...]:
    """Return the warnings, the most dangerous first."""
    return (
        *traffic_warnings(of.facts, of.room, of.wishes),
        *_replicas(plan, of.facts),
        *_warm_throughput(plan),
        *_key(of.facts),
        *_transform(of),
        *_ttl(of),
        *_readers(plan, of.facts),
        *_indexes(of),
        *_safety(plan, of.facts),
        *_skew(of.sampled),
        *_count(of),
        *_segments(plan, of.wishes),
    )


def _replicas(plan: MigrationPlan, facts: TableFacts) -> Iterator[str]:
    if facts.replicas:
        yield (
            f"The table has replicas in {', '.join(facts.replicas)}: each write is billed in "
            f"{plan.load.regions} regions{_regions_cost(plan)}, and each replica needs the "
            f"capacity for it. The transfer between regions is billed, too. {_elsewhere(facts)}"
        )


def _elsewhere(facts: TableFacts) -> str:
    if facts.is_multi_region_strong:
        return (
            "It has multi-region strong consistency: every write waits for another region and "
            "cannot be in a batch. The workers need several times as long."
        )
    return (
        "A write in another region during the migration may be lost. With single_writer_region "
        "you confirm that there are none."
    )


def _regions_cost(plan: MigrationPlan) -> str:
    writes = plan.cost_usd["writes"]
    if writes:
        return f" ({dollars_words(writes)} instead of {dollars_words(writes / plan.load.regions)})"
    more = plan.tariff.hourly_difference
    hourly = f"{dollars_words(more)} more per hour in all of them"
    return f" (what prewarm raises costs {hourly})" if more else ""


def _warm_throughput(plan: MigrationPlan) -> Iterator[str]:
    if plan.tariff.once:
        yield (
            f"Prewarm raises warm throughput for {dollars_words(plan.tariff.once)}, "
            f"once{everywhere(plan.replicas)}. AWS never lowers it, and restore does not refund "
            "it."
        )


def _key(facts: TableFacts) -> Iterator[str]:
    if facts.unknown_key:
        yield (
            f"The table is encrypted with the KMS key {facts.unknown_key}, which the stack may "
            "not use. Unless it is AWS's own key (aws/dynamodb), every worker is refused. Run: "
            f"ddb-migrate deploy --table-kms-key {facts.unknown_key}"
        )


def _transform(of: Circumstances) -> Iterator[str]:
    sampled = of.sampled
    if sampled is None:
        return
    if sampled.failed:
        share = 100 * sampled.failed / sampled.seen
        stops = share > of.max_quarantined_percentage
        classes = ", ".join(f"{name} {count:,}" for name, count in sorted(sampled.errors.items()))
        yield (
            f"The transform fails for {sampled.failed:,} of {sampled.seen:,} items of the sample "
            f"({classes}). "
            + (
                f"That is more than the {of.max_quarantined_percentage:g} % that stop a migration."
                if stops
                else "They would be quarantined."
            )
        )
    if not sampled.check_fixed_point:
        yield (
            "The transform turns its fixed-point check off: if a worker dies between a write and "
            "its checkpoint, an item is transformed and changed twice."
        )
    if sampled.larger_step:
        yield (
            f"{sampled.larger_step:,} of {sampled.writes:,} changed items of the sample grow past "
            "a multiple of 1 KB: each later write of one costs a unit more."
        )
    if sampled.type_changes:
        yield f"The transform changes types: {', '.join(sorted(sampled.type_changes))}."


def _ttl(of: Circumstances) -> Iterator[str]:
    name = of.facts.ttl_attribute
    if not name:
        return
    if of.sampled and name in of.sampled.attributes:
        yield (
            f"The transform changes {name!r}, the table's TTL attribute, by which DynamoDB "
            "deletes items for good. Check the values in a dry run first."
        )
    else:
        yield (
            f"TTL is on (attribute {name!r}): items that expire during the migration are counted "
            "as gone and are not written again."
        )


def _readers(plan: MigrationPlan, facts: TableFacts) -> Iterator[str]:
    """Yield what the stream's consumers get; an unchanged item emits no record."""
    consumers = facts.consumers or ()
    if not facts.has_stream and not consumers:
        return
    shown = ", ".join(consumers[:_SHOWN_CONSUMERS]) or "none known"
    more = len(consumers) - _SHOWN_CONSUMERS
    yield (
        f"The table has a stream: each of its consumers ({shown}"
        f"{f' and {more} more' if more > 0 else ''}) gets about {plan.load.changed:,.0f} records, "
        f"{plan.load.changed / max(1, plan.seconds.low):,.0f} per second."
    )


def _indexes(of: Circumstances) -> Iterator[str]:
    changed = changed_attributes(of.sampled)
    if changed is None:
        return
    for index in of.facts.indexes:
        times = index.writes_per_change(changed)
        if times:
            kind = "Vector index" if index.is_vector else "Index"
            yield (
                f"{kind} {index.name} is written {'twice' if times > 1 else 'once'} per changed "
                f"item: the transform changes {_touched(index, changed)}.{_by_bytes(index)}"
            )


def _by_bytes(index: IndexFacts) -> str:
    if not index.is_vector:
        return ""
    return (
        " AWS charges that by bytes, in addition to the table's units; the plan counts one more "
        "write of the item."
    )


def _touched(index: IndexFacts, changed: Iterable[str]) -> str:
    keys = [name for name in changed if name in index.key_names]
    if keys:
        return f"its key ({', '.join(keys)})"
    shown = [name for name in changed if index.projected is None or name in index.projected]
    return f"attributes that it holds ({', '.join(shown[:_SHOWN_CONSUMERS])})"


def _safety(plan: MigrationPlan, facts: TableFacts) -> Iterator[str]:
    if facts.point_in_time_recovery is False:
        monthly = plan.load.bytes / _GIB * plan.tariff.prices.backup_storage_gb_month
        yield (
            "Point-in-time recovery is off, so the undo log is the only way back. Turn it on, at "
            "least while the migration runs. Otherwise a backup gate with the policy auto makes "
            f"an on-demand backup. That costs about {dollars_words(monthly)} a month until you "
            "delete it, which is not in the cost above."
        )
    if facts.deletion_protection is False:
        yield "Deletion protection of the table is off."


def _skew(sampled: SampleResult | None) -> Iterator[str]:
    if sampled and sampled.seen >= _HOT_ITEMS and sampled.largest_key_share > _HOT_SHARE:
        yield (
            f"{sampled.largest_key_share:.0%} of the sample have the same partition key. Its "
            "items are in one partition, and its segment takes longer than all others. More "
            "capacity does not help; plan more time."
        )


def _count(of: Circumstances) -> Iterator[str]:
    facts, sampled = of.facts, of.sampled
    if sampled and is_stale(facts, sampled):
        found = "exactly" if sampled.is_whole else "at least" if sampled.is_dense else "about"
        yield (
            f"AWS counted {facts.item_count:,} items, up to six hours ago; the sample found "
            f"{found} {sampled.at_least:,}. The plan uses the sample."
        )


def _segments(plan: MigrationPlan, wishes: Wishes) -> Iterator[str]:
    layout, size = plan.layout, plan.load.bytes
    planned = total_segments(size, layout.max_concurrency)
    if wishes.total_segments:
        given = wishes.total_segments
        if given < layout.max_concurrency:
            yield (
                f"segments is {given:,}, fewer than the {layout.max_concurrency:,} workers that "
                f"could run at a time: only {given:,} will. {planned:,} suit this table."
            )
        if size / given > _FAR_LARGER * SEGMENT_BYTES:
            lane = plan.effort.lambda_seconds / layout.lanes
            yield (
                f"segments is {given:,}, of {size_words(size / given)} each: one takes "
                f"{time_words(lane)}, and the last ones will run alone. {planned:,} suit this "
                "table."
            )
        if given > max(_FEW_SEGMENTS, _FAR_MORE * planned):
            yield (
                f"segments is {given:,} for {size_words(size)}: most of them are empty, and each "
                f"costs an execution. {planned:,} suit this table."
            )
    if plan.effort.laps_per_lane > CHILD_LAPS:
        yield (
            f"A lane takes {plan.effort.laps_per_lane:,} slices, but an execution ends after "
            f"{CHILD_LAPS:,} of them and has to be started again. Use more segments to avoid that."
        )
