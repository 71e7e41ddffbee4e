"""A migration that runs is retuned, paused and resumed, on an emulator with real workers."""

import time
from collections.abc import Callable

import pytest
from airflow_ddb_migrate.aws.execution.observe import observe
from airflow_ddb_migrate.aws.execution.rates import reading_of
from airflow_ddb_migrate.aws.execution.steering.pause import pause, resume
from airflow_ddb_migrate.aws.execution.steering.retune import retune
from airflow_ddb_migrate.aws.ledger.events import events
from airflow_ddb_migrate.core.ledger.records import Command
from airflow_ddb_migrate.core.ledger.results import Outcome
from tests.support.waiting import await_that
from tests.support.worlds.chain_world import ChainWorld, begin, finish, request, source

_ITEMS = 1_800
_SLOW, _FAST = 20, 80  # a batch is 25 items: a worker of four writes one every 5 s, and 1.2 s


@pytest.mark.story
def test_retuned_paused_and_resumed(world: ChainWorld) -> None:
    """The rate follows, a pause ends every write, and every item comes out right."""
    table = world.table(_ITEMS)
    site = world.site(table)
    begin(site, request(segments=4, transform="slow", write_units_per_second=_SLOW))
    _wait(lambda: _done(world, table) > 0)

    assert _rate(world, table, 10) <= 1.6 * _SLOW
    words = retune(site, by="ann", write_units_per_second=_FAST)
    assert f"write_units_per_second {_SLOW} -> {_FAST}" in words
    _wait(lambda: _rate(world, table, 2) > 2 * _SLOW)

    pause(site, by="ann", reason="sale")
    _wait(lambda: observe(site).progress.live == 0)
    assert 0 == _rate(world, table, 3)
    assert 0 < _done(world, table) < _ITEMS
    held = observe(site)
    assert "On hold: paused by ann: sale" in held.verdict.reason
    assert (Outcome.RUNNING, True) == (
        held.verdict.outcome,
        reading_of(site, held).is_held,
    )

    retune(site, by="ann", write_units_per_second=0)
    resume(site, by="ann")
    seen = finish(site)

    counts = seen.progress.counts
    assert (Outcome.SUCCEEDED, _ITEMS) == (seen.verdict.outcome, counts.seen)
    # A page that the pause cut short begins again: what it had written is there already.
    assert _ITEMS == counts.changed + counts.already
    done = {"done": {"BOOL": True}}
    assert {f"item-{n:05d}": {**source(n), **done} for n in range(_ITEMS)} == world.items(table)
    control = site.ledger.control(site.migration_id)
    assert (Command.RUN, 0) == (control.command, control.write_units_per_second)
    told = [(event.what, event.by) for event in events(site.ledger, site.migration_id)]
    assert [
        ("STARTED", "test"),
        ("RETUNED", "ann"),
        ("PAUSED", "ann"),
        ("RETUNED", "ann"),
        ("RESUMED", "ann"),
        ("ENDED", "Airflow"),
    ] == told


def _done(world: ChainWorld, table: str) -> int:
    return sum("done" in item for item in world.items(table).values())


def _rate(world: ChainWorld, table: str, seconds: float) -> float:
    """Items written per second, of so many seconds; the table's own, as nobody else can tell."""
    before, began_at = _done(world, table), time.monotonic()
    time.sleep(seconds)  # another process works: there is no clock to inject
    return (_done(world, table) - before) / (time.monotonic() - began_at)


def _wait(holds: Callable[[], object]) -> None:
    await_that(holds, lambda: "see the test", poll_seconds=0.2)
