"""One run: a table under live traffic, a migration of it, a fault, and what a person then does."""

import itertools
import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from airflow_ddb_migrate.aws.capacity import prewarm
from airflow_ddb_migrate.aws.capacity.restore import restore
from airflow_ddb_migrate.aws.capacity.wait import CapacityWait
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.execution import tend
from airflow_ddb_migrate.aws.execution.observe import Observation
from airflow_ddb_migrate.aws.execution.starting import start
from airflow_ddb_migrate.aws.execution.starting.start import StartRequest, StartResult
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.limits import OWNER_SECONDS
from botocore.exceptions import BotoCoreError, ClientError
from tests.faults.checker import Rule, Violation
from tests.faults.planting import Planting
from tests.faults.world import AS_SHIPPED, WORKERS, FaultWorld
from tests.live.application import MANNERS, Application, Manner
from tests.live.traffic import LiveTraffic, LossyClient
from tests.support.factories import at, data_table
from tests.support.waiting import HANG_SECONDS
from tests.support.worlds.chain_world import request

ITEMS = 160
LIVE_RATE = 7.0  # per thread and second, of three: a third of what is migrated meanwhile

_BEFORE = {"ReadCapacityUnits": 20, "WriteCapacityUnits": 20}
RAISED = CapacityUnits(60, 40)

_POLL_SECONDS = 0.7
_DRAINING_SECONDS = 8.0
_names = itertools.count(1)

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """How the transform goes wrong, as transforms/faulty.py has it.

    ``once``: how often; 0: until it is fixed.
    """

    how: str = ""
    bad: Sequence[str] = ()
    once: int = 0


@dataclass(kw_only=True)
class Run:
    """What a kind of fault works on. ``said`` is all that a person was told meanwhile."""

    world: FaultWorld
    name: str
    seed: int
    seconds: float = 0.02
    stack: str = AS_SHIPPED
    options: Mapping[str, Any] = field(default_factory=dict)
    outage_seconds: float = 30.0
    trouble: Trouble = field(default_factory=Trouble)
    table: str = ""
    application: Application = field(init=False)
    traffic: LiveTraffic | None = field(default=None, init=False)
    sites: list[Site] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    struck: Callable[[], int] = lambda: 1
    waited: float = 0.0
    began_at: float = field(default_factory=time.time)
    migrations: set[str] = field(default_factory=set)
    finished_before: bool = False
    is_undone: bool = False

    def __post_init__(self) -> None:
        self.table = self.table or f"faults-{self.name}-{self.seed}-{next(_names)}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.world.stack(self.stack)
        self.make_table()
        self.application = self.new_application()

    @cached_property
    def draw(self) -> random.Random:
        return random.Random(f"{self.name}-{self.seed}")

    @cached_property
    def clients(self) -> Clients:
        return self.world.airflow_clients()

    @cached_property
    def base(self) -> int:
        """The workers' requests before this run."""
        return self.world.proxy.counts.get(WORKERS, 0)

    @property
    def canary(self) -> str:
        return f"canary-{self.name}-{self.seed}-never-to-be-seen"

    @property
    def folder(self) -> Path:
        """Where the transform looks for what is broken."""
        return self.world.folder / "broken" / f"{self.name}-{self.seed}"

    @property
    def _struck(self) -> Path:
        return self.folder.with_suffix(".struck")

    @property
    def manner(self) -> Manner:
        return MANNERS[self.seed % len(MANNERS)]

    @property
    def site(self) -> Site:
        """The migration that is worked on."""
        return self.sites[-1]

    def make_table(self) -> None:
        data_table(
            self.world.clients.dynamodb,
            self.table,
            BillingMode="PROVISIONED",
            ProvisionedThroughput=_BEFORE,
        )

    def new_application(self) -> Application:
        dynamodb = LossyClient(self.world.endpoint.client(), self.seed)
        application = Application(Planting(dynamodb, self.canary), self.table, self.manner)
        application.while_due.load(ITEMS, random.Random(f"{self.seed}-load"))
        return application

    @contextmanager
    def live(self) -> Iterator[None]:
        """Live traffic, while it lasts."""
        assert self.base >= 0  # the workers' requests are counted from here
        self.begin_traffic()
        try:
            yield
        finally:
            self.end_traffic()

    def begin_traffic(self) -> None:
        self.traffic = LiveTraffic(self.application, self.seed, rate=LIVE_RATE)
        self.traffic.__enter__()

    def end_traffic(self) -> None:
        traffic, self.traffic = self.traffic, None
        if traffic:
            traffic.__exit__(None, None, None)

    def capacity(self) -> dict[str, int]:
        known = self.world.clients.dynamodb.describe_table(TableName=self.table)["Table"]
        return {name: known["ProvisionedThroughput"][name] for name in _BEFORE}

    @property
    def before(self) -> dict[str, int]:
        return dict(_BEFORE)

    def now(self) -> float:
        """The time of whoever waits for dead workers to be counted as dead; see ``finish``."""
        return time.time() + self.waited

    def open(self, run: str = "run") -> Site:
        """Begin a migration of its own, as a DAG run does."""
        site = self.as_airflow(
            lambda: self.world.site(self.clients, self.table, f"{run}-{self.seed}", self.stack)
        )
        self.sites.append(site)
        self.migrations.add(site.migration_id)
        return site

    def prewarm(self) -> None:
        site = self.site
        raised = self.as_airflow(lambda: prewarm.prewarm(at(site, self.now()), RAISED, warm=False))
        wait = CapacityWait(
            changes=raised.changes,
            deadline=self.now() + HANG_SECONDS,
            poke_interval=_POLL_SECONDS,
        )
        while self.as_airflow(lambda: wait.look(at(site, self.now()))):
            time.sleep(_POLL_SECONDS)  # the table is UPDATING: there is no clock to inject
        assert self.capacity() != self.before

    def start(self, **fields: Any) -> StartResult:
        wanted = self.request(**fields)
        started = self.as_airflow(lambda: start.start(at(self.site, self.now()), wanted))
        self.said.append(started.explanation)
        return started

    def request(self, **fields: Any) -> StartRequest:
        params = {
            "seconds": self.seconds,
            "folder": str(self.folder),
            "how": self.trouble.how,
            "bad": list(self.trouble.bad),
            "struck": str(self._struck),
        }
        known = {
            "segments": 3 + self.seed % 3,
            "transform": "faulty",
            "params": params,
            "slice_seconds": (0, 2.0, 4.0)[self.seed // 3 % 3],
        }
        return request(**{**known, **self.options, **fields})

    def finish(self) -> Observation:
        """Tend the migration until it is over.

        When an execution has ended and workers still count as live, they are dead in this world:
        after some seconds the clock is set on by the minute that a person would wait.
        """
        deadline = time.monotonic() + HANG_SECONDS + 2 * self.outage_seconds
        draining_since = 0.0
        while time.monotonic() < deadline:
            seen = self.as_airflow(lambda: tend.tend(at(self.site, self.now())))
            if seen.is_over:
                self.said.append(seen.verdict.reason)
                return seen
            if seen.verdict.outcome is Outcome.DRAINING:
                draining_since = draining_since or time.monotonic()
                if time.monotonic() - draining_since > _DRAINING_SECONDS:
                    self.waited += OWNER_SECONDS + 1
            time.sleep(_POLL_SECONDS)  # other processes work: there is no clock to inject
        raise TimeoutError(f"It did not end: {seen.verdict.reason}")

    def until_requests(self, number: int) -> bool:
        """Wait for the workers' n-th request; tell whether it came before the end."""
        looked = time.monotonic()
        while self.world.proxy.counts.get(WORKERS, 0) - self.base < number:
            if time.monotonic() - looked > _POLL_SECONDS:
                looked = time.monotonic()
                if self.is_over():
                    return False
            time.sleep(0.02)  # another process counts: there is no clock to inject
        return True

    def is_over(self) -> bool:
        attempt = self.site.ledger.latest_attempt(self.site.migration_id)
        if attempt is None:
            return False
        return not self.site.execution_of(attempt).status.is_live

    def restore(self) -> None:
        site = self.site
        self.said.append(str(self.as_airflow(lambda: restore(site, by="a person"))))

    def break_transform(self) -> None:
        if self.trouble.how:
            self._struck.write_text("")
            self.struck = lambda: self._struck.stat().st_size
        if self.trouble.once:
            for number in range(self.trouble.once):
                (self.folder / f"once-{number}").touch()
        elif self.trouble.how:
            (self.folder / "broken").touch()

    def fix(self) -> None:
        """What a person does after reading the report: fix the transform."""
        shutil.rmtree(self.folder)
        self.folder.mkdir()

    def settle(self, seen: Observation) -> None:
        """Note an end that has to be green."""
        self.ends.append(word_of(seen))
        if seen.verdict.outcome is Outcome.FAILED:
            self.violate(Rule.END, seen.verdict.reason)

    def violate(self, rule: Rule, detail: str) -> None:
        self.said.append(detail)
        self.violations.append(Violation(rule, detail))

    def as_airflow(self, step: Callable[[], Answer]) -> Answer:
        """Do a step, again while trying again may help, as a task with retries does."""
        deadline = time.monotonic() + 60 + 2 * self.outage_seconds
        while True:
            try:
                return step()
            except (MigrationError, BotoCoreError, ClientError) as exc:
                self.said.append(str(exc))
                may_help = not isinstance(exc, MigrationError) or exc.retryable
                if not may_help or time.monotonic() > deadline:
                    raise
                if "still ending" in str(exc):
                    self.waited += OWNER_SECONDS + 1
            time.sleep(0.3)

    def bad_keys(self, count: int) -> list[str]:
        """Choose items that were there from the start and are not to be deleted."""
        first = [o for o in self.application.history[:ITEMS] if not o.wrote.get("expired")]
        return [o.key for o in self.draw.sample(first, count)]


def word_of(seen: Observation) -> str:
    return "green" if seen.verdict.outcome is Outcome.SUCCEEDED else "red"
