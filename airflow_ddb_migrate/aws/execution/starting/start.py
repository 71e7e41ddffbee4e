"""Start a migration: begin an attempt, or attach to the running one."""

from dataclasses import dataclass, replace

from airflow_ddb_migrate.aws.capacity.between import owes, wanted_capacity
from airflow_ddb_migrate.aws.execution.observe import is_waiting
from airflow_ddb_migrate.aws.execution.request import keep_request, resolve, scope_of
from airflow_ddb_migrate.aws.execution.starting.number import (
    hours_from_now,
    next_number,
    take_number,
)
from airflow_ddb_migrate.aws.execution.starting.record import written_record
from airflow_ddb_migrate.aws.execution.starting.refusals import (
    checked_transform,
    require_none_live,
    require_same_mode,
    require_unchanged,
    within_limits,
)
from airflow_ddb_migrate.aws.execution.starting.required_steps import require_steps
from airflow_ddb_migrate.aws.ledger import history
from airflow_ddb_migrate.aws.preflight.as_planned import require_as_planned
from airflow_ddb_migrate.aws.preflight.author_limits import require_within_limits
from airflow_ddb_migrate.aws.preflight.open_hours import next_stretch
from airflow_ddb_migrate.aws.preflight.repeat import refuse_repeat, require_kept
from airflow_ddb_migrate.aws.preflight.table_lease import take_lease
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import LeaseHeldError
from airflow_ddb_migrate.core.execution.payload import build_segment_payload
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus, Progress, summarize
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.hours.closed import kept_words
from airflow_ddb_migrate.core.ledger.events import What, budget_of
from airflow_ddb_migrate.core.ledger.lease import intend_attempt
from airflow_ddb_migrate.core.ledger.records import (
    AttemptHours,
    AttemptRecord,
    Command,
    ControlRecord,
    LeaseRecord,
    MigrationRecord,
)
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.names import execution_arn, execution_name
from airflow_ddb_migrate.core.text.times import iso


@dataclass(frozen=True, slots=True, kw_only=True)
class StartResult:
    """The attempt that now works for the migration, and sentences on why it is this one.

    Outside the migration's hours it has no ARN yet: the waiting task starts it later.
    """

    migration_id: str
    attempt: int
    execution_arn: str
    lanes: int
    explanation: str


def start(site: Site, request: StartRequest, *, after: ControlRecord | None = None) -> StartResult:
    """Start the migration, or attach to its running attempt.

    Outside its hours nothing is started, but the request is saved: see ``next_window``.

    :param after: the control record as it was when the wait task saw that the next window had begun
        and capacity was raised. The attempt begins only if it was not paused or stopped since.
    :raises MigrationError: see preflight.check; nothing was touched then.
    """
    now = site.clock.now()
    request.validate()
    require_kept(site, request)
    require_same_mode(site, request)
    request = resolve(site, request)
    request.require_transform()
    attempt = site.ledger.latest_attempt(site.migration_id)
    status = _status(site, attempt)
    if attempt and status.is_live:
        return _attach(site, attempt)
    transform_hash = checked_transform(site, request)
    request = within_limits(request, require_within_limits(site, request))
    require_as_planned(site, request, transform_hash)
    if after:
        require_unchanged(site, attempt, transform_hash)
    refuse_repeat(site, request, transform_hash)
    opens_at = _opens_later(site, request, is_ready=after is not None)
    scope = scope_of(site, request)
    require_steps(site, request, transform_hash, canary=scope)
    if request.mode.writes:
        _stop_former_holder(site, take_lease(site))
    canary = scope if request.mode is Mode.MIGRATE else ()
    record = written_record(site, request, () if canary else scope)
    rows = list(site.lanes.all(site.migration_id, record.lanes))
    progress = summarize(rows, canary or record.lanes_in_scope, now)
    if attempt and progress.is_finished:
        return _finished(site, attempt)
    require_none_live(site, rows)
    number = next_number(attempt, status)
    mine = AttemptRecord(
        number=number,
        execution_arn=_arn(site, number),
        transform_hash=transform_hash,
        lanes=len(progress.unfinished),
        scope=canary,
        intended_at=now,
        goes_on=after is not None,
    )
    keep_request(site, request)
    if opens_at:
        return _await_window(site, request, mine, opens_at, after)
    return _launch(site, record, request, mine, progress, after)


def _opens_later(site: Site, request: StartRequest, *, is_ready: bool) -> float:
    """Return when it can begin; 0: now. Capacity that was restored in a pause is raised first."""
    stretch = next_stretch(site, request, raises=False)
    if stretch is None:
        return 0.0
    now = site.clock.now()
    is_raised = is_ready or owes(site) or wanted_capacity(site) is None
    return 0.0 if is_raised and stretch.opens_at <= now else max(now, stretch.opens_at)


def _await_window(
    site: Site,
    request: StartRequest,
    mine: AttemptRecord,
    opens_at: float,
    after: ControlRecord | None,
) -> StartResult:
    """Write the attempt as one that is outside its hours; nothing is started in AWS.

    Since nothing is started, nothing is resumed either: a waiting migration stays paused.
    """
    waiting = replace(mine, intended_at=0.0)
    hours = AttemptHours(closes_at=site.clock.now(), opens_at=opens_at)
    has_begun = site.ledger.latest_attempt(site.migration_id) is not None
    stays_paused = after is None and has_begun and is_waiting(site)
    take_number(site, waiting, request, hours, after, stays_paused=stays_paused)
    control = site.ledger.control(site.migration_id)
    held = kept_words(hold.reason for hold in control.holds) if control else ""
    words = (
        f"Attempt {mine.number} of {site.migration_id} is not started yet: its hours are "
        f"{request.hours}. The waiting task starts it at {iso(opens_at)}. {held}"
    )
    return StartResult(
        migration_id=site.migration_id,
        attempt=mine.number,
        execution_arn="",
        lanes=mine.lanes,
        explanation=words.rstrip(),
    )


def _launch(  # noqa: PLR0913 # everything that was looked up
    site: Site,
    record: MigrationRecord,
    request: StartRequest,
    mine: AttemptRecord,
    progress: Progress,
    after: ControlRecord | None,
) -> StartResult:
    """Write the attempt, then start it, so that it is found again after a crash in between."""
    now = site.clock.now()
    what = "canary attempt" if mine.scope else "attempt"
    payload = build_segment_payload(
        record.table_name,
        record.total_segments,
        migration_id=record.migration_id,
        attempt=mine.number,
        segments=progress.unfinished,
        max_concurrency=request.max_concurrency,
        tolerated_failure_percentage=request.tolerated_failure_percentage,
    )
    budget = take_number(site, mine, request, hours_from_now(site, request), after)
    if record.mode.writes:
        _intend(site, mine)
    site.ledger.refuse_forgotten(site.migration_id)  # forgetting it checks for the attempt
    history.begin(site.ledger, record, mine.transform_hash)
    is_new = site.executions.start(
        state_machine_arn=site.stack.state_machine_arn,
        name=execution_name(record.migration_id, mine.number),
        payload=payload,
    )
    site.ledger.attempt_started(record.migration_id, mine.number, now)
    how = "Started" if is_new else "Found, just started,"
    words = (
        f"{how} {what} {mine.number} of {record.migration_id} over "
        f"{mine.lanes:,} of {record.lanes:,} segments ({len(payload.encode()):,} bytes of input), "
        f"transform {record.transform}."
    )
    site.note_event(What.STARTED, request.started_by, words, budget_of(budget))
    return StartResult(
        migration_id=record.migration_id,
        attempt=mine.number,
        execution_arn=mine.execution_arn,
        lanes=mine.lanes,
        explanation=words,
    )


def _intend(site: Site, mine: AttemptRecord) -> None:
    now = site.clock.now()
    site.leases.change(
        site.table.key,
        lambda lease: intend_attempt(
            lease,
            site.migration_id,
            attempt=mine.number,
            execution_arn=mine.execution_arn,
            now=now,
        ),
    )


def _status(site: Site, attempt: AttemptRecord | None) -> ExecutionStatus:
    """Return the execution's status. An unconfirmed start is repeated, safely, by the same name."""
    if attempt is None:
        return ExecutionStatus.MISSING
    return site.execution_of(attempt, if_confirmed=True).status


def _attach(site: Site, attempt: AttemptRecord) -> StartResult:
    control = site.ledger.control(site.migration_id)
    if control and control.command is Command.STOP:
        raise LeaseHeldError(
            f"Attempt {attempt.number} of {site.migration_id} is being stopped "
            f"({control.reason or 'no reason given'}). Try again in a minute."
        )
    return _found(site, attempt, "Attached to the running")


def _finished(site: Site, attempt: AttemptRecord) -> StartResult:
    return _found(site, attempt, "Every segment is done, so nothing has to be started after")


def _found(site: Site, attempt: AttemptRecord, how: str) -> StartResult:
    return StartResult(
        migration_id=site.migration_id,
        attempt=attempt.number,
        execution_arn=attempt.execution_arn,
        lanes=attempt.lanes,
        explanation=f"{how} attempt {attempt.number} of {site.migration_id}.",
    )


def _stop_former_holder(site: Site, lease: LeaseRecord) -> None:
    """Stop a migration whose expired lease was taken: it may still have workers."""
    now = site.clock.now()
    former = lease.taken_from
    control = site.ledger.control(former) if former else None
    if control:
        reason = f"migration {site.migration_id} took the table"
        site.ledger.stop(former, attempt=control.attempt, reason=reason, now=now)


def _arn(site: Site, number: int) -> str:
    return execution_arn(site.stack.state_machine_arn, execution_name(site.migration_id, number))
