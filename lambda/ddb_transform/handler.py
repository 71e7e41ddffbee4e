"""The Lambda's entry point: builds a worker and lets it work for one slice.

Modules that not every slice needs are imported where they are used. A cold start compiles every
module that it imports, because the function's folder is read-only.
"""

import contextlib
import functools
import json
import os
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import boto3
from botocore.config import Config

from airflow_ddb_migrate.aws.ledger.lanes import Lanes
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.services.bucket import Bucket
from airflow_ddb_migrate.core.errors import (
    AccessDeniedError,
    InvalidInputError,
    MigrationError,
    NotBoundError,
    TransformError,
)
from airflow_ddb_migrate.core.execution.messages import WorkRequest, WorkResult, WorkStatus
from airflow_ddb_migrate.core.execution.pacing import Pacer
from airflow_ddb_migrate.core.ledger.notes import ENGINE_PROOF, REFUSAL, RUNTIMES
from airflow_ddb_migrate.core.ledger.records import LaneRow, MigrationRecord
from airflow_ddb_migrate.core.ledger.runtime import LambdaRuntime, with_runtime
from airflow_ddb_migrate.core.limits import (
    HOLD_WAIT_SECONDS,
    SLICE_MARGIN_SECONDS,
    WRITER_THREADS,
)
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.names import stack_of_ledger_name
from ddb_transform.assembly import Kit
from ddb_transform.botocore_probe import take_shortcuts
from ddb_transform.contract.binding import bound_transform, deployed_bindings, require_table
from ddb_transform.contract.index_keys import index_keys_of
from ddb_transform.contract.load import load_transform, source_hash
from ddb_transform.contract.transform import Context, Transform
from ddb_transform.failures import passing_of
from ddb_transform.guard import Guard, Pacers
from ddb_transform.worker import HOLD, Worker, tell_nobody
from ddb_transform.writers.proof import Proof

_TIMEOUTS = {"connect_timeout": 5, "read_timeout": 30}
# Explicit, since botocore's defaults differ by version. For longer waits the child execution waits.
_PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 6}, **_TIMEOUTS)
# The table's client does not retry: the pacer counts every throttle, and the writer must know which
# writes got no answer.
_PLAIN = Config(
    retries={"mode": "standard", "total_max_attempts": 1},
    max_pool_connections=2 * WRITER_THREADS,
    parameter_validation=False,  # most of a small write's CPU; the service validates anyway
    **_TIMEOUTS,
)
# A slow reading of the alarms is given up: the next one follows soon.
_HASTY = Config(
    retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=2, read_timeout=3
)
_TOLD: set[str] = set()  # migrations for which this sandbox's runtime is noted
_NO_METRICS = "off"  # of catalog.Detail
_MARGIN_SHARE = 0.2  # of a short time limit, of which a minute's margin would leave nothing


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work one slice of a lane, or do one of ``_ACTIONS``.

    Expected failures are returned, so that the state machine can branch on them. Other errors are
    raised, and Step Functions runs the slice again from the last checkpoint.
    """
    action = event.get("action")
    if action:
        return _ACTIONS[action](event)
    result = _slice(event, context).to_event()
    print(json.dumps({**event, **result}))  # noqa: T201  # Lambda's log; keys and counts only
    return result


def answer_describe(event: dict[str, Any]) -> dict[str, Any]:
    """Return whether a transform can be used here, with its FILTER on that table; and its hash.

    Without a transform: whether the table can be used, for an undo.
    """
    name, table_name = str(event.get("transform", "")), str(event.get("table_name") or "")
    try:
        if table_name and not name:
            require_table(deployed_bindings(), table_name)
            return {"ok": True, "error": "", "hash": ""}
        _described(name, table_name)
    except MigrationError as error:
        return {**_not_ok(error), "hash": ""}
    return {"ok": True, "error": "", "hash": source_hash(name)}


def _described(name: str, table_name: str) -> None:
    context = Context(migration_id="", started_at="")
    if table_name:
        transform = bound_transform(deployed_bindings(), table_name, name, context)
        _try_filter(transform, table_name)
    else:
        load_transform(name, context)


def answer_bindings(event: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001  # one shape for all
    """Return which transforms are bound to which tables."""
    return {"ok": True, "error": "", "bindings": deployed_bindings().to_json().decode()}


def answer_self_check(event: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001  # one shape for all
    """Run the self-check on scratch records in the ledger table, and save its result.

    The answer has the runtime, too.
    """
    from ddb_transform.writers.self_check import self_check

    ledger = _ledger()
    proof = self_check(_table_client(), ledger.table_name, time.time())
    ledger.keep(ENGINE_PROOF, proof.to_json())
    return {**json.loads(proof.to_json()), "runtime": _runtime()}


def answer_sample(event: dict[str, Any]) -> dict[str, Any]:
    """Return what a transform would do to some items of a table. Writes nothing."""
    from ddb_transform.modes.sample import Sampling

    context = Context(
        migration_id=str(event["migration_id"]),
        started_at=str(event["started_at"]),
        params=event["params"],
        key_names=tuple(event["key_names"]),
    )
    name, table_name = str(event["transform"]), str(event["table_name"])
    try:
        transform = bound_transform(deployed_bindings(), table_name, name, context)
        _try_filter(transform, table_name)
    except MigrationError as error:
        return _not_ok(error)
    client = _ledger_client()
    transform = replace(transform, index_keys=index_keys_of(client, table_name))
    sampling = Sampling(client, transform, table_name, event["total_segments"], time.monotonic)
    return {"ok": True, "error": "", **sampling.run().to_dict()}


def _not_ok(error: MigrationError) -> dict[str, Any]:
    return {"ok": False, "error": str(error), "error_class": type(error).__name__}


def _try_filter(transform: Transform, table_name: str) -> None:
    if transform.filter:
        transform.filter.try_on(_ledger_client(), table_name)


_ACTIONS = {
    "bindings": answer_bindings,
    "describe": answer_describe,
    "sample": answer_sample,
    "self-check": answer_self_check,
}


def _slice(event: dict[str, Any], context: Any) -> WorkResult:
    try:
        return _worker(WorkRequest.from_event(event), context).run()
    except AccessDeniedError:
        raise  # a new permission takes seconds to take effect: Step Functions tries again
    except MigrationError as error:
        return _held(error) if error.retryable else _refused(error)


def _worker(request: WorkRequest, context: Any) -> Worker:
    ledger = _ledger()
    record = _agreed(ledger.required_migration(request.migration_id), request)
    _tell_runtime(ledger, record.migration_id)
    with _told(ledger, request):
        return _begun(ledger, record, request, context)


@contextlib.contextmanager
def _told(ledger: Ledger, request: WorkRequest) -> Iterator[None]:
    """Note in the ledger why a worker does not begin, since no lane's row says so."""
    try:
        yield
    except MigrationError as error:
        said = json.dumps({"attempt": request.attempt, "why": f"{type(error).__name__}: {error}"})
        with contextlib.suppress(MigrationError):
            if not error.retryable:
                ledger.note(request.migration_id, REFUSAL, said)
        raise


def _begun(ledger: Ledger, record: MigrationRecord, request: WorkRequest, context: Any) -> Worker:
    guard = Guard(
        ledger,
        record,
        request.attempt,
        time.time,
        Pacers(Pacer(time.monotonic), Pacer(time.monotonic)),
        read_alarms=_alarm_states,
    )
    kit = Kit(
        request=request,
        record=record,
        guard=guard,
        dynamodb=_table_client(),
        bucket=Bucket(_s3(), os.environ["BUCKET"], record.migration_id),
        threads=_threads(),
        proof=Proof.from_json(ledger.kept(ENGINE_PROOF)),
        bindings=deployed_bindings(),
    )
    _check(kit, guard)
    _require_same_transform(ledger, record, request.attempt)
    return Worker(
        request=request,
        lanes=Lanes(ledger),
        guard=guard,
        tools=kit,
        owner=uuid.uuid4().hex,  # not the request id: a redelivered event repeats that
        clock=time.time,
        out_of_time=_deadline(context, record.slice_seconds),
        meter=_meter(record, request.attempt, guard.pacers.write),
    )


def _meter(
    record: MigrationRecord, attempt: int, writes: Pacer
) -> Callable[[LaneRow, float], None]:
    """Return what sends the metrics. A stack of an older version has no METRICS: they are off."""
    asked = os.environ.get("METRICS", _NO_METRICS)
    if asked == _NO_METRICS:
        return tell_nobody
    from airflow_ddb_migrate.core.metrics.catalog import Detail
    from ddb_transform.meter import Meter

    stack = stack_of_ledger_name(os.environ["LEDGER_TABLE"])
    return Meter(Detail(asked), stack, record, attempt, lambda: writes.share)


def _check(kit: Kit, guard: Guard) -> None:
    """Load the transform. If it is not bound to the table, stop the whole migration."""
    try:
        kit.check()
    except NotBoundError as error:
        with contextlib.suppress(MigrationError):
            guard.stop_all(f"{type(error).__name__}: {error}")
        raise


def _agreed(record: MigrationRecord, request: WorkRequest) -> MigrationRecord:
    """Refuse an input that divides the table differently: the ledger's cursors would be wrong."""
    asked = (request.table_name, request.total_segments, request.lanes)
    known = (record.table_name, record.total_segments, record.lanes)
    if asked != known:
        raise InvalidInputError(
            f"The input has table, segments and lanes {asked}, but migration "
            f"{record.migration_id} has {known} in the ledger. Start migrations with "
            "StartDistributedMapMigrationOperator."
        )
    return record


def _require_same_transform(ledger: Ledger, record: MigrationRecord, number: int) -> None:
    """Refuse to work with another transform than the attempt was started with.

    Right after UpdateStateMachine, an execution may still use the previous definition, and so the
    previous version of this Lambda. Step Functions documents this.
    """
    attempt = ledger.latest_attempt(record.migration_id)
    if record.mode is Mode.UNDO or not attempt or attempt.number != number:
        return  # the guard ends a worker of an earlier attempt
    actual = source_hash(record.transform)
    if attempt.transform_hash not in {"", actual}:
        raise TransformError(
            f"Attempt {number} of {record.migration_id} was started with transform "
            f"{record.transform} {attempt.transform_hash[:12]}; this Lambda has {actual[:12]}. The "
            "stack was deployed at the same time. Nothing was written. Start the migration again."
        )


def _tell_runtime(ledger: Ledger, migration_id: str) -> None:
    """Note this sandbox's runtime, once per migration. If that fails, the report lacks it."""
    if migration_id in _TOLD:
        return
    _TOLD.add(migration_id)
    with contextlib.suppress(MigrationError):
        note = with_runtime(ledger.read_note(migration_id, RUNTIMES), _runtime())
        if note:
            ledger.note(migration_id, RUNTIMES, note)


def _ledger() -> Ledger:
    return Ledger(_ledger_client(), os.environ["LEDGER_TABLE"])


@functools.cache
def _ledger_client() -> Any:
    return boto3.client("dynamodb", config=_PATIENT)


@functools.cache
def _connection() -> tuple[Any, LambdaRuntime]:
    client = boto3.client("dynamodb", config=_PLAIN)
    return client, take_shortcuts(client)


def _table_client() -> Any:
    return _connection()[0]


def _runtime() -> LambdaRuntime:
    return _connection()[1]


@functools.cache
def _cloudwatch() -> Any:
    """Only created by a worker that reads alarms, not at a cold start."""
    return boto3.client("cloudwatch", config=_HASTY)


def _alarm_states(names: Sequence[str]) -> Mapping[str, str]:
    from airflow_ddb_migrate.aws.services.alarms import alarm_states

    return alarm_states(_cloudwatch(), names)


@functools.cache
def _s3() -> Any:
    return boto3.client("s3", config=_PATIENT)


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(WRITER_THREADS, thread_name_prefix="writer")


def _deadline(context: Any, slice_seconds: float) -> Callable[[], bool]:
    """Return a function that returns whether the slice must end, well before Lambda's limit."""
    allowed = context.get_remaining_time_in_millis() / 1000
    most = allowed - min(SLICE_MARGIN_SECONDS, _MARGIN_SHARE * allowed)
    ends_at = time.monotonic() + (min(slice_seconds, most) if slice_seconds > 0 else most)
    return lambda: time.monotonic() > ends_at


def _held(error: MigrationError, jitter: Callable[[int, int], int] = random.randint) -> WorkResult:
    """Return a hold if ledger or bucket are too busy; jitter keeps workers from returning at once.

    :raises MigrationError: any other error; Step Functions runs the slice again.
    """
    busy = passing_of(error)
    seconds = jitter(*HOLD_WAIT_SECONDS)
    return replace(HOLD, error=busy.error, cause=busy.cause, wait_seconds=seconds)


def _refused(error: MigrationError) -> WorkResult:
    name = type(error).__name__
    return WorkResult(status=WorkStatus.FAILED, error=name, cause=str(error))
