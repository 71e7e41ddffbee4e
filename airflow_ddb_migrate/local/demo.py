"""The demo on the embedded stack: real data, a real DAG run, and a check of every item.

``python -m airflow_ddb_migrate.local.demo`` migrates a table through Airflow and checks every item.
With ``--ui`` it loads the table and leaves Airflow running. ``DEMO_TABLE_ITEMS`` and
``DEMO_SEGMENTS`` set the numbers of items and segments.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from airflow_ddb_migrate.aws.execution.observe import observe
from airflow_ddb_migrate.aws.report.compose import compose
from airflow_ddb_migrate.aws.services.tables import describe_table
from airflow_ddb_migrate.aws.site import Identity, Site, open_site
from airflow_ddb_migrate.core.errors import InvalidInputError, LedgerError, MigrationError
from airflow_ddb_migrate.core.execution.segments import validate_total_segments
from airflow_ddb_migrate.core.names import DEFAULT_STACK_NAME
from airflow_ddb_migrate.core.report.migration_report import Report, show_capacity
from airflow_ddb_migrate.core.text.figures import dollars_words
from airflow_ddb_migrate.local import airflow, proof, sample
from airflow_ddb_migrate.local.airflow import Airflow
from airflow_ddb_migrate.local.emulated_aws import emulator
from airflow_ddb_migrate.local.emulated_aws.emulator import Emulator
from airflow_ddb_migrate.local.processes.lock import only_one
from airflow_ddb_migrate.local.stack import deploy_to

DAG_ID = "ddb_migration"

_STATE_DIR = Path(".demo")
_POKE_SECONDS = 3.0
_LOOK_SECONDS = 3.0
_RUN_SECONDS = 3_600.0
_ENDED = {"success", "failed"}
_TASKS = (
    "plan",
    "dry_run",
    "approve",
    "backup",
    "prewarm",
    "canary",
    "go",
    "start",
    "wait",
    "verify",
    "report",
    "restore",
)


@dataclass(frozen=True, slots=True)
class World:
    """Everything that runs during a demo."""

    emulator: Emulator
    airflow: Airflow
    items: int
    began: float

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.began:6.1f} s] {text}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return 0 if the table was migrated and every item is right."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.splitlines()[0])
    parser.add_argument("--ui", action="store_true", help="leave Airflow running until Ctrl-C")
    options = parser.parse_args(arguments)
    for ending in (signal.SIGINT, signal.SIGTERM):  # a background job of a shell ignores SIGINT
        signal.signal(ending, _interrupt)
    try:
        items, segments = _number("DEMO_TABLE_ITEMS", 30_000), _number("DEMO_SEGMENTS", 100)
        validate_total_segments(segments)
        with only_one(_STATE_DIR), _world(items) as world:
            return _explore(world) if options.ui else _migrate(world, segments)
    except MigrationError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: stopped", file=sys.stderr)
        return 130


@contextlib.contextmanager
def _world(items: int) -> Iterator[World]:
    """Start the emulator and Airflow, deploy, and load the table; end everything afterwards."""
    began = time.monotonic()
    sample.validate_item_count(items)
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(emulator.start_emulator(_STATE_DIR / "emulator"))
        scheduler = airflow.start_airflow(
            _STATE_DIR / "airflow", emulator=running, poke_seconds=_POKE_SECONDS
        )
        stack.callback(scheduler.stop)
        world = World(running, scheduler, items, began)
        world.say("Emulator runs, Airflow is starting")
        _prepare(world)
        scheduler.await_dag(DAG_ID)
        world.say(f"Airflow is ready at {scheduler.url}")
        yield world


def _prepare(world: World) -> None:
    """Deploy and load the table while Airflow starts."""
    dynamodb = world.emulator.clients().dynamodb
    sample.create_table(dynamodb)
    with ThreadPoolExecutor() as threads:
        loading = threads.submit(sample.load_sample, dynamodb, world.items)
        stack = deploy_to(world.emulator, quiet=True)
        world.say(f"Deployed stack {stack.name}: Lambda {stack.code_hash}, {stack.ledger_table}")
        loading.result()
    world.say(f"Loaded {world.items:,} flights into table {sample.TABLE}")


def _explore(world: World) -> int:
    conf = json.dumps({"table": sample.TABLE, "segments": 20, "prewarm": True})
    print(
        f"\nAirflow:  {world.airflow.url}/dags/{DAG_ID}\n"
        f"Click Trigger, give the configuration {conf},\n"
        "and watch the tasks; the log of 'wait' shows the progress, 'report' the result.\n"
        f"To reach AWS's services here:\n{world.emulator.exports}\n"
        "Ctrl-C stops everything.",
        flush=True,
    )
    while world.airflow.process.is_alive:
        time.sleep(_LOOK_SECONDS)
    raise MigrationError(f"Airflow ended. See {world.airflow.home / 'standalone.log'}.")


def _migrate(world: World, segments: int) -> int:
    dynamodb = world.emulator.clients().dynamodb
    before = proof.some_items(dynamodb, world.items)
    conf = {"table": sample.TABLE, "segments": segments, "prewarm": True}
    run_id = world.airflow.trigger(DAG_ID, conf)
    world.say(f"Triggered {DAG_ID} with {json.dumps(conf)}")
    site = open_site(
        world.emulator.clients(),
        table_name=sample.TABLE,
        stack_name=DEFAULT_STACK_NAME,
        identity=Identity(dag_id=DAG_ID, run_id=run_id),
    )
    state = _follow(world, site, run_id)
    report = compose(site)
    _write(report)
    _show(world, report, before)
    if state != "success":
        raise MigrationError(f"The DAG run ended as {state}: {report['reason']}")
    world.say(proof.check_every_item(dynamodb, world.items))
    return 0


def _follow(world: World, site: Site, run_id: str) -> str:
    """Print the progress until the DAG run has ended; return its state."""
    deadline = time.monotonic() + _RUN_SECONDS
    shown = ""
    while time.monotonic() < deadline:
        state = world.airflow.run_state(DAG_ID, run_id)
        tasks = world.airflow.task_states(DAG_ID, run_id)
        line = f"{_tasks_line(tasks)}  {_progress_line(site)}"
        if line != shown:
            world.say(line)
            shown = line
        if state in _ENDED:
            return state
        time.sleep(_LOOK_SECONDS)
    raise MigrationError(f"The DAG run has not ended after {_RUN_SECONDS:.0f} s.")


def _tasks_line(tasks: dict[str, str]) -> str:
    """Return a line with the running task, or with the last one that ended."""
    at_work = [t for t in _TASKS if tasks.get(t, "none") not in {"none", "success", "skipped"}]
    done = [task for task in _TASKS if tasks.get(task) == "success"]
    return " ".join(f"{task}={tasks[task]}" for task in at_work or done[-1:]) or "waiting"


def _progress_line(site: Site) -> str:
    try:
        progress = observe(site).verdict.reason
    except LedgerError:
        progress = ""
    units = describe_table(site.clients.dynamodb, site.table.name).snapshot.provisioned[""]
    return f"{progress} [table: {units} units]"


def _write(report: Report) -> None:
    (_STATE_DIR / "report.json").write_text(json.dumps(report, indent=2) + "\n")


def _show(world: World, report: Report, before: list[dict[str, object]]) -> None:
    dynamodb = world.emulator.clients().dynamodb
    print("\nThree items, before and after:")
    for old in before:
        print(proof.difference(dynamodb, old))
    print("\nItems:    ", ", ".join(f"{k} {v:,}" for k, v in report["counts"].items()))
    for stage in ("before", "during", "after"):
        print(f"Capacity {stage:<7}", json.dumps(report["capacity"][stage]))
    now = show_capacity(describe_table(dynamodb, sample.TABLE).snapshot)
    print("Capacity now    ", json.dumps(now))
    print(report["writer"])
    print(report["runtime"])
    units, seconds = report["units"], report["seconds"]
    rate = report["counts"]["seen"] / seconds if seconds else 0
    print(f"Units      {units['read']:,.1f} read, {units['written']:,.1f} written")
    print(f"Time       {seconds:.1f} s, {rate:,.0f} items per second")
    print(_plan_line(report))
    for part in report["parts"]:
        seen, left = part["counts"]["seen"], part["counts"]["changed"]
        print(f"{part['mode']:<10} {part['status']}: {seen:,} items seen, {left:,} would change")
    print(f"Report     {_STATE_DIR / 'report.json'}\n", flush=True)


def _plan_line(report: Report) -> str:
    cost = report["cost"]
    planned, measured = cost["planned_total"] or 0, cost["measured_total"]
    return (
        f"Plan       {cost['planned_seconds'] or 0:.0f} s and {dollars_words(planned)}, raised "
        f"capacity included; measured {report['seconds']:.0f} s and {dollars_words(measured)} "
        "without that"
    )


def _number(name: str, default: int) -> int:
    text = os.environ.get(name, "") or str(default)
    try:
        return int(text)
    except ValueError:
        raise InvalidInputError(f"{name} is {text!r}; it must be a whole number.") from None


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
