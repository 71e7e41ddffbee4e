"""Migrations that wait for their next attempt, and a step towards it in which something happens."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeAlias

from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.core.errors import AwsRequestError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.holds import HoldKind
from airflow_ddb_migrate.core.ledger.records import ControlRecord
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.limits import HOLD_SECONDS
from botocore.exceptions import EndpointConnectionError
from tests.support.factories import MIGRATION, hold
from tests.support.worlds.site_world import SiteWorld, arn_of

Wait: TypeAlias = Callable[..., int]

NIGHTS = ("22:00-06:00 UTC",)
_WRITES = {"put_item", "update_item"}
_FEWEST_WRITES, _MOST_WRITES = 5, 24  # of one step


def clock_at(text: str) -> float:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC).timestamp()


def after_its_window(world: SiteWorld, **fields: Any) -> int:
    """The second window begins; return the number of the attempt that works in it."""
    world.clock.now = clock_at("11-30 22:30")
    world.start(windows=NIGHTS, **fields)
    world.clock.now = clock_at("12-01 06:00")
    world.end(1, ExecutionStatus.SUCCEEDED)
    assert Outcome.WAITING is tend(world.site).verdict.outcome
    world.clock.now = clock_at("12-01 22:00")
    return 2


def before_its_first_window(world: SiteWorld, **fields: Any) -> int:
    world.clock.now = clock_at("11-30 12:00")
    world.start(windows=NIGHTS, **fields)
    world.clock.now = clock_at("11-30 22:00")
    return 1


def after_its_alarms(world: SiteWorld, **fields: Any) -> int:
    """They ended its first attempt, and are well again."""
    world.cloudwatch.alarms["checkout"] = "ALARM"
    world.start(hold_while=["checkout"], **fields)
    record = hold(HoldKind.HEALTH, since=world.clock())
    assert world.site.ledger.hold(MIGRATION, record, attempt=1)
    world.clock.advance(HOLD_SECONDS + 90)
    world.stepfunctions.end(arn_of(1), ExecutionStatus.SUCCEEDED, at=world.clock())
    world.cloudwatch.alarms["checkout"] = "OK"
    for _ in range(2):
        assert Outcome.WAITING is tend(world.site).verdict.outcome
        world.clock.advance(240)
    return 2


WAITS = [after_its_window, before_its_first_window, after_its_alarms]


@dataclass
class Moment:
    """Something happens before or after one of the writes of a step, or of its StartExecution."""

    number: int
    act: Callable[[], None]
    is_before: bool = True
    passed: int = field(default=0, init=False)
    has_come: bool = field(default=False, init=False)

    @contextmanager
    def within(self, world: SiteWorld) -> Iterator[None]:
        start = world.stepfunctions.start_execution
        world.dynamodb.before = lambda name, _: self._see(name in _WRITES and self.is_before)
        world.dynamodb.after = lambda name, _: self._see(name in _WRITES and not self.is_before)

        def start_execution(**arguments: Any) -> Any:
            self._see(self.is_before)
            answer = start(**arguments)
            self._see(not self.is_before)
            return answer

        world.stepfunctions.start_execution = start_execution  # type: ignore[method-assign]
        try:
            yield
        finally:
            world.stepfunctions.start_execution = start  # type: ignore[method-assign]
            world.dynamodb.before = world.dynamodb.after = lambda *_: None

    def _see(self, is_one: bool) -> None:
        if not is_one or self.has_come:
            return
        self.has_come = self.passed == self.number
        self.passed += 1
        if self.has_come:
            self.act()


def fail(_: SiteWorld) -> None:
    raise EndpointConnectionError(endpoint_url="https://aws")


def looks(world: SiteWorld, seconds: Sequence[float] = (30, 100, 30)) -> list[Outcome]:
    """Look again and again, as its wait does: until AWS would show an execution, and after that."""
    seen = []
    for rest in seconds:
        world.clock.advance(rest)
        with suppress(AwsRequestError):
            seen.append(tend(world.site).verdict.outcome)
    return seen


def control_of(world: SiteWorld) -> ControlRecord:
    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    return control


def number_of(world: SiteWorld) -> int:
    attempt = world.site.ledger.latest_attempt(MIGRATION)
    assert attempt is not None
    return attempt.number


def at_each_moment(
    make_world: Callable[..., SiteWorld],
    dynamodb: Any,
    wait: Wait,
    act: Callable[[SiteWorld], None],
    *,
    is_before: bool = True,
    **fields: Any,
) -> Iterator[tuple[SiteWorld, int]]:
    """Yield worlds, one in the place of another, in which it happened as the next attempt begins.

    It happens before or after each write of that step in turn.
    """
    for number in range(_MOST_WRITES):
        for name in dynamodb.list_tables()["TableNames"]:
            dynamodb.delete_table(TableName=name)
        world = make_world()
        attempt = wait(world, **fields)
        moment = Moment(number, partial(act, world), is_before=is_before)
        with suppress(AwsRequestError), moment.within(world):
            tend(world.site)
        if not moment.has_come:
            break
        yield world, attempt
    assert _FEWEST_WRITES < number
