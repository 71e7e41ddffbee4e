"""The cost of the write path beside what people do instead. Prints, and never fails on time.

CPU is measured against a server with canned answers, items per second on the embedded emulator.
Every ratio is ours over theirs: below 1 is better for CPU and units, above 1 for items per second.
``make bench`` runs it; BENCH_SCALE=4 makes every table four times as large.
"""

import os
import statistics

import boto3
import pytest
from airflow_ddb_migrate.local.emulated_aws import emulator as emulators
from tests.campaigns.benchmarks import contenders, ours
from tests.campaigns.benchmarks.canned_process import canned_server
from tests.campaigns.benchmarks.items import STAMP, Contents
from tests.campaigns.benchmarks.live_table import LiveTable
from tests.campaigns.benchmarks.measure import SCALE, in_turn

PAGES = Contents("old", 2_000 * SCALE)
UNTOUCHED = Contents("fresh", 2_000 * SCALE)
HALF = Contents("mixed", 2_000 * SCALE)
WRITES = Contents("old", 1_000 * SCALE)
LIVE_ITEMS = 1_500 * SCALE

pytestmark = [
    pytest.mark.skipif("BENCH" not in os.environ, reason="make bench runs it"),
    pytest.mark.timeout(0),
]


@pytest.fixture(scope="module")
def server():
    """The canned server, after every client has warmed up."""
    with canned_server() as running:
        for prepare in (ours.loop, contenders.update_loop, contenders.batch_writer):
            prepare(running.endpoint_url, Contents("old", 100).name, STAMP)()
        running.asked()
        yield running


def test_cpu_of_writes(server, report):
    """Both write every prepared change once and nothing else; what it costs is printed."""
    changes = list(WRITES.prepared())
    taken = _on_canned(
        server,
        {
            "ours": lambda: ours.write(server.endpoint_url, WRITES.name, changes),
            "update_item": lambda: contenders.update_writes(
                server.endpoint_url, WRITES.name, changes
            ),
        },
        writes={"ours": WRITES.count, "update_item": WRITES.count},
    )
    _cpu(report, "write", taken, WRITES.count)


def test_cpu_of_the_loop(server, report):
    """All read every page and write every item once; what it costs is printed."""
    taken = _on_canned(
        server,
        _loops(
            server.endpoint_url,
            PAGES.name,
            ours=ours.loop,
            update_item=contenders.update_loop,
            batch_writer=contenders.batch_writer,
        ),
        writes=dict.fromkeys(("ours", "update_item", "batch_writer"), PAGES.count),
    )
    _cpu(report, "loop", taken, PAGES.count)


def test_cpu_of_unchanged_items(server, report):
    """Ours reads what needs no change and leaves it alone, where others write it again."""
    taken = _on_canned(
        server,
        _loops(
            server.endpoint_url,
            UNTOUCHED.name,
            ours=ours.loop,
            batch_writer=contenders.batch_writer,
        ),
        writes={"ours": 0, "batch_writer": UNTOUCHED.count},
    )
    _cpu(report, "unchanged", taken, UNTOUCHED.count)


def test_units(server, report):
    """Every second item needs a write; what was spent is printed over what that takes."""
    print()
    for name, prepare in (("", ours.loop), ("_by_batch_writer", contenders.batch_writer)):
        server.asked()
        prepare(server.endpoint_url, HALF.name, STAMP)()
        spent = server.asked().units
        report.ratio(f"units_spent_over_needed{name}", [spent], [HALF.units_needed])


def test_items_per_second(tmp_path, report, monkeypatch):
    """On the emulator, too, all write every item once; printed with who waited for whom."""
    loops = {
        "ours": ours.loop,
        "put_loop": contenders.put_loop,
        "batch_writer": contenders.batch_writer,
    }
    with emulators.start_emulator(tmp_path) as emulator:
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the credentials it had
        for name, value in emulator.environment.items():
            monkeypatch.setenv(name, value)
        table = LiveTable(emulator, LIVE_ITEMS)
        taken = in_turn(
            {
                name: lambda prepare=prepare: prepare(
                    emulator.endpoint_url, table.name, table.next_stamp()
                )
                for name, prepare in loops.items()
            },
            check=lambda _, run: table.check(run.written),
        )
    _speed(report, taken)


def test_items_per_second_where_answers_take_their_time(report):
    """As long as AWS's, and no limit: who keeps most requests on their way, at which CPU."""
    loops = {
        "ours": ours.loop,
        "put_loop": contenders.put_loop,
        "batch_writer": contenders.batch_writer,
    }
    with canned_server("--as-slow-as-aws") as server:
        taken = _on_canned(
            server,
            _loops(server.endpoint_url, PAGES.name, **loops),
            writes=dict.fromkeys(loops, PAGES.count),
        )
    _speed(report, taken, "_as_slow_as_aws")


def _loops(endpoint, table_name, **prepared):
    """Bind contenders to a table."""
    return {
        name: lambda prepare=prepare: prepare(endpoint, table_name, STAMP)
        for name, prepare in prepared.items()
    }


def _on_canned(server, loops, writes):
    """Run contenders in turn; each must have written every item once and told so."""

    def check(name, run):
        asked = server.asked()
        assert (writes[name],) * 3 == (asked.writes, asked.distinct, run.written), name

    server.asked()
    return in_turn(loops, check=check)


def _cpu(report, what, taken, count):
    """Report CPU per item, and ours over each of the others."""
    print()
    costs = {
        name: [1_000 * run.cpu_seconds / count for run in runs] for name, runs in taken.items()
    }
    for name, cost in costs.items():
        report.keep(f"{what}_cpu_ms_per_item_{name}", statistics.median(cost))
        print(f"  {name:14} {statistics.median(cost):7.4f} ms of CPU per item")
    for name in (name for name in taken if name != "ours"):
        report.ratio(f"{what}_cpu_vs_{name}", costs["ours"], costs[name])


def _speed(report, taken, where=""):
    """Report items per second, ours over each of the others, and who waited for whom."""
    print()
    speeds = {n: [run.written / run.wall_seconds for run in runs] for n, runs in taken.items()}
    for name, runs in taken.items():
        speed, waiting = statistics.median(speeds[name]), statistics.median(r.waiting for r in runs)
        report.keep(f"items_per_second{where}_{name}", speed)
        report.keep(f"waiting_share{where}_{name}", waiting)
        print(f"  {name:14} {speed:7,.0f} items per second, {waiting:.0%} of the time waiting")
    for name in (name for name in taken if name != "ours"):
        report.ratio(f"items_per_second{where}_vs_{name}", speeds["ours"], speeds[name])
