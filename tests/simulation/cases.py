"""The scenarios that are simulated."""

from dataclasses import replace
from typing import Any

from tests.simulation.live import Alarm, Traffic
from tests.simulation.scenarios import Goal, Order, Scenario

_HUNDRED = Scenario(
    name="hundred", says="300 GiB, a hundred workers", gib=300, write=100_000, bite_seconds=2.0
)
_MIDDLE = Scenario(
    name="spread", says="20 GiB, twenty workers on twenty partitions", gib=20, write=20_000
)
_THOUSAND = Scenario(
    name="thousand-workers",
    says="3 TiB, a thousand workers",
    gib=3 * 1_024,
    write=1_000_000,
    lambda_concurrency=2_000,
    bite_seconds=5.0,
)
_EVEN = Scenario(
    name="even",
    says="100 GiB, forty workers among 100 partitions",
    gib=100,
    write=100_000,
    write_budget=32_000,
)
_STEERED = replace(_EVEN, write_budget=16_000)
_INDEXED = Scenario(
    name="small-index",
    says="50 GiB, an index of a tenth of the table's capacity, the plan's budget",
    gib=50,
    write=40_000,
    index_write=4_000,
)
_CROWDED = replace(
    _MIDDLE,
    name="crowded",
    says="20 GiB, live traffic takes half of every partition, which the plan was not told",
    used=dict.fromkeys(range(20), 0.5),
    burst_seconds=60.0,
    goals=frozenset(),
    why="its partitions take less than the plan knows",
)
_LIVE = Scenario(
    name="live",
    says="100 GiB, an application takes a fifth of the table, and 60 % in three peaks; no alarm",
    gib=100,
    write=20_000,
    write_budget=12_000,
    traffic=Traffic(usual=4_000, peak=12_000, peaks=((1_200, 900), (4_200, 900), (7_200, 900))),
    burst_seconds=60.0,
    goals=frozenset(),
    why="nothing tells it that the application suffers",
)
_HELD: dict[str, Any] = {
    "goals": frozenset({Goal.THROTTLED, Goal.LIVE}),
    "why": "its alarm holds it, which no plan knows of",
}
_THROTTLES = Alarm(throttled_share=0.001)
_NO_BURST = "the same, partitions without any burst, "
_OTHER_ORDER: dict[str, Any] = {
    "goals": frozenset[Goal](),
    "why": "another order of the lanes than the product's, to show what its own is worth",
}

ALL = (
    Scenario(name="one-worker", says="10 GiB, one worker", gib=10, write=4_000, write_budget=800),
    Scenario(name="ten", says="50 GiB, ten workers", gib=50, write=10_000),
    _HUNDRED,
    replace(
        _HUNDRED,
        name="hundred-shuffled",
        says="the same, shuffled",
        order=Order.SHUFFLED,
        **_OTHER_ORDER,
    ),
    Scenario(
        name="roomy",
        says="1 TiB, ten workers among 103 partitions",
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
        _MIDDLE, name="shuffled", says="the same, shuffled", order=Order.SHUFFLED, **_OTHER_ORDER
    ),
    replace(
        _MIDDLE,
        name="in-order",
        says="the same, in the table's order",
        order=Order.TABLE,
        **_OTHER_ORDER,
    ),
    replace(
        _MIDDLE,
        name="little-burst",
        says="the same, partitions with a burst of 5 s",
        burst_seconds=5.0,
    ),
    replace(
        _MIDDLE,
        name="no-burst",
        says=_NO_BURST + "spread",
        burst_seconds=0.0,
        goals=frozenset(Goal) - {Goal.BUDGET},
        why="a slow request sets workers apart by seconds, in which two meet; DynamoDB keeps 300 s",
    ),
    replace(
        _MIDDLE,
        name="no-burst-shuffled",
        says=_NO_BURST + "shuffled",
        burst_seconds=0.0,
        order=Order.SHUFFLED,
        **_OTHER_ORDER,
    ),
    _CROWDED,
    replace(
        _CROWDED,
        name="splitting",
        says="the same, and partitions split after ten minutes of throttling",
        split_seconds=600.0,
    ),
    _LIVE,
    replace(
        _LIVE,
        name="live-throttles",
        says="the same, with an alarm that goes off when 0.1 % of its writes are throttled",
        alarm=_THROTTLES,
        **_HELD,
    ),
    replace(
        _LIVE,
        name="live-busy",
        says="the same, with an alarm that goes off when 90 % of the table's capacity is used",
        alarm=Alarm(used_share=0.9),
        **_HELD,
    ),
    replace(
        _LIVE,
        name="live-little-burst",
        says="as live-throttles, partitions with a burst of 5 s",
        alarm=_THROTTLES,
        burst_seconds=5.0,
        **_HELD,
    ),
    _EVEN,
    replace(
        _EVEN,
        name="skewed",
        says="the same, n-th largest segment 1/sqrt(n) of the largest, half of one partition used",
        zipf=0.5,
        used={17: 0.5},
    ),
    _INDEXED,
    replace(
        _INDEXED,
        name="index-ignored",
        says="the same, budget and workers by hand, twice what the index takes",
        write_budget=8_000,
        max_concurrency=20,
        goals=frozenset({Goal.PLAN}),
        why="twice what the index takes was asked for by hand; its burst makes that faster than T",
    ),
    replace(
        _STEERED,
        name="retuned",
        says="100 GiB among 100 partitions, the budget halved, then doubled",
        retunes=((0.25, 0.5), (0.75, 1.0)),
    ),
    replace(
        _STEERED,
        name="paused",
        says="100 GiB among 100 partitions, paused for 20 minutes",
        pause=(0.4, 1_200),
    ),
)
