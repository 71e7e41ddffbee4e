"""What a person reads of a plan: the table in the log, and the warnings."""

from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits
from airflow_ddb_migrate.core.inspection.sample import SampleResult
from airflow_ddb_migrate.core.plan.page import plan_markdown
from airflow_ddb_migrate.core.plan.table_facts import IndexFacts
from airflow_ddb_migrate.core.text.figures import size_words, time_words
from tests.support.factories import snapshot
from tests.support.plans import KIB, facts, on_demand, plan, sampled, warnings

PLAN_OF_100_GIB = """\
# Plan of migration orders-0123456789ab

| what it will do | |
|---|---|
| table | orders |
| transform | add_updated_at |
| items | 104,857,600, 100.0 GiB |
| of these change | 104,857,600 (100.0%) |
| write units per change | 1.00 in the table |
| writes per change | 1, with its indexes |
| read units | 13,107,200 |
| write units | 104,857,600 |
| segments | 800, in 800 lanes |
| at a time | 5 lanes |
| read budget | 9,600 units per second |
| write budget | 4,000 units per second |

| how long it takes | |
|---|---|
| at best | 7.3 hours |
| expected | 7.3 hours |
| at worst | 10.9 hours |
| limited by | write budget |

| what it costs | |
|---|---|
| writes | $65.54 |
| reads | $1.64 |
| Lambda | $1.75 |
| Step Functions | $0.06 |
| undo log | $0.86 |
| ledger | $0.06 |
| logs and metrics | $0.00037 |
| **total** | **$69.91** |
| an hour on hold | at most $0.01 more |
| prices | us-east-1, November 2024; a guide, not a bill |

**Warnings**

- Look out.

**Not known**

- unknown: who reads it.
"""


def test_the_plan_as_markdown() -> None:
    """What it will do, how long, how much, what to look out for, what nobody knows."""
    made = plan(facts(100), sampled(), write_units_per_second=4_000)
    made = replace(made, warnings=("Look out.",), unknown=("unknown: who reads it.",))

    assert PLAN_OF_100_GIB == plan_markdown(made)


def test_a_provisioned_table_s_plan_says_what_is_paid_anyway() -> None:
    """And what prewarm adds."""
    table = facts(1, snapshot=snapshot())
    text = plan_markdown(plan(table, prewarm=CapacityUnits(50, 1_025)))

    assert "| reads and writes | in the provisioned capacity, which is paid for anyway |" in text
    assert "| raised beforehand | table: provisioned capacity 50 read / 25 write -> 50 read" in text
    assert "| prewarmed capacity, while it is raised | $0." in text


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "3,200 units per second, of the table and of each index"),
        ({"write_units_per_second": 0}, "none"),
    ],
)
def test_a_write_budget_is_said_to_be_of_the_table_and_of_each_index(
    asked: dict[str, Any], words: str
) -> None:
    """Where indexes are written: each has its own capacity."""
    index = IndexFacts(name="by_day", key_names=("day",))
    made = plan(facts(1, snapshot=on_demand("by_day"), indexes=(index,)), sampled(), **asked)

    assert f"| write budget | {words} |" in plan_markdown(made)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 seconds"), (59, "59 seconds"), (90, "1.5 minutes"), (5_400, "1.5 hours")],
)
def test_times(seconds: float, words: str) -> None:
    """In the largest unit that fits."""
    assert words == time_words(seconds)


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 bytes"), (1_536, "1.5 KiB"), (1_024**4, "1.0 TiB")]
)
def test_sizes(size: int, words: str) -> None:
    """In the largest unit that fits."""
    assert words == size_words(size)


# Warnings


def test_an_idle_and_protected_table_needs_no_warning() -> None:
    """Nothing is said for the sake of saying it."""
    assert () == warnings(facts(100), sampled())


def test_the_worst_comes_first() -> None:
    """A table without room for a migration."""
    table = facts(1, peak={"": CapacityUnits(0, 5_000)}, deletion_protection=False)

    assert warnings(table, sampled())[0].startswith("LIVE TRAFFIC USES EVERYTHING: table has")


@pytest.mark.parametrize(
    ("fields", "asked", "words"),
    [
        (
            {"peak": {"": CapacityUnits(0, 1_000)}},
            {},
            "Live traffic peaked at 1,000 write units per second in the last 24 hours and leaves "
            "3,000 of the 4,000 units of the table.",
        ),
        ({}, {"write_units_per_second": 0}, "write_units_per_second is 0: without a budget"),
        (
            {"peak": {"": CapacityUnits(10_000, 0)}},
            {"read_units_per_second": 3_000},
            "read_units_per_second is 3,000, but live traffic leaves only 2,000 of the table.",
        ),
        ({"point_in_time_recovery": False}, {}, "Point-in-time recovery is off"),
        (
            {"point_in_time_recovery": False},
            {},
            "an on-demand backup. That costs about $0.10 a month",
        ),
        ({"deletion_protection": False}, {}, "Deletion protection of the table is off."),
        ({"ttl_attribute": "done"}, {}, "The transform changes 'done', the table's TTL attribute"),
        ({"ttl_attribute": "ttl"}, {}, "TTL is on (attribute 'ttl')"),
        ({"unknown_key": "arn:k"}, {}, "KMS key arn:k, which the stack may not use."),
        ({"unknown_key": "arn:k"}, {}, "ddb-migrate deploy --table-kms-key arn:k"),
        ({"has_stream": True}, {}, "(none known) gets about 1,048,576 records, 3,200 per"),
        (
            {"consumers": tuple("abcdefg")},
            {},
            "(a, b, c, d, e and 2 more) gets about 1,048,576 records",
        ),
        ({"replicas": ("eu-west-1",)}, {}, "each write is billed in 2 regions"),
        ({"item_count": 0, "size_bytes": 0}, {}, "the sample found at least 80,000. The plan"),
    ],
)
def test_a_warning(fields: dict[str, Any], asked: dict[str, Any], words: str) -> None:
    """Each with its figures."""
    found = warnings(facts(1, **fields), sampled(), **asked)

    assert any(words in warning for warning in found), found


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ({"check_fixed_point": False}, "turns its fixed-point check off"),
        ({"largest_key_share": 0.5}, "50% of the sample have the same partition key"),
        ({"errors": {"Odd": 10}}, "(Odd 10). They would be quarantined."),
        ({"errors": {"Odd": 60, "A": 1}}, "(A 1, Odd 60). That is more than the 5 % that stop"),
        ({"type_changes": {"a: N -> S": 3}}, "The transform changes types: a: N -> S."),
        ({"larger_step": 7}, "7 of 1,000 changed items of the sample grow past a multiple of 1 KB"),
    ],
)
def test_a_warning_from_the_sample(seen: dict[str, Any], words: str) -> None:
    """What only the transform and the items tell."""
    found = warnings(facts(1), sampled(**seen))

    assert 1 == len(found)
    assert words in found[0]


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ({}, "at least 80,000"),
        ({"cut_pages": 2}, "about 80,000"),
        ({"is_whole": True}, "exactly 1"),
    ],
)
def test_a_count_that_is_off_is_told(seen: dict[str, Any], words: str) -> None:
    """With how sure the other one is."""
    found = warnings(facts(0), sampled(**seen))

    assert f"AWS counted 0 items, up to six hours ago; the sample found {words}" in found[0]


def test_few_items_show_no_skew() -> None:
    """One of three is a third."""
    few = SampleResult(seen=3, bytes=3 * KIB, largest_key_share=1 / 3, is_whole=True)

    assert () == warnings(facts(0, item_count=3), few)


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (IndexFacts(name="i", key_names=("done",)), "twice per changed item: the transform changes "
         "its key (done)."),
        (IndexFacts(name="i", key_names=("day",)), "once per changed item: the transform changes "
         "attributes that it holds (done)."),
    ],
)  # fmt: skip
def test_an_index_that_is_written_is_told(index: IndexFacts, words: str) -> None:
    """And why."""
    found = warnings(facts(1, snapshot=on_demand("i"), indexes=(index,)), sampled())

    assert (f"Index i is written {words}",) == found


def test_an_index_that_holds_nothing_of_it_is_not() -> None:
    """It is not written."""
    index = IndexFacts(name="i", key_names=("day",), projected=())

    assert () == warnings(facts(1, snapshot=on_demand("i"), indexes=(index,)), sampled())


@pytest.mark.parametrize(
    ("gib", "asked", "words"),
    [
        (
            1,
            {"total_segments": 2},
            "segments is 2, fewer than the 4 workers that could run at a time",
        ),
        (100, {"total_segments": 50}, "segments is 50, of 2.0 GiB each: one takes 43.7 minutes"),
        (0.01, {"total_segments": 5_000}, "segments is 5,000 for 10.2 MiB: most of them are empty"),
        (40_960, {"total_segments": 8, "max_concurrency": 8}, "an execution ends after 1,000"),
    ],
)
def test_a_bad_choice_of_segments_is_told(gib: float, asked: dict[str, Any], words: str) -> None:
    """With what suits the table; it is done as asked."""
    warm = on_demand(table=CapacityUnits(120_000, 40_000))
    table = facts(gib, snapshot=warm if gib > 100 else on_demand())
    found = warnings(table, sampled(seen=0), **asked)

    assert any(words in warning for warning in found), found


@pytest.mark.parametrize(("gib", "segments"), [(0.01, 100), (1, 16), (100, 800), (100, 200)])
def test_a_fair_choice_of_segments_is_not(gib: float, segments: int) -> None:
    """A hundred are fine for a small table, too."""
    seen = sampled(total_segments=100)
    assert () == warnings(facts(gib), seen, total_segments=segments)
