"""Faults of who steers: pauses, stops, second starts, and a table that is made again."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from airflow_ddb_migrate.aws.capacity.safety_net import SafetyNet
from airflow_ddb_migrate.aws.execution.starting import start
from airflow_ddb_migrate.aws.execution.steering import retune as tuning
from airflow_ddb_migrate.aws.execution.steering.pause import pause, resume
from airflow_ddb_migrate.aws.execution.steering.stop import stop_now
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import InvalidInputError, LeaseHeldError, MigrationError
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.limits import LEASE_SECONDS
from airflow_ddb_migrate.core.mode import Mode
from tests.faults import storms
from tests.faults.checker import Rule
from tests.faults.course import migrate
from tests.faults.run import Run, word_of
from tests.support.factories import at
from tests.support.waiting import HANG_SECONDS

_STOPPED_SHARE = 0.4
_GONE_WORDS = ("gone", "recreated", "another")


def pause_and_resume(run: Run) -> None:
    hit = run.until_requests(run.draw.randint(5, 60))
    struck = hit and _steered(run, pause)
    run.struck = lambda: int(struck)
    if struck:
        _until_still(run)
        run.said.append(resume(at(run.site, run.now()), by="a person"))


def retune(run: Run) -> None:
    hit = run.until_requests(run.draw.randint(5, 40))
    budget = run.draw.choice((40.0, 80.0, 400.0))
    struck = hit and _steered(
        run,
        lambda site, by: tuning.retune(
            site, by=by, write_units_per_second=budget, max_concurrency=2
        ),
    )
    run.struck = lambda: int(struck)


def stop(run: Run) -> None:
    hit = run.until_requests(run.draw.randint(5, 60))
    struck = hit and _steered(run, lambda site, by: stop_now(site, by=by))
    run.struck = lambda: int(struck)


def stop_execution(run: Run) -> None:
    hit = run.until_requests(run.draw.randint(5, 60))
    attempt = run.site.ledger.latest_attempt(run.site.migration_id)
    assert attempt is not None
    run.clients.stepfunctions.stop_execution(executionArn=attempt.execution_arn)
    run.struck = lambda: int(hit)


def undone(run: Run, during: Callable[[Run], None]) -> None:
    """Migrate; when all is done, bring back what was. Both are hit."""
    migrate(run, during, may_be_red=True, must_be_red=False)
    killed, of = run.struck, run.site.migration_id
    storms.lost_answers(run)
    lost = run.struck
    run.struck = lambda: killed() + lost()
    run.open("undo")
    run.prewarm()
    run.start(mode=Mode.UNDO, of=of, transform="", segments=None)
    run.settle(run.finish())
    run.restore()
    run.is_undone = True


def double_trigger(run: Run, during: Callable[[Run], None]) -> None:
    """Start one migration twice at once; then another of the same table, which is refused."""
    run.open()
    run.prewarm()
    with ThreadPoolExecutor(2) as threads:
        started = list(threads.map(lambda _: run.start(), range(2)))
    arns = {one.execution_arn for one in started}
    if len(arns) != 1:
        run.violate(Rule.END, f"Two starts made {len(arns)} executions")
    _refused(run)
    run.settle(run.finish())
    run.restore()


def started_unseen(run: Run, during: Callable[[Run], None]) -> None:
    """Start, and steer while nothing is seen of it yet: start again and pause, or stop."""
    if run.draw.random() < _STOPPED_SHARE:
        migrate(run, _stop_at_once, may_be_red=True, must_be_red=False)
        return
    site = run.open()
    run.prewarm()
    arns = {run.start().execution_arn for _ in range(2)}
    if len(arns) != 1:
        run.violate(Rule.END, f"Two starts, one after the other, made {len(arns)} executions")
    _refused(run)
    if _steered(run, pause):
        run.said.append(resume(at(site, run.now()), by="a person"))
    run.settle(run.finish())
    latest = run.site.ledger.latest_attempt(run.site.migration_id)
    if latest is None or latest.number != 1:
        run.violate(Rule.END, f"It took another attempt: {latest}")
    run.restore()


def former_definition(run: Run, during: Callable[[Run], None]) -> None:
    """The first attempt is refused by its workers, and says why; the next one is as deployed."""
    migrate(run, during, may_be_red=True, must_be_red=True)
    if not any("TransformError" in said for said in run.said):
        run.violate(Rule.END, "It does not say that another transform was started")


def _stop_at_once(run: Run) -> None:
    _steered(run, lambda site, by: stop_now(site, by=by))


def _refused(run: Run) -> None:
    """Also when the first one is over already: its capacity is still to be restored."""
    other = run.world.site(run.clients, run.table, "another", run.stack)
    try:
        start.start(at(other, run.now()), run.request())
    except LeaseHeldError as exc:
        run.said.append(str(exc))
    else:
        run.violate(Rule.END, "A second migration of the table was not refused")


def table_recreated(run: Run, during: Callable[[Run], None]) -> None:
    """Let a person delete the table and make it again; then migrate the new one."""
    site = run.open()
    run.prewarm()
    run.start()
    hit = run.until_requests(run.draw.randint(5, 50))
    while_paused = bool(hit) and run.draw.random() < 0.5 and _steered(run, pause)
    if while_paused:
        _until_still(run)
    _recreate(run, apart_seconds=0.0 if while_paused else 2.0)
    bystanders = _items(run)
    if while_paused:
        _resume(run)
    seen = run.finish()
    run.ends.append(word_of(seen))
    run.struck = lambda: int(seen.verdict.outcome is Outcome.FAILED)
    if _items(run) != bystanders:
        run.violate(Rule.WRITTEN, f"{run.table}, while paused: {while_paused}")
    told = any(word in seen.verdict.reason for word in _GONE_WORDS)
    if seen.verdict.outcome is Outcome.FAILED and not told:
        run.violate(Rule.END, f"It does not say that the table is gone: {seen.verdict.reason}")
    if seen.verdict.outcome is Outcome.SUCCEEDED and not run.finished_before:
        run.violate(Rule.END, f"It succeeded on a table that is gone: {seen.verdict.reason}")
    run.restore()
    _sweep(run, site)
    _refused_as_another_table(run)
    run.sites = []
    run.begin_traffic()
    migrate(run, during, name="anew", may_be_red=False, must_be_red=False)


def _refused_as_another_table(run: Run) -> None:
    """Clear the old run's tasks: neither capacity nor lease of the new table may be touched."""
    site = run.open()
    for step in (run.prewarm, run.start):
        try:
            step()
        except InvalidInputError:
            continue
        run.violate(Rule.END, f"The old migration went on with the new table: {step.__name__}")
    if run.capacity() != run.before or site.leases.get(site.table.key) is not None:
        run.violate(Rule.END, "The old migration took the new table")


def _recreate(run: Run, apart_seconds: float) -> None:
    """End live traffic, and make the table again with items of its own."""
    run.end_traffic()
    run.finished_before = run.is_over()
    run.world.clients.dynamodb.delete_table(TableName=run.table)
    time.sleep(apart_seconds)  # AWS takes that long at least: there is no clock to inject
    run.make_table()
    run.application = run.new_application()


def _items(run: Run) -> list:
    pages = run.world.clients.dynamodb.get_paginator("scan").paginate(TableName=run.table)
    return sorted((item for page in pages for item in page["Items"]), key=lambda i: i["id"]["S"])


def _resume(run: Run) -> None:
    try:
        run.said.append(resume(at(run.site, run.now()), by="a person"))
    except MigrationError as exc:
        run.said.append(str(exc))  # refused: that is a clear end as well


def _sweep(run: Run, site) -> None:
    """Run the safety net at the time when the old table's lease has run out."""
    later = time.time() + LEASE_SECONDS + 61
    net = SafetyNet(
        clients=run.clients,
        ledger_table=site.stack.ledger_table,
        by="the safety net",
        seconds=60,
        clock=Clock(now=lambda: later, sleep=lambda _: None),
    )
    run.said += [finding.to_json() for finding in net.sweep()]
    lease = site.leases.get(site.table.key)
    if lease and lease.owes_capacity:
        run.violate(Rule.OWED, f"{lease.migration_id}: of a table that is gone")


def _steered(run: Run, steer: Callable[..., str]) -> bool:
    """Steer it; tell whether it was not over yet."""
    try:
        run.said.append(steer(at(run.site, run.now()), by="a person"))
    except MigrationError as exc:
        run.said.append(str(exc))
        return False
    return True


def _until_still(run: Run) -> None:
    """Wait until no worker asks for anything any more but what to do."""
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline:
        rows = list(run.site.lanes.all(run.site.migration_id))
        if not any(row.is_live(time.time()) for row in rows):
            return
        time.sleep(0.2)  # other processes work: there is no clock to inject
    raise TimeoutError("Workers do not obey a pause.")
