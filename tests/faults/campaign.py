"""The campaign: every kind of fault with every seed, each run checked afterwards.

``make faults`` runs it. A seed decides the traffic, what is struck, and when, counted in requests;
in which order concurrent requests arrive is up to the processes, so a repeated seed gives the same
schedule of faults, and nearly the same run.
"""

import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from airflow_ddb_migrate.core.messages import Counts
from airflow_ddb_migrate.core.records import Mode
from ddb_transform import undo
from tests.faults.checker import Evidence, Migrated, Rule, Violation, check
from tests.faults.course import migrate
from tests.faults.kinds import KINDS, Ends, FaultKind
from tests.faults.leaks import leaks
from tests.faults.run import ITEMS, Run
from tests.faults.world import FaultWorld, fault_world, short_pages

LATEST = Path(__file__).parents[2] / ".faults" / "latest.json"

_SHOWN = 3

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run. ``ends`` are the verdicts in their order, ``struck`` how often the fault hit."""

    kind: str
    seed: int
    ends: tuple[str, ...]
    struck: int
    seconds: float
    violations: tuple[str, ...]

    @property
    def repeat(self) -> str:
        return f"make faults FAULTS_ONLY={self.kind} FAULT_SEED={self.seed}"


def run_one(world: FaultWorld, kind: FaultKind, seed: int, outage_seconds: float = 30.0) -> Result:
    """Run one kind with one seed, and check."""
    began = time.monotonic()
    run = drive(world, kind, seed, outage_seconds)
    violations = [*run.violations, *checked(run)]
    return Result(
        kind=kind.name,
        seed=seed,
        ends=tuple(run.ends),
        struck=run.struck(),
        seconds=round(time.monotonic() - began, 1),
        violations=_grouped(violations),
    )


def _grouped(violations: Sequence[Violation]) -> tuple[str, ...]:
    """Say each rule once, with a few of its details."""
    details: dict[str, list[str]] = {}
    for violation in violations:
        details.setdefault(str(violation.rule), []).append(violation.detail)
    return tuple(
        f"{rule} ({len(found)}): {', '.join(found[:_SHOWN])}" for rule, found in details.items()
    )


def drive(world: FaultWorld, kind: FaultKind, seed: int, outage_seconds: float = 30.0) -> Run:
    """Run one kind with one seed to its end; whatever nobody foresaw is a violation, too."""
    with _right_again(world):
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
        world.proxy.faults = (short_pages,)
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
        for stem, has_void in undo.stems(site.bucket, lane):
            yield from undo.records(site.bucket, stem, has_void=has_void)


def _migrated(site) -> Migrated:
    rows = list(site.lanes.all(site.migration_id))
    record = site.ledger.migration(site.migration_id)
    counts = sum((row.counts for row in rows), Counts())
    is_whole = record is not None and record.mode is Mode.MIGRATE
    return Migrated(name=site.migration_id, counts=counts, is_whole=is_whole)


def campaign(
    world: FaultWorld, names: Sequence[str], seeds: Iterable[int], outage_seconds: float, say: Say
) -> list[Result]:
    """Run kinds by seeds, seed after seed, so that a campaign cut short has been everywhere."""
    results = []
    for seed in seeds:
        for name in names:
            result = run_one(world, KINDS[name], seed, outage_seconds)
            results.append(result)
            say(_line(result))
            keep(results)
    return results


def keep(results: Sequence[Result]) -> None:
    LATEST.parent.mkdir(exist_ok=True)
    LATEST.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")


def table(results: Sequence[Result]) -> str:
    """Return kinds by runs and violations, as Markdown."""
    head = ("kind", "where", "runs", "struck", "green / red at first", "violations")
    rows = [head, ("---",) * len(head)]
    for name, kind in KINDS.items():
        mine = [result for result in results if result.kind == name]
        if mine:
            first = [result.ends[0] if result.ends else "none" for result in mine]
            rows.append(
                (
                    f"`{name}`",
                    kind.where,
                    str(len(mine)),
                    str(sum(result.struck > 0 for result in mine)),
                    f"{first.count('green')} / {first.count('red')}",
                    str(sum(len(result.violations) for result in mine)),
                )
            )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def kinds_table() -> str:
    """Return what there is, as docs/faults.md has it."""
    return "\n".join(f"| `{one.name}` | {one.where} | {one.what} |" for one in KINDS.values())


def _line(result: Result) -> str:
    state = "; ".join(result.violations) or "ok"
    ends = ", then ".join(result.ends) or "no end"
    line = f"{result.kind} {result.seed}: {ends}, struck {result.struck}, {result.seconds:.1f} s: "
    repeat = f"\n  again: {result.repeat}" if result.violations else ""
    return f"{line}{state}{repeat}"


def main() -> int:
    """Run what the environment says; see the Makefile."""
    only = os.environ.get("FAULTS_ONLY") or ""
    names = [name for name in KINDS if not only or name in only.split(",")]
    seed = os.environ.get("FAULT_SEED") or ""
    seeds = [int(seed)] if seed else range(int(os.environ.get("FAULT_SEEDS") or 50))
    outage = float(os.environ.get("FAULT_OUTAGE_SECONDS") or 30)
    if not names:
        print(f"FAULTS_ONLY={only} names none of: {', '.join(KINDS)}")
        return 2
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
        fault_world(Path(folder)) as world,
    ):
        results = campaign(world, names, seeds, outage, partial(print, flush=True))
    print(f"\n{table(results)}\n\nKept in {LATEST}.")
    return int(any(result.violations for result in results))


if __name__ == "__main__":
    sys.exit(main())
