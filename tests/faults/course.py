"""The course of a run: what a DAG run does, and a person after one that went red."""

from collections.abc import Callable

from airflow_ddb_migrate.aws.execution.observe import Observation
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.mode import Mode
from tests.faults.checker import Rule
from tests.faults.run import Run, word_of


def migrate(
    run: Run,
    during: Callable[[Run], None],
    *,
    name: str = "run",
    may_be_red: bool,
    must_be_red: bool,
) -> None:
    """Do what a DAG run does, and a person after one that went red."""
    run.open(name)
    run.prewarm()
    run.start()
    during(run)
    seen = run.finish()
    run.ends.append(word_of(seen))
    if seen.verdict.outcome is Outcome.FAILED:
        if not may_be_red:
            run.violate(Rule.END, seen.verdict.reason)
        seen = _again(run)
    elif must_be_red:
        run.violate(Rule.END, f"It should not have succeeded: {seen.verdict.reason}")
    if seen.progress.counts.quarantined and run.trouble.how:
        _replay(run)
    run.restore()


def _again(run: Run) -> Observation:
    """Fix, start again; where the verdict stays, a new migration does what is left."""
    run.fix()
    run.restore()
    run.prewarm()
    run.start()
    seen = run.finish()
    run.ends.append(word_of(seen))
    if seen.verdict.outcome is Outcome.FAILED and seen.progress.counts.quarantined:
        run.restore()
        run.open("anew")
        run.prewarm()
        run.start()
        seen = run.finish()
        run.ends.append(word_of(seen))
    if seen.verdict.outcome is Outcome.FAILED:
        run.violate(Rule.END, f"Starting again did not help: {seen.verdict.reason}")
    return seen


def _replay(run: Run) -> None:
    run.fix()
    run.restore()
    of = run.site.migration_id
    run.open("replay")
    run.prewarm()
    run.start(mode=Mode.REPLAY, of=of, segments=None)
    seen = run.finish()
    run.ends.append(f"replay {word_of(seen)}")
    if seen.verdict.outcome is Outcome.FAILED:
        run.violate(Rule.END, f"The replay failed: {seen.verdict.reason}")
