"""What the page in Airflow's UI is told of a migration."""

import json

import pytest
from airflow_ddb_migrate.aws.execution.steering.pause import pause, resume
from airflow_ddb_migrate.aws.execution.steering.retune import retune
from airflow_ddb_migrate.aws.ledger import history
from airflow_ddb_migrate.aws.ledger.lanes import Lanes
from airflow_ddb_migrate.aws.ledger.scans import all_history
from airflow_ddb_migrate.aws.report.view import look_at_lane, look_at_quarantine, view_of
from airflow_ddb_migrate.aws.services.bucket import QUARANTINE
from airflow_ddb_migrate.core.capacity.owed import note_raised
from airflow_ddb_migrate.core.errors import LedgerError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.execution.rates import Pulses
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.notes import PLAN
from airflow_ddb_migrate.core.ledger.records import Command, LaneState
from airflow_ddb_migrate.core.ledger.throttles import Throttles
from airflow_ddb_migrate.core.limits import HOLD_SECONDS
from tests.support.factories import (
    LEDGER,
    MIGRATION,
    NOW,
    at,
    client_error,
    migration_record,
    snapshot,
)
from tests.support.worlds.site_world import SiteWorld, arn_of

TROUBLE = ("throttles", "conflicts", "trouble")


def quarantine(world: SiteWorld, objects: int, rows: int = 1, **more: object) -> None:
    """Set items aside as workers do."""
    for number in range(objects):
        world.site.bucket.put(
            f"{QUARANTINE}/000000/001-00001-{number:06d}.jsonl.gz",
            [
                {
                    "key": {"id": {"S": f"{number}-{row}"}},
                    "error_class": "TransformError",
                    "message": "no",
                    "segment": 0,
                    "cursor": {},
                    **more,
                }
                for row in range(rows)
            ],
        )


def test_a_running_migration_is_shown_whole(world: SiteWorld) -> None:
    """State in prose, a letter for each lane, what is counted, spent and told to the workers."""
    world.start()
    world.lane(0, counts=Counts(seen=5, changed=4, unchanged=1), units=Units(2.5, 8))
    world.lane(1, LaneState.RUNNING)
    world.lane(3, LaneState.FAILED, error="Boom", cause="why")

    view = view_of(at(world.site, NOW))

    assert ("RUNNING", True, "drpf", 1) == (
        view["outcome"],
        view["is_live"],
        view["lanes"],
        view["attempt"],
    )
    assert "1 of 4 segments done (25 %)" in view["reason"]
    assert (5, 2.5) == (view["counts"]["seen"], view["units"]["read"])
    assert Command.RUN == view["control"]["command"]  # type: ignore[index]
    assert view["pulse"] is not None
    assert 0 < (view["pulse"]["dollars"] or 0)
    assert json.dumps(view)


def test_rates_are_since_the_looks_before(world: SiteWorld) -> None:
    """By the same reckoning as in the task's log; a first look knows the average only."""
    world.start(write_units_per_second=50)
    pulses = Pulses(90)
    world.lane(0, LaneState.RUNNING, counts=Counts(seen=10, changed=10), units=Units(5, 200, 100))
    first = view_of(at(world.site, NOW + 10), pulses)["pulse"]
    world.lane(0, LaneState.RUNNING, counts=Counts(seen=70, changed=70), units=Units(35, 600, 300))
    second = view_of(at(world.site, NOW + 20), pulses)["pulse"]

    assert first is not None
    assert second is not None
    assert (None, 1.0, 50.0) == (
        first["items_now"],
        first["items_on_average"],
        first["write_units_per_second"],
    )
    assert (6.0, 20.0, 0.4) == (second["items_now"], second["written_now"], second["write_share"])


def test_the_budget_of_the_past_is_shown(world: SiteWorld) -> None:
    """Whoever opens the page late sees what was in force when."""
    world.start(write_units_per_second=50)
    retune(at(world.site, NOW + 10), by="ann", write_units_per_second=20)
    pause(at(world.site, NOW + 20), by="ann")
    resume(at(world.site, NOW + 30), by="ann")

    steps = view_of(at(world.site, NOW + 40))["budget"]

    assert [(NOW, 50), (NOW + 10, 20), (NOW + 20, 0), (NOW + 30, 20)] == [
        (step["at"], step["write"]) for step in steps
    ]


def test_throttles_and_conflicts_are_shown(world: SiteWorld) -> None:
    """Of all lanes, and of the one that is looked at."""
    world.start()
    reason = "TableWriteKeyRangeThroughputExceeded"
    for lane in range(2):
        world.lane(lane, throttles=Throttles({reason: 2}), conflicts=1)

    view, lane_ = view_of(at(world.site, NOW)), look_at_lane(world.site, 1)

    assert ({reason: 4}, 2) == (view["throttles"], view["conflicts"])
    assert view["trouble"].startswith("throttled 4 writes: key range 4; 2 items transformed again")
    assert ({reason: 2}, 1) == (lane_["throttles"], lane_["conflicts"])
    assert ({}, 0, "") == tuple(look_at_lane(world.site, 2)[name] for name in TROUBLE)  # type: ignore[literal-required]


def test_looking_changes_nothing(world: SiteWorld) -> None:
    """Ten viewers may look as often as they like."""
    world.start()
    world.end()
    before = world.site.ledger.latest_attempt(MIGRATION), world.lease

    view_of(at(world.site, NOW))

    assert before == (world.site.ledger.latest_attempt(MIGRATION), world.lease)


def test_the_lanes_are_read_once(world: SiteWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are by far the largest part: 16 partition keys, 5 MB for 10,000 lanes."""
    world.start()
    read, read_all = [], Lanes.all
    monkeypatch.setattr(Lanes, "all", lambda *args: read.append(args) or read_all(*args))

    view_of(at(world.site, NOW))

    assert 1 == len(read)


def test_what_is_only_planned_is_shown_with_its_plan(world: SiteWorld) -> None:
    """Somebody has to approve it."""
    plan = {"items": 9, "lanes": 3, "total_segments": 3, "transform": "t", "basis": {"x": 1}}
    world.site.ledger.note(MIGRATION, PLAN, json.dumps(plan))

    view = view_of(at(world.site, NOW))

    assert ("PLANNED", "ppp", "t") == (view["outcome"], view["lanes"], view["transform"])
    assert {"items": 9, "total_segments": 3} == view["plan"]
    assert "no item was changed" in view["reason"]


def test_raised_capacity_is_pointed_out(world: SiteWorld) -> None:
    """Until restore has run; a bill left high must not go unseen."""
    world.start()
    calm = view_of(at(world.site, NOW))["capacity"]
    world.site.leases.change(
        world.site.table.key, lambda lease: note_raised(lease, MIGRATION, snapshot(), ())
    )

    assert ("", "Raised by this migration; it is not restored yet.") == (
        calm,
        view_of(at(world.site, NOW))["capacity"],
    )


def test_a_pause_is_explained(world: SiteWorld) -> None:
    """While it lasts, and after it has ended the execution with Airflow down."""
    world.start()
    world.lane(0, LaneState.PENDING)
    world.lane(1)
    calm = view_of(at(world.site, NOW))
    pause(at(world.site, NOW), by="ann")
    world.site.leases.change(
        world.site.table.key, lambda lease: note_raised(lease, MIGRATION, snapshot(), ())
    )
    paused = view_of(at(world.site, NOW + 60))
    world.stepfunctions.end(arn_of(1), ExecutionStatus.SUCCEEDED, at=NOW + HOLD_SECONDS + 90)
    ended = view_of(at(world.site, NOW + 10**5))

    assert ("", []) == (calm["hold"], calm["holds"])
    words = "An hour of waiting costs at most $0.0027 for 1 child, and the raised capacity"
    assert f"paused by ann. Resume continues where it stopped. {words}" in paused["hold"]
    assert [("person", "ann", True)] == [
        (hold["kind"], hold["by"], hold["resumable"]) for hold in paused["holds"]
    ]
    assert "the execution ended by itself at 2023-11-14T23:14:50.000Z" in ended["hold"]
    assert "not restored yet" in ended["hold"]
    assert [] == ended["holds"]
    assert ("FAILED", False) == (ended["outcome"], ended["is_live"])


def test_a_finished_migration_is_not_on_hold(world: SiteWorld) -> None:
    """A pause that came after the last segment changes nothing."""
    world.start()
    pause(at(world.site, NOW), by="ann")
    for lane in range(4):
        world.lane(lane)
    world.end(1, ExecutionStatus.SUCCEEDED)

    assert "" == view_of(at(world.site, NOW + 10**5))["hold"]


def test_a_lane_is_shown_with_its_numbers(world: SiteWorld) -> None:
    """Error and cause, laps and items; the cursor stays in the ledger."""
    world.start()
    world.lane(2, LaneState.FAILED, error="Boom", cause="why", counts=Counts(seen=3, changed=3))

    lane = look_at_lane(world.site, 2)

    assert (2, "FAILED", "Boom", "why", 1, 3) == (
        lane["lane"],
        lane["state"],
        lane["error"],
        lane["cause"],
        lane["laps"],
        lane["counts"]["seen"],
    )
    assert "cursor" not in lane


def test_a_lane_that_was_never_begun_is_pending(world: SiteWorld) -> None:
    """It has no row in the ledger."""
    world.start()

    assert ("PENDING", 0) == (
        look_at_lane(world.site, 1)["state"],
        look_at_lane(world.site, 1)["laps"],
    )


@pytest.mark.parametrize("lane", [-1, 4])
def test_there_is_no_other_lane(world: SiteWorld, lane: int) -> None:
    """The message says which there are."""
    world.start()

    with pytest.raises(LedgerError, match="lanes are 0 to 3"):
        look_at_lane(world.site, lane)


def test_the_quarantine_shows_keys_and_errors_never_items(world: SiteWorld) -> None:
    """Values stay in the bucket, also where the migration shows them there."""
    quarantine(world, 1, item={"id": {"S": "0-0"}, "secret": {"S": "x"}})

    found = look_at_quarantine(world.site)

    assert [("0-0", "TransformError")] == [
        (row["key"]["id"]["S"], row["error_class"]) for row in found["rows"]
    ]
    assert "secret" not in json.dumps(found)


def test_the_quarantine_is_read_in_part(world: SiteWorld) -> None:
    """However many items there are, a look reads a few objects."""
    quarantine(world, 40, rows=30)
    reads = []
    world.s3.before = lambda name, arguments: reads.append(name)

    found = look_at_quarantine(world.site)

    assert (50, 5) == (len(found["rows"]), reads.count("get_object"))


def test_who_may_not_read_the_bucket_is_told(world: SiteWorld) -> None:
    """The rest of the page does not suffer."""

    def refuse(name: str, arguments: object) -> None:
        raise client_error("AccessDenied")

    world.s3.before = refuse

    found = look_at_quarantine(world.site)

    assert [] == found["rows"]
    assert found["unknown"].startswith("unknown: ")
    assert found["where"].endswith(f"{MIGRATION}/quarantine/")


def test_all_migrations_are_listed_the_newest_first(world: SiteWorld) -> None:
    """Of every table, with the DAG run that started them."""
    ledger = world.site.ledger
    run = "manual__2026-01-01T00:00:00+00:00, 2"
    for number, who in enumerate((f"DAG d.x-1, run {run}", "me")):
        record = migration_record(
            migration_id=f"m{number}",
            table_arn=f"arn:t/{number}",
            started_at=NOW + number,
            started_by=who,
        )
        history.begin(ledger, record, "hash")
    world.start()

    rows, is_whole = all_history(world.dynamodb, LEDGER)

    known = [row for row in rows if row["migration_id"] != MIGRATION]
    assert True is is_whole
    assert [
        ("m1", "arn:t/1", "", ""),
        ("m0", "arn:t/0", "d.x-1", "manual__2026-01-01T00:00:00+00:00, 2"),
    ] == [(row["migration_id"], row["table_arn"], row["dag_id"], row["run_id"]) for row in known]
