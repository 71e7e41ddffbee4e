"""One run of a campaign: a kind of fault with a seed, and all that is checked afterwards.

A seed decides the traffic, what is struck, and when, counted in requests; in which order concurrent
requests arrive is up to the processes, so a repeated seed gives the same schedule of faults, and
nearly the same run. Odd seeds run on the double of AWS, even ones on the emulator as it is.
"""

import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.mode import Mode
from ddb_transform.objects import undo_log
from tests.faults.cases import keep_case
from tests.faults.checker import Evidence, Migrated, Rule, Violation, check
from tests.faults.course import migrate
from tests.faults.kinds import Ends, FaultKind
from tests.faults.leaks import leaks
from tests.faults.results import Result, grouped
from tests.faults.run import ITEMS, Run
from tests.faults.world import FaultWorld, short_pages


def run_one(world: FaultWorld, kind: FaultKind, seed: int, outage_seconds: float = 30.0) -> Result:
    """Run one kind with one seed, and check."""
    began = time.monotonic()
    run = drive(world, kind, seed, outage_seconds)
    violations = [*run.violations, *checked(run)]
    if violations:
        keep_case(run, violations)
    return Result(
        kind=kind.name,
        seed=seed,
        ends=tuple(run.ends),
        struck=run.struck(),
        seconds=round(time.monotonic() - began, 1),
        violations=grouped(violations),
    )


def drive(world: FaultWorld, kind: FaultKind, seed: int, outage_seconds: float = 30.0) -> Run:
    """Run one kind with one seed to its end; whatever nobody foresaw is a violation, too."""
    with _right_again(world):
        world.proxy.engine = world.double if seed % 2 else None
        run = Run(
            world=world,
            name=kind.name,
            seed=seed,
            seconds=kind.seconds,
            stack=kind.stack,
            options=kind.options,
            outage_seconds=outage_seconds,
        )
        try:
            _go_through(run, kind)
        except Exception as exc:  # noqa: BLE001  # the campaign goes on
            run.said.append(traceback.format_exc())
            run.violate(Rule.END, f"{type(exc).__name__}: {exc}")
    return run


@contextmanager
def _right_again(world: FaultWorld) -> Iterator[None]:
    """No fault of one run reaches the next, nor the check."""
    world.proxy.faults = (short_pages,)
    world.skew.unlink(missing_ok=True)
    try:
        yield
    finally:
        world.proxy.faults, world.proxy.engine = (short_pages,), None
        world.skew.unlink(missing_ok=True)


def _go_through(run: Run, kind: FaultKind) -> None:
    with run.live():
        kind.inject(run)
        run.break_transform()
        if kind.drive:
            kind.drive(run, kind.during)
        else:
            migrate(
                run,
                kind.during,
                may_be_red=kind.ends is not Ends.GREEN,
                must_be_red=kind.ends is Ends.RED,
            )


def checked(run: Run) -> list[Violation]:
    """Look at everything that the run left behind."""
    application = run.application
    lease = run.site.leases.get(run.site.table.key) if run.sites else None
    return check(
        Evidence(
            history=application.history,
            at_end=application.read_all(),
            has_totals=application.manner.has_totals,
            loaded=application.keys[:ITEMS],
            undo=[record for site in run.sites for record in _undo_records(site)],
            migrations=[_migrated(site) for site in run.sites],
            before=run.before,
            after=run.capacity(),
            lease=lease,
            leaks=leaks(run),
            is_undone=run.is_undone,
        )
    )


def _undo_records(site) -> Iterable[dict]:
    """Read the undo log as an undo does."""
    record = site.ledger.migration(site.migration_id)
    for lane in range(record.lanes if record else 0):
        for stem, has_void in undo_log.stems(site.bucket, lane):
            yield from undo_log.records(site.bucket, stem, has_void=has_void)


def _migrated(site) -> Migrated:
    rows = list(site.lanes.all(site.migration_id))
    record = site.ledger.migration(site.migration_id)
    counts = sum((row.counts for row in rows), Counts())
    is_whole = record is not None and record.mode is Mode.MIGRATE
    return Migrated(name=site.migration_id, counts=counts, is_whole=is_whole)
