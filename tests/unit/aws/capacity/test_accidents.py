"""Workers that are killed and calls that are refused in the middle of prewarm and restore."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.aws.capacity.prewarm import still_waiting
from airflow_ddb_migrate.aws.capacity.restore_steps import RestoreWait
from airflow_ddb_migrate.core.errors import (
    AccessDeniedError,
    AwsRequestError,
    CapacityError,
    RestoreError,
    TableNotReadyError,
)
from airflow_ddb_migrate.core.ledger.records import CapacityState
from tests.support.engines.strict_tables import UPDATING_SECONDS
from tests.support.factories import MIGRATION, TABLE, client_error, units
from tests.support.worlds.capacity_world import BEFORE, Place
from tests.support.worlds.migration_world import Proxy

WANTED = units(1_000, 500)


class KilledError(BaseException):
    """The worker is gone: nothing of its code runs any more."""


def kill(proxy: Proxy, operation: str, *, before: bool) -> None:
    """Kill the worker at its next call: before AWS got it, or before its answer came."""

    def hook(name: str, arguments: dict[str, Any]) -> None:
        if name == operation:
            revive(proxy)
            raise KilledError

    setattr(proxy, "before" if before else "after", hook)


def revive(proxy: Proxy) -> None:
    proxy.before = proxy.after = lambda *_: None


@pytest.mark.parametrize("switch", [False, True])
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("at", ["tables", "autoscaling"])
def test_a_prewarm_that_is_killed_is_restored(
    make_place: Callable[..., Place], at: str, before: bool, switch: bool
) -> None:
    """Before the call or after it, at the first target or at the table: the ledger knows."""
    place = make_place("PROVISIONED", 1, "read and write")
    original = place.all()
    operation = {"tables": "update_table", "autoscaling": "register_scalable_target"}[at]
    kill(getattr(place, at), operation, before=before)
    with pytest.raises(KilledError):
        place.prewarm(WANTED, switch_to_on_demand=switch)

    result = place.restore()

    assert (original, ()) == (place.all(), result.kept)


@pytest.mark.parametrize("at", ["tables", "autoscaling"])
def test_a_prewarm_that_is_killed_goes_on(make_place: Callable[..., Place], at: str) -> None:
    """A retried or cleared one raises what is left, and the first snapshot stays."""
    place = make_place("PROVISIONED", 1, "read and write")
    original = place.all()
    operation = {"tables": "update_table", "autoscaling": "register_scalable_target"}[at]
    kill(getattr(place, at), operation, before=False)
    with pytest.raises(KilledError):
        place.prewarm(WANTED)

    asked = place.prewarm(WANTED)
    again = place.prewarm(units(2_000, 600))

    assert BEFORE == asked.before.provisioned[""] == again.before.provisioned[""]
    assert {2_000, 600} == provisioned(place)
    place.restore()
    assert original == place.all()


def provisioned(place: Place) -> set[int]:
    """Return the provisioned figures, but for the reads of indexes, which nobody raises."""
    return {
        value
        for (name, kind, part), value in place.tables.figures().items()
        if kind == "ProvisionedThroughput" and not (name and part == "ReadCapacityUnits")
    }


def lose_answer(place: Place, *, asked_again_after: float) -> None:
    """Let the answer of the next UpdateTable be lost: boto3 makes the same request again."""

    def again(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_table":
            revive(place.tables)
            place.world.clock.advance(asked_again_after)
            place.tables.apply(**arguments)  # refuses figures that are so already

    place.tables.after = again


@pytest.mark.parametrize("switch", [False, True])
@pytest.mark.parametrize("mode", ["PROVISIONED", "PAY_PER_REQUEST"])
def test_a_change_whose_answer_was_lost_is_made(
    make_place: Callable[..., Place], mode: str, switch: bool
) -> None:
    """AWS refuses to make it again, and that is right: neither prewarm nor restore is."""
    place = make_place(mode, 1)
    original = place.all()
    options = {"warm": mode == "PAY_PER_REQUEST", "switch_to_on_demand": switch}

    lose_answer(place, asked_again_after=UPDATING_SECONDS + 1)
    asked = place.prewarm(WANTED, **options)
    assert () == still_waiting(place.world.site.fresh_table(), asked.changes)
    if mode == "PROVISIONED":  # warm throughput is not lowered
        lose_answer(place, asked_again_after=UPDATING_SECONDS + 1)
        result = place.restore()
        assert (original, ()) == (place.all(), result.kept)


def test_a_change_whose_answer_was_lost_and_that_takes_a_while_is_made(
    make_place: Callable[..., Place],
) -> None:
    """Nobody can tell then whose change it is: prewarm's next try waits, restore at once."""
    place = make_place("PROVISIONED", 1)
    original = place.all()

    lose_answer(place, asked_again_after=1)
    with pytest.raises(TableNotReadyError, match="wait until it is ACTIVE") as busy:
        place.prewarm(WANTED)
    place.prewarm(WANTED)
    assert busy.value.retryable
    assert {1_000, 500} == provisioned(place)

    lose_answer(place, asked_again_after=1)
    result = place.restore()
    assert (original, ()) == (place.all(), result.kept)


@pytest.mark.parametrize("switch", [False, True])
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("at", ["tables", "autoscaling"])
def test_a_restore_that_is_killed_goes_on(
    make_place: Callable[..., Place], at: str, before: bool, switch: bool
) -> None:
    """The killed task's next try takes over at once; a third one has nothing to do."""
    place = make_place("PROVISIONED", 1, "read and write")
    original = place.all()
    place.prewarm(WANTED, switch_to_on_demand=switch)
    operation = {"tables": "update_table", "autoscaling": "register_scalable_target"}[at]
    kill(getattr(place, at), operation, before=before)
    with pytest.raises(KilledError):
        place.restore()

    place.restore()
    calls = place.calls()

    assert "Nothing to restore." == str(place.restore())
    assert (original, calls) == (place.all(), place.calls())


def test_a_teardown_that_runs_twice_keeps_its_first_report(
    make_place: Callable[..., Place],
) -> None:
    """The second has nothing to restore, and does not hide in the ledger what the first did."""
    place = make_place()
    place.prewarm(WANTED)
    place.restore()
    noted = place.world.site.ledger.read_note(MIGRATION, "restore")

    place.restore()

    assert noted == place.world.site.ledger.read_note(MIGRATION, "restore")
    assert '"restored": ["table: provisioned capacity 1,000 read' in noted


def test_a_refused_second_raise_does_not_hide_the_first(make_place: Callable[..., Place]) -> None:
    """AWS took 1,000 and refused 9,000: the figure that is there is ours, not somebody's."""
    place = make_place("PROVISIONED", 1)
    original = place.all()
    place.prewarm(WANTED)
    refuse(place.tables, "update_table", "LimitExceededException")
    with pytest.raises(CapacityError, match="9,000 read units, 900 write units"):
        place.prewarm(units(9_000, 900))
    revive(place.tables)

    result = place.restore()

    assert (original, ()) == (place.all(), result.kept)


def refuse(proxy: Proxy, operation: str, code: str) -> None:
    def hook(name: str, arguments: dict[str, Any]) -> None:
        if name == operation:
            raise client_error(code, operation, message="no")

    proxy.before = hook


@pytest.mark.parametrize("code", ["AccessDeniedException", "LimitExceededException"])
def test_auto_scaling_that_may_not_be_changed_leaves_the_table_as_it_was(
    make_place: Callable[..., Place], code: str
) -> None:
    """The second of four targets is refused: the table is not raised, the first comes back."""
    place = make_place("PROVISIONED", 1, "read and write")
    original = place.all()
    seen: list[str] = []

    def second(name: str, arguments: dict[str, Any]) -> None:
        seen.append(name)
        if seen.count("register_scalable_target") == 2 and name == "register_scalable_target":
            raise client_error(code, name, message="no")

    place.autoscaling.before = second
    with pytest.raises((AccessDeniedError, CapacityError), match="table orders"):
        place.prewarm(WANTED)
    assert 0 == place.calls()[0]
    revive(place.autoscaling)

    place.restore()

    assert original == place.all()


def test_auto_scaling_that_may_not_be_read_is_refused_before_anything(
    make_place: Callable[..., Place],
) -> None:
    """It would lower again what is raised: the action to allow is named, the ledger is empty."""
    place = make_place()
    refuse(place.autoscaling, "describe_scalable_targets", "AccessDeniedException")

    with pytest.raises(AccessDeniedError, match="application-autoscaling:DescribeScalableTargets"):
        place.prewarm(WANTED)

    assert place.world.site.leases.get(place.world.site.table.key) is None


def test_an_on_demand_table_needs_no_access_to_auto_scaling(
    make_place: Callable[..., Place],
) -> None:
    """Nothing scales it."""
    place = make_place("PAY_PER_REQUEST")
    refuse(place.autoscaling, "describe_scalable_targets", "AccessDeniedException")

    place.prewarm(WANTED, warm=True)
    place.restore()


def test_a_restore_asks_for_no_names(make_place: Callable[..., Place]) -> None:
    """Whoever restores forgotten capacity may look at targets and set them, and nothing else."""
    place = make_place("PROVISIONED", 1, "read and write")
    original = place.all()
    place.prewarm(WANTED)
    place.autoscaling.calls.clear()

    place.restore()

    assert original == place.all()
    assert {"describe_scalable_targets", "register_scalable_target"} == {
        name for name, _ in place.autoscaling.calls
    }


def test_an_aws_that_changes_too_many_tables_at_once_is_asked_again(
    make_place: Callable[..., Place],
) -> None:
    """That is no quota of units: prewarm waits its turn."""
    place = make_place("PROVISIONED", 1)
    tries: list[str] = []

    def busy(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_table":
            tries.append(name)
            if len(tries) < 3:
                says = "Only 500 tables can be created, updated, or deleted simultaneously"
                raise client_error("LimitExceededException", name, message=says)

    place.tables.before = busy
    place.prewarm(WANTED)

    assert (3, {1_000, 500}) == (len(tries), provisioned(place))


def test_a_switch_too_many_a_day_says_so(make_place: Callable[..., Place]) -> None:
    """It is no quota of units: to lower them would not help."""
    place = make_place("PROVISIONED", 1, "read and write")
    original = place.all()
    refuse(place.tables, "update_table", "LimitExceededException")

    with pytest.raises(CapacityError, match=r"^Table orders: .* turn switch_to_on_demand off\."):
        place.prewarm(WANTED, switch_to_on_demand=True)
    revive(place.tables)
    place.restore()

    assert original == place.all()


# The daily limit of decreases


def test_a_decrease_is_tried_again_until_aws_allows_it(make_place: Callable[..., Place]) -> None:
    """Within the patience, which is an hour: as long as AWS lets one wait."""
    place = make_place("PROVISIONED", 1, "read and write")
    original = place.all()
    place.prewarm(WANTED)
    place.tables.decreases = 0
    began = place.world.clock()
    place.world.clock.when = {began + 3_599: lambda: setattr(place.tables, "decreases", 1)}

    result = place.restore()

    assert (original, ()) == (place.all(), result.kept)
    assert began + 3_600 <= place.world.clock() < began + 3_700


def test_nobody_else_restores_while_one_waits(make_place: Callable[..., Place]) -> None:
    """The right to restore is renewed all that time."""
    place = make_place()
    place.prewarm(WANTED)
    place.tables.decreases = 0
    refused: list[str] = []

    def other() -> None:
        with pytest.raises(RestoreError, match="being restored by first") as error:
            place.restore(by="second")
        refused.append(str(error.value))
        place.tables.decreases = 1

    place.world.clock.when = {place.world.clock() + 3_000: other}
    place.restore(by="first")

    assert 1 == len(refused)


def test_out_of_patience_it_says_what_stays_raised_and_what_it_costs(
    make_place: Callable[..., Place],
) -> None:
    """And the capacity is owed until the next try."""
    place = make_place("PROVISIONED", 0)
    original = place.all()
    place.prewarm(WANTED)
    place.tables.decreases = 0

    with pytest.raises(RestoreError) as failed:
        place.restore(wait=RestoreWait(refused_seconds=900))

    assert (
        "table: provisioned capacity 1,000 read / 500 write -> 50 read / 25 write units per "
        "second. Until then it costs $0.43 more per hour." in str(failed.value)
    )
    assert "Number of decreases today: 4." in str(failed.value)
    assert CapacityState.RAISED is place.world.lease.capacity_state
    place.tables.decreases = 1
    place.restore()
    assert original == place.all()


@pytest.mark.parametrize("scaling", ["no", "read and write"])
@pytest.mark.parametrize("code", ["ThrottlingException", "RequestLimitExceeded"])
def test_a_throttled_control_plane_is_asked_again(
    make_place: Callable[..., Place], scaling: str, code: str
) -> None:
    """It says nothing about the units: neither prewarm nor restore gives up."""
    place = make_place("PROVISIONED", 1, scaling)
    original = place.all()

    throttle(place.tables, "update_table", code)
    place.prewarm(WANTED)
    assert {1_000, 500} == provisioned(place)
    throttle(place.tables, "update_table", code)
    result = place.restore()

    assert (original, ()) == (place.all(), result.kept)


@pytest.mark.parametrize("code", ["ThrottlingException", "ConcurrentUpdateException"])
def test_a_busy_auto_scaling_is_worth_another_try(
    make_place: Callable[..., Place], code: str
) -> None:
    """The task may be retried, and its next try goes on."""
    place = make_place("PROVISIONED", 1, "read and write")
    throttle(place.autoscaling, "register_scalable_target", code, times=1)

    with pytest.raises(AwsRequestError, match=rf"table orders failed .*{code}") as failed:
        place.prewarm(WANTED)
    place.prewarm(WANTED)

    assert failed.value.retryable
    assert {1_000, 500} == provisioned(place)


@pytest.mark.parametrize("scaling", ["no", "read and write", "suspended"])
def test_a_change_that_somebody_just_made_is_not_lost(
    make_place: Callable[..., Place], scaling: str
) -> None:
    """The table still shows the old figures: prewarm lets the change end, restore keeps it."""
    place = make_place("PROVISIONED", 0, scaling)
    theirs = {"ReadCapacityUnits": 80, "WriteCapacityUnits": 40}
    place.tables.apply(TableName=TABLE, ProvisionedThroughput=theirs)
    original = place.all()

    with pytest.raises(TableNotReadyError, match=r"table orders is UPDATING; .* try again"):
        place.prewarm(WANTED)
    assert place.world.site.leases.get(place.world.site.table.key) is None
    place.world.clock.advance(60)
    place.prewarm(WANTED)
    place.restore()

    assert original == place.all()


def throttle(proxy: Proxy, operation: str, code: str, *, times: int = 3) -> None:
    """Refuse the next calls."""
    left = [code] * times

    def hook(name: str, arguments: dict[str, Any]) -> None:
        if name == operation and left:
            raise client_error(left.pop(), name, message="Rate exceeded")

    proxy.before = hook
