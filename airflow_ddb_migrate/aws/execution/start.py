"""Start a migration: a first attempt, the one that runs already, or a new one with what is left."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from airflow_ddb_migrate.aws.capacity.between import owes, wanted_capacity
from airflow_ddb_migrate.aws.execution.observe import is_waiting
from airflow_ddb_migrate.aws.execution.request import keep_request, resolve, scope_of
from airflow_ddb_migrate.aws.execution.required_steps import require_steps
from airflow_ddb_migrate.aws.ledger import history
from airflow_ddb_migrate.aws.plan.cost_limit import cost_limit_of
from airflow_ddb_migrate.aws.preflight import checks
from airflow_ddb_migrate.aws.preflight.alarms import alarms_here
from airflow_ddb_migrate.aws.preflight.as_planned import require_as_planned
from airflow_ddb_migrate.aws.preflight.author_limits import require_within_limits
from airflow_ddb_migrate.aws.preflight.open_hours import next_stretch, stretch_after
from airflow_ddb_migrate.aws.preflight.repeat import refuse_repeat, require_kept
from airflow_ddb_migrate.aws.preflight.table_lease import require_its_table, take_lease
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
from airflow_ddb_migrate.core.errors import (
    InvalidInputError,
    LeaseHeldError,
    LedgerBusyError,
    TransformError,
)
from airflow_ddb_migrate.core.execution.payload import (
    build_segment_payload,
    validate_max_concurrency,
)
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus, Progress, summarize
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.execution.segments import lane_count
from airflow_ddb_migrate.core.hours.closed import kept_words
from airflow_ddb_migrate.core.ledger.events import What, budget_of
from airflow_ddb_migrate.core.ledger.holds import HoldKind
from airflow_ddb_migrate.core.ledger.lease import intend_attempt
from airflow_ddb_migrate.core.ledger.records import (
    NO_HOURS,
    NO_LIMIT,
    AttemptHours,
    AttemptRecord,
    Budget,
    Command,
    ControlRecord,
    HealthGate,
    LaneRow,
    LeaseRecord,
    MigrationRecord,
)
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.names import execution_arn, execution_name
from airflow_ddb_migrate.core.text.times import iso


@dataclass(frozen=True, slots=True, kw_only=True)
class StartResult:
    """The attempt that works for the migration now, and in prose why it is this one.

    Outside its hours it has no ARN yet: who waits for it begins it then.
    """

    migration_id: str
    attempt: int
    execution_arn: str
    lanes: int
    explanation: str


def start(site: Site, request: StartRequest, *, after: ControlRecord | None = None) -> StartResult:
    """Start the migration, or attach to the attempt of it that runs.

    Outside its hours nothing is started but what is asked is written down: see ``next_window``.

    :param after: what the control record said when its wait saw that the next window has begun,
        and that capacity is raised. It begins only if nobody has paused or stopped it since.
    :raises MigrationError: see preflight.check; nothing was touched then.
    """
    now = site.clock.now()
    request.validate()
    require_kept(site, request)
    _require_same_mode(site, request)
    request = resolve(site, request)
    request.require_transform()
    attempt = site.ledger.latest_attempt(site.migration_id)
    status = _status(site, attempt)
    if attempt and status.is_live:
        return _attach(site, attempt)
    transform_hash = _checked(site, request)
    request = _within(request, require_within_limits(site, request))
    require_as_planned(site, request, transform_hash)
    if after:
        _require_unchanged(site, attempt, transform_hash)
    refuse_repeat(site, request, transform_hash)
    opens_at = _opens_later(site, request, is_ready=after is not None)
    scope = scope_of(site, request)
    require_steps(site, request, transform_hash, canary=scope)
    if request.mode.writes:
        _stop_former_holder(site, take_lease(site))
    canary = scope if request.mode is Mode.MIGRATE else ()
    record = _record(site, request, () if canary else scope)
    rows = list(site.lanes.all(site.migration_id))
    progress = summarize(rows, canary or record.lanes_in_scope, now)
    if attempt and progress.is_finished:
        return _finished(site, attempt)
    _require_none_live(site, rows)
    number = _next_number(attempt, status)
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


def _require_none_live(site: Site, rows: Iterable[LaneRow]) -> None:
    now = site.clock.now()
    if live := sum(row.is_live(now) for row in rows):
        raise LeaseHeldError(
            f"{live:,} workers of the last attempt of {site.migration_id} are still "
            "ending. Try again in a minute."
        )


def _require_unchanged(site: Site, attempt: AttemptRecord | None, transform_hash: str) -> None:
    """Nobody asked for the attempts of later nights to work with another transform.

    :raises TransformError: it was deployed anew since.
    """
    if attempt and attempt.transform_hash not in {"", transform_hash}:
        raise TransformError(
            f"Attempt {attempt.number} of {site.migration_id} worked with transform "
            f"{attempt.transform_hash[:12]}; {transform_hash[:12]} was deployed since. Nothing was "
            "started. Clear the start task with its downstream tasks to go on with that one."
        )


def _opens_later(site: Site, request: StartRequest, *, is_ready: bool) -> float:
    """Return when it may begin; 0: now. What was given back in a pause is raised again first."""
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
    """Write the attempt down as one whose hours are over already; nothing of it exists in AWS.

    What starts nothing does not resume anything either: who paused what waits has it paused on.
    """
    waiting = replace(mine, intended_at=0.0)
    hours = AttemptHours(closes_at=site.clock.now(), opens_at=opens_at)
    has_begun = site.ledger.latest_attempt(site.migration_id) is not None
    stays_paused = after is None and has_begun and is_waiting(site)
    _take_number(site, waiting, request, hours, after, stays_paused=stays_paused)
    control = site.ledger.control(site.migration_id)
    held = kept_words(hold.reason for hold in control.holds) if control else ""
    words = (
        f"Attempt {mine.number} of {site.migration_id} is not started: its hours are "
        f"{request.hours}. The task that waits for it begins it at {iso(opens_at)}. {held}"
    )
    return StartResult(
        migration_id=site.migration_id,
        attempt=mine.number,
        execution_arn="",
        lanes=mine.lanes,
        explanation=words.rstrip(),
    )


def _within(request: StartRequest, limits: AuthorRules) -> StartRequest:
    """Return the request under these rules: its budgets are those of the plan, at most."""
    return replace(
        request,
        limits=limits,
        read_units_per_second=limits.budget(request.read_units_per_second),
        write_units_per_second=limits.budget(request.write_units_per_second),
    )


def _checked(site: Site, request: StartRequest) -> str:
    """Return the transform's hash; an undo needs no transform, and a table that is bound."""
    return checks.check(
        site,
        request.transform if request.mode is not Mode.UNDO else "",
        writes=request.mode.writes,
        single_writer_region=request.single_writer_region,
    )


def _launch(  # noqa: PLR0913  # all that was looked up
    site: Site,
    record: MigrationRecord,
    request: StartRequest,
    mine: AttemptRecord,
    progress: Progress,
    after: ControlRecord | None,
) -> StartResult:
    """Write down what is about to be started, then start it: a crash in between is found again."""
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
    budget = _take_number(site, mine, request, _hours(site, request), after)
    if record.mode.writes:
        _intend(site, mine)
    site.ledger.refuse_forgotten(site.migration_id)  # whoever forgets it looks for the attempt
    history.begin(site.ledger, record, mine.transform_hash)
    is_new = site.executions.start(
        state_machine_arn=site.stack.state_machine_arn,
        name=execution_name(record.migration_id, mine.number),
        payload=payload,
    )
    site.ledger.attempt_started(record.migration_id, mine.number, now)
    how = "Started" if is_new else "Found, started a moment ago,"
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


def _hours(site: Site, request: StartRequest) -> AttemptHours:
    stretch = next_stretch(site, request, raises=False)
    if stretch is None:
        return NO_HOURS
    following = stretch_after(site, request, stretch)
    return AttemptHours(
        closes_at=stretch.closes_at, opens_at=following.opens_at if following else 0.0
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
    """An attempt whose start was not confirmed is started again, by the same name: safely."""
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
    return _found(site, attempt, "Every segment is done already, nothing to start after")


def _found(site: Site, attempt: AttemptRecord, how: str) -> StartResult:
    return StartResult(
        migration_id=site.migration_id,
        attempt=attempt.number,
        execution_arn=attempt.execution_arn,
        lanes=attempt.lanes,
        explanation=f"{how} attempt {attempt.number} of {site.migration_id}.",
    )


def _stop_former_holder(site: Site, lease: LeaseRecord) -> None:
    """A migration whose lease expired may have a worker left that does not know it."""
    now = site.clock.now()
    former = lease.taken_from
    control = site.ledger.control(former) if former else None
    if control:
        reason = f"migration {site.migration_id} took the table"
        site.ledger.stop(former, attempt=control.attempt, reason=reason, now=now)


def _record(site: Site, request: StartRequest, scope: tuple[int, ...]) -> MigrationRecord:
    now = site.clock.now()
    table = site.table
    assert request.total_segments is not None  # resolved
    wanted = MigrationRecord(
        migration_id=site.migration_id,
        table_name=table.name,
        table_arn=table.key.arn,
        table_id=table.key.table_id,
        key_names=table.key_names,
        total_segments=request.total_segments,
        lanes=lane_count(request.total_segments),
        transform=request.transform,
        params=json.dumps(request.params, sort_keys=True),
        started_at=now,
        started_at_iso=request.started_at_iso or iso(now),
        started_by=request.started_by,
        mode=request.mode,
        of=request.of,
        context_id=request.context_id,
        scope=scope,
        max_quarantined=request.max_quarantined,
        max_quarantined_percentage=request.max_quarantined_percentage,
        slice_seconds=request.slice_seconds,
        show_values=request.show_values,
        is_multi_region_strong=table.is_multi_region_strong,
        limits=request.limits.to_json(),
    )
    record = site.ledger.create_migration(wanted)
    require_its_table(site, record)
    site.ledger.keep_limits(record, wanted.limits)
    return record


def _next_number(attempt: AttemptRecord | None, status: ExecutionStatus) -> int:
    """An attempt that was written down but never started is started now; else the next one."""
    if attempt is None:
        return 1
    never_started = status is ExecutionStatus.MISSING and not (
        attempt.started_at or attempt.ended_at
    )
    return attempt.number if never_started else attempt.number + 1


def _require_same_mode(site: Site, request: StartRequest) -> None:
    """A migration does one thing, however often it is started."""
    record = site.ledger.migration(site.migration_id)
    if record and (record.mode, record.of) != (request.mode, request.of):
        raise InvalidInputError(
            f"Migration {record.migration_id} was started as {_aim(record)}, not as "
            f"{_aim(request)}. Leave migration_id out to start a new migration."
        )


def _aim(of: MigrationRecord | StartRequest) -> str:
    return f"{of.mode} of {of.of}" if of.of else str(of.mode)


def _take_number(  # noqa: PLR0913  # all that is said to the workers of an attempt
    site: Site,
    mine: AttemptRecord,
    request: StartRequest,
    hours: AttemptHours,
    after: ControlRecord | None,
    *,
    stays_paused: bool = False,
) -> Budget:
    """Write the attempt down and tell its workers what they may do; return its budget.

    What a person says from here on is either in force for this attempt, or nothing is begun.
    """
    now = site.clock.now()
    ledger, name = site.ledger, site.migration_id
    said = after or ledger.control(name)
    held = said.in_force(now) if said and stays_paused else ()
    gate = HealthGate(
        hold_while=alarms_here(site, request.alarms),
        healthy_for=float(request.healthy_for),
        eased_at=now if after and _was_ill(after, mine, now) else 0.0,
    )
    budget = _budget(request, mine.lanes, after)
    is_limited = request.mode is Mode.MIGRATE
    limit = cost_limit_of(site, request.limits) if is_limited else NO_LIMIT
    pauses = tuple(hold for hold in held if hold.kind == HoldKind.PERSON)
    if not (
        _write_down(site, mine)
        and ledger.begin_attempt(
            name, mine.number, now, budget, gate, hours, limit=limit, holds=pauses, after=said
        )
    ):
        raise LedgerBusyError(
            f"Attempt {mine.number} of {name} was taken by another try in the same moment, or the "
            "migration was paused, retuned or stopped. Nothing was started. Try again: if another "
            "try has started it, this one will attach to it."
        )
    return budget


def _write_down(site: Site, mine: AttemptRecord) -> bool:
    latest = site.ledger.latest_attempt(site.migration_id)
    is_known = latest is not None and latest.number == mine.number
    write = site.ledger.renew_attempt if is_known else site.ledger.create_attempt
    return write(site.migration_id, mine)


def _budget(request: StartRequest, lanes: int, after: ControlRecord | None) -> Budget:
    """Who goes on does so with the budgets of before: a person may have changed them.

    Until the live workers are counted the budget is divided by as many as there may be.
    """
    asked, limits = after or request, request.limits
    return Budget(
        read_units_per_second=limits.budget(asked.read_units_per_second) or 0,
        write_units_per_second=limits.budget(asked.write_units_per_second) or 0,
        sharers=validate_max_concurrency(request.max_concurrency, lanes),
    )


def _was_ill(after: ControlRecord, mine: AttemptRecord, now: float) -> bool:
    """Return whether its alarms ended the one before, also where this one is tried again."""
    is_same = after.attempt == mine.number
    is_held = any(hold.kind == HoldKind.HEALTH for hold in after.in_force(now))
    return is_held or (is_same and after.eased_at > 0)


def _arn(site: Site, number: int) -> str:
    return execution_arn(site.stack.state_machine_arn, execution_name(site.migration_id, number))
