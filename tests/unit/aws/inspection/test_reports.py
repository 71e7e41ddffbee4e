"""Composing what a dry run or a check found from ledger and bucket."""

from typing import Any

import pytest
from airflow_ddb_migrate.aws.inspection.reports import compose_dry_run, compose_verify
from airflow_ddb_migrate.aws.inspection.totals import evenly_chosen
from airflow_ddb_migrate.core.errors import LedgerError
from airflow_ddb_migrate.core.inspection.dry_run_page import dry_run_markdown
from airflow_ddb_migrate.core.inspection.findings import Findings
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.records import LaneState
from airflow_ddb_migrate.core.mode import Mode
from tests.support.factories import MIGRATION, client_error, migration_record
from tests.support.worlds.site_world import SiteWorld

SECRET = "planted-value"


def begin(world: SiteWorld, **fields: Any) -> None:
    """The record of a dry run of ten lanes."""
    known = {"lanes": 10, "total_segments": 10, "mode": Mode.DRY_RUN, "of": "orders-1"}
    world.site.ledger.create_migration(migration_record(**{**known, **fields}))


def look(world: SiteWorld, lane: int, state: LaneState = LaneState.DONE, **counts: int) -> None:
    """What a worker leaves: its row, and some differences in the bucket, with planted values."""
    found = Findings()
    found.add_sizes(100, 200)
    found.add_error("KeyError", f"key-{lane}")
    world.lane(
        lane,
        state,
        counts=Counts(**{"seen": 10, "changed": 3, **counts}),
        units=Units(read=2),
        findings=found.to_json(),
    )
    row = {
        "key": {"id": {"S": f"{lane}"}},
        "outcome": "changed",
        "before_bytes": 100,
        "after_bytes": 200,
        "attributes": {"a": {"before": None, "after": {"S": SECRET}}},
    }
    for number in (1, 2):
        world.site.bucket.put(f"diff/{lane:06d}/001-00001-{number:06d}.jsonl.gz", [row] * 20)


def compose(world: SiteWorld) -> Any:
    return compose_dry_run(world.site)


def test_lanes_are_added_up(world: SiteWorld) -> None:
    """Counts, findings and units of every lane; a few examples; where all are."""
    begin(world)
    for lane in range(3):
        look(world, lane)

    found = compose(world)

    assert (MIGRATION, "orders-1", "orders", "add_updated_at") == (
        found.migration_id,
        found.of,
        found.table,
        found.transform,
    )
    assert (3, 10, 10) == (found.lanes_done, found.lanes_wanted, found.lanes)
    assert (30, 9, 6, 3) == (found.seen, found.changed, found.read_units, found.write_units)
    assert {"KeyError": 3} == found.findings.errors
    assert 10 == len(found.examples)
    assert {'{"id": {"S": "0"}}', '{"id": {"S": "1"}}', '{"id": {"S": "2"}}'} == {
        one.key for one in found.examples
    }
    assert f"s3://bucket/migrations/{MIGRATION}/diff/" == found.diff_uri


def test_a_sample_is_what_was_asked_for(world: SiteWorld) -> None:
    """Only lanes in scope count, and the table has more."""
    begin(world, scope=(1, 2))
    for lane in range(3):
        look(world, lane)

    found = compose(world)

    assert (2, 2, 10, 20) == (found.lanes_done, found.lanes_wanted, found.lanes, found.seen)
    assert {"KeyError": ["key-1", "key-2"]} == {
        k: sorted(v) for k, v in found.findings.examples.items()
    }


def test_a_lane_in_work_is_not_done(world: SiteWorld) -> None:
    """What it has found so far is there."""
    begin(world)
    look(world, 0, LaneState.RUNNING)
    assert (0, 10) == (compose(world).lanes_done, compose(world).seen)


@pytest.mark.parametrize("show_values", [True, False])
@pytest.mark.parametrize("place", ["values", "migrations"])
def test_values_are_shown_only_where_asked_for(
    world: SiteWorld, show_values: bool, place: str
) -> None:
    """By the dry run's own record, whatever is in the bucket; never as data.

    Workers of an older version kept values among the types.
    """
    begin(world, show_values=show_values)
    look(world, 0)
    for bucket, key in list(world.s3.objects):
        moved = key.replace("migrations/", f"{place}/")
        world.s3.objects[bucket, moved] = world.s3.objects.pop((bucket, key))
    found = compose(world)
    assert show_values == (SECRET in dry_run_markdown(found))
    assert SECRET not in found.to_json() + repr(found)


def test_reading_is_bounded(world: SiteWorld) -> None:
    """However many lanes and objects there are, five of each are asked for."""
    begin(world, lanes=40, total_segments=40)
    for lane in range(40):
        look(world, lane)
    calls: list[str] = []
    world.s3.before = lambda name, _: calls.append(name)

    compose(world)

    assert {"list_objects_v2": 5, "get_object": 5} == {n: calls.count(n) for n in set(calls)}


def test_lanes_without_a_difference_are_not_asked(world: SiteWorld) -> None:
    """Nothing would change: the bucket is not even looked into."""
    begin(world)
    world.lane(0, counts=Counts(seen=10, unchanged=10))
    calls: list[str] = []
    world.s3.before = lambda name, _: calls.append(name)
    assert (compose(world).examples, calls) == ((), [])


def test_expired_differences(world: SiteWorld) -> None:
    """The bucket forgets; the figures stay."""
    begin(world)
    look(world, 0)
    world.s3.objects.clear()
    assert (10, ()) == (compose(world).seen, compose(world).examples)


def test_a_missing_permission_does_not_fail_it(world: SiteWorld) -> None:
    """The figures are there, and in place of the examples what is not allowed."""
    begin(world)
    look(world, 0)

    def deny(name: str, _arguments: Any) -> None:
        raise client_error("AccessDenied", name)

    world.s3.before = deny
    found = compose(world)
    assert 10 == found.seen
    assert found.examples_missing.startswith(
        "unknown: Access denied: s3:ListBucket and s3:GetObject on bucket bucket, migrations/."
    )


def test_without_the_right_to_values_types_are_shown(world: SiteWorld) -> None:
    """And the page says what is not allowed."""
    begin(world, show_values=True)
    look(world, 0)

    def deny(name: str, arguments: Any) -> None:
        if arguments.get("Prefix", "").startswith("values/"):
            raise client_error("AccessDenied", name)

    world.s3.before = deny
    page = dry_run_markdown(compose(world))

    assert SECRET not in page
    assert "Types only. Values: unknown: Access denied: s3:ListBucket and s3:GetObject" in page


def test_a_dry_run_that_never_began(world: SiteWorld) -> None:
    """It is named."""
    with pytest.raises(LedgerError, match=f"knows no migration {MIGRATION}"):
        compose(world)


def test_a_check_is_composed_alike(world: SiteWorld) -> None:
    """From the lanes alone: the bucket is not looked into."""
    begin(world, mode=Mode.VERIFY, lanes=2, total_segments=2)
    look(world, 0, changed=0, unchanged=10)
    look(world, 1, changed=1, unchanged=9)
    world.s3.before = lambda *_: pytest.fail("the bucket was asked")

    checked = compose_verify(world.site)

    assert (MIGRATION, "orders-1", 20, 1) == (
        checked.migration_id,
        checked.of,
        checked.counts.seen,
        checked.would_change,
    )
    assert {"KeyError": 2} == checked.errors
    assert (True, False) == (checked.is_within(3), checked.is_within(2))


@pytest.mark.parametrize(
    ("number", "chosen"),
    [(1, (0,)), (3, (0, 3, 6)), (10, tuple(range(10))), (99, tuple(range(10)))],
)
def test_lanes_are_taken_from_everywhere(number: int, chosen: tuple[int, ...]) -> None:
    """Evenly spread, as many as are wanted, or all."""
    assert chosen == evenly_chosen(tuple(range(10)), number)
