"""The scenarios that are simulated."""

from dataclasses import replace
from typing import Any

from tests.simulation.live import Alarm, Traffic
from tests.simulation.scenarios import Goal, Order, Scenario

_HUNDRED = Scenario(
    name="hundred", says="300 GiB, 100 workers", gib=300, write=100_000, bite_seconds=2.0
)
_MIDDLE = Scenario(name="spread", says="20 GiB, 20 workers on 20 partitions", gib=20, write=20_000)
_THOUSAND = Scenario(
    name="thousand-workers",
    says="3 TiB, 1,000 workers",
    gib=3 * 1_024,
    write=1_000_000,
    lambda_concurrency=2_000,
    bite_seconds=5.0,
)
_EVEN = Scenario(
    name="even",
    says="100 GiB, 40 workers on 100 partitions",
    gib=100,
    write=100_000,
    write_budget=32_000,
)
_STEERED = replace(_EVEN, write_budget=16_000)
_INDEXED = Scenario(
    name="small-index",
    says="50 GiB, an index with a tenth of the table's capacity, the plan's budget",
    gib=50,
    write=40_000,
    index_write=4_000,
)
_CROWDED = replace(
    _MIDDLE,
    name="crowded",
    says="20 GiB, live traffic unknown to the plan takes half of every partition",
    used=dict.fromkeys(range(20), 0.5),
    burst_seconds=60.0,
    goals=frozenset(),
    why="its partitions take less than the plan assumes",
)
_LIVE = Scenario(
    name="live",
    says="100 GiB, an application uses 20 % of the table, 60 % in three peaks; no alarm",
    gib=100,
    write=20_000,
    write_budget=12_000,
    traffic=Traffic(usual=4_000, peak=12_000, peaks=((1_200, 900), (4_200, 900), (7_200, 900))),
    burst_seconds=60.0,
    goals=frozenset(),
    why="nothing reports that the application is throttled",
)
_HELD: dict[str, Any] = {
    "goals": frozenset({Goal.THROTTLED, Goal.LIVE}),
    "why": "the plan does not know when the alarm holds it",
}
_THROTTLES = Alarm(throttled_share=0.001)
_OTHER_ORDER: dict[str, Any] = {
    "goals": frozenset[Goal](),
    "why": "another order of the lanes than the product's",
}

ALL = (
    Scenario(name="one-worker", says="10 GiB, one worker", gib=10, write=4_000, write_budget=800),
    Scenario(name="ten", says="50 GiB, 10 workers", gib=50, write=10_000),
    _HUNDRED,
    replace(
        _HUNDRED,
        name="hundred-shuffled",
        says="like hundred, lanes shuffled",
        order=Order.SHUFFLED,
        **_OTHER_ORDER,
    ),
    Scenario(
        name="roomy",
        says="1 TiB, 10 workers on 103 partitions",
        gib=1_024,
        write=103_000,
        write_budget=8_000,
        bite_seconds=2.0,
    ),
    _THOUSAND,
    replace(
        _THOUSAND,
        name="ten-billion",
        says="10 TiB, 10,737,418,240 items, 10,000 lanes",
        gib=10 * 1_024,
    ),
    _MIDDLE,
    replace(
        _MIDDLE,
        name="shuffled",
        says="like spread, lanes shuffled",
        order=Order.SHUFFLED,
        **_OTHER_ORDER,
    ),
    replace(
        _MIDDLE,
        name="in-order",
        says="like spread, lanes in the table's order",
        order=Order.TABLE,
        **_OTHER_ORDER,
    ),
    replace(
        _MIDDLE,
        name="little-burst",
        says="like spread, partitions with 5 s of burst",
        burst_seconds=5.0,
    ),
    replace(
        _MIDDLE,
        name="no-burst",
        says="like spread, partitions without burst",
        burst_seconds=0.0,
        goals=frozenset(Goal) - {Goal.BUDGET},
        why="after a slow request two workers share a partition for seconds; DynamoDB keeps 300 s",
    ),
    replace(
        _MIDDLE,
        name="no-burst-shuffled",
        says="like no-burst, lanes shuffled",
        burst_seconds=0.0,
        order=Order.SHUFFLED,
        **_OTHER_ORDER,
    ),
    _CROWDED,
    replace(
        _CROWDED,
        name="splitting",
        says="like crowded, partitions split after ten minutes of throttling",
        split_seconds=600.0,
    ),
    _LIVE,
    replace(
        _LIVE,
        name="live-throttles",
        says="like live, an alarm when 0.1 % of the application's writes are throttled",
        alarm=_THROTTLES,
        **_HELD,
    ),
    replace(
        _LIVE,
        name="live-busy",
        says="like live, an alarm when 90 % of the table's capacity is used",
        alarm=Alarm(used_share=0.9),
        **_HELD,
    ),
    replace(
        _LIVE,
        name="live-little-burst",
        says="like live-throttles, partitions with 5 s of burst",
        alarm=_THROTTLES,
        burst_seconds=5.0,
        **_HELD,
    ),
    _EVEN,
    replace(
        _EVEN,
        name="skewed",
        says="like even, n-th largest segment 1/sqrt(n) of the largest, half of one partition used",
        zipf=0.5,
        used={17: 0.5},
    ),
    _INDEXED,
    replace(
        _INDEXED,
        name="index-ignored",
        says="like small-index, budget and workers set by hand, twice what the index takes",
        write_budget=8_000,
        max_concurrency=20,
        goals=frozenset({Goal.PLAN}),
        why="set by hand above what the index takes, whose burst makes it faster than T",
    ),
    replace(
        _STEERED,
        name="retuned",
        says="100 GiB on 100 partitions, the budget halved, then doubled",
        retunes=((0.25, 0.5), (0.75, 1.0)),
    ),
    replace(
        _STEERED,
        name="paused",
        says="100 GiB on 100 partitions, paused for 20 minutes",
        pause=(0.4, 1_200),
    ),
)
