"""The ledger: the one source of truth about migrations, in one small DynamoDB table.

Keys: ``pk = migration#<id>`` with ``sk`` = ``migration``, ``control``, ``attempt#001``, and
``forgotten`` once it was forgotten; lane rows spread over 16 partition keys
``migration#<id>#lanes#<n>`` with ``sk = lane#000000``. The lease on a table is in leases.py, its
history in history.py, what happened to a migration in events.py, and JSON documents beside a
migration are in notes.py. Keys are in keys.py.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Final, TypeAlias

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.ledger.keys import (
    ATTEMPT,
    attempt_key,
    control_key,
    erasure_key,
    migration_key,
    migration_partition,
    note_key,
    stack_key,
)
from airflow_ddb_migrate.aws.ledger.table import LedgerTable
from airflow_ddb_migrate.aws.ledger.typed_values import Plain, decode, encode_all
from airflow_ddb_migrate.core.errors import LedgerBusyError, NotBegunError
from airflow_ddb_migrate.core.ledger.holds import HoldRecord, Summary, summary_of
from airflow_ddb_migrate.core.ledger.records import (
    NO_BUDGET,
    NO_GATE,
    NO_HOURS,
    NO_LIMIT,
    AttemptHours,
    AttemptRecord,
    Budget,
    Command,
    ControlRecord,
    CostLimit,
    HealthGate,
    MigrationRecord,
    TypedItem,
)
from airflow_ddb_migrate.core.limits import FIRST_COUNT_SECONDS, SHARERS_SECONDS

if TYPE_CHECKING:
    from airflow_ddb_migrate.core.erasure import ErasureRecord

Holds: TypeAlias = tuple[HoldRecord, ...]

EXPIRES: Final = "expires"  # seconds since the epoch, after which DynamoDB deletes the record
NOTHING_ELSE: Final[Mapping[str, Plain]] = {}
RACES: Final = 10  # after losing the race this often, nothing is changed


class Ledger(LedgerTable):
    """Migrations, their attempts and their control record."""

    def migration(self, migration_id: str) -> MigrationRecord | None:
        """Return the migration's record; None if there is none, or it has expired.

        DynamoDB deletes expired records some time later, in any order. So once its record has
        expired, the whole migration counts as gone.
        """
        item = self.get(migration_key(migration_id)) or {}
        has_expired = 0 < int(item.get(EXPIRES, {}).get("N", 0)) <= self.clock.now()
        return decode(MigrationRecord, item) if item and not has_expired else None

    def erasure(self, migration_id: str) -> "ErasureRecord | None":
        """Return the record that the migration was forgotten; None if it was not."""
        from airflow_ddb_migrate.core.erasure import ErasureRecord

        item = self.get(erasure_key(migration_id))
        return decode(ErasureRecord, item) if item else None

    def refuse_forgotten(self, migration_id: str) -> None:
        """Raise NotBegunError if the migration was forgotten, or is being forgotten."""
        erasure = self.erasure(migration_id)
        if erasure:
            raise NotBegunError(
                f"Migration {migration_id} was forgotten: {erasure.words}. It can be neither "
                "continued nor undone. A new DAG run starts a new migration."
            )

    def required_migration(self, migration_id: str) -> MigrationRecord:
        """Return the migration's record; raises NotBegunError if there is none."""
        record = self.migration(migration_id)
        if record is None:
            self.refuse_forgotten(migration_id)
            raise NotBegunError(
                f"The ledger {self.table_name} knows no migration {migration_id}. "
                "Run the start task first, or check the migration_id."
            )
        return record

    def create_migration(self, record: MigrationRecord) -> MigrationRecord:
        """Write the record unless it exists; return the existing one, or ours."""
        if self.put_new({**migration_key(record.migration_id), **encode_all(asdict(record))}):
            return record
        return self.required_migration(record.migration_id)

    def keep_limits(self, record: MigrationRecord, limits: str) -> None:
        """Save the rules under which it continues: its author may have changed them."""
        if record.limits != limits:
            self.update(migration_key(record.migration_id), {"limits": limits})

    def control(self, migration_id: str) -> ControlRecord | None:
        item = self.get(control_key(migration_id))
        return decode(ControlRecord, item) if item else None

    def begin_attempt(  # noqa: PLR0913  # all that is said to the workers of an attempt
        self,
        migration_id: str,
        attempt: int,
        now: float,
        budget: Budget = NO_BUDGET,
        gate: HealthGate = NO_GATE,
        hours: AttemptHours = NO_HOURS,
        *,
        limit: CostLimit = NO_LIMIT,
        holds: Holds = (),
        after: ControlRecord | None = None,
    ) -> bool:
        """Let the workers of this attempt run, and no older ones; False if a newer attempt runs.

        :param holds: the holds that stay in force.
        :param after: the record as it was; False if a hold, a retune or a STOP changed it since.
        """
        told = summary_of(holds) if holds else Summary(now, 0.0, "")
        control = ControlRecord(
            command=Command.HOLD if holds else Command.RUN,
            attempt=attempt,
            holds=holds,
            **asdict(told),
            counted_at=now - SHARERS_SECONDS + FIRST_COUNT_SECONDS,
            known_at=now,
            **asdict(hours),
            **asdict(budget),
            **asdict(gate),
            **asdict(limit),
        )
        condition, seen = "attribute_not_exists(pk) OR #attempt <= :attempt", dict[str, Plain]()
        if after:
            condition = (
                "#attempt = :was AND #attempt <= :attempt AND #command = :was_command AND "
                f"{_is_version(after)}"
            )
            seen = {
                ":was": after.attempt,
                ":was_command": after.command,
                ":seen": after.version,
            }
        fields = {**asdict(control), "holds": tuple(asdict(hold) for hold in holds)}
        return self.update(control_key(migration_id), fields, condition=condition, extra=seen)

    def stop(self, migration_id: str, *, attempt: int, reason: str, now: float) -> bool:
        """Tell the workers of this attempt to end; False if it is not the current attempt.

        Nothing can replace a STOP, since workers may have ended already.
        """
        return self.update(
            control_key(migration_id),
            {
                "command": Command.STOP,
                "reason": reason,
                "since": now,
                "until": 0.0,
                "attempt": attempt,
            },
            condition="#attempt = :attempt",
        )

    def hold(self, migration_id: str, hold: HoldRecord, *, attempt: int) -> bool:
        """Put a hold in force, in addition to those of other kinds.

        False if one of its kind is in force, if this is not the current attempt, or if it is being
        stopped.
        """

        def add(holds: Holds) -> Holds:
            return holds if any(one.kind == hold.kind for one in holds) else (*holds, hold)

        return self.change_holds(migration_id, add, attempt=attempt, now=hold.since)

    def end_holds(
        self, migration_id: str, kinds: Collection[str], *, attempt: int, reason: str, now: float
    ) -> bool:
        """End the holds of these kinds; False as for ``hold``, or if none is in force."""

        def remove(holds: Holds) -> Holds:
            return tuple(one for one in holds if one.kind not in kinds)

        return self.change_holds(migration_id, remove, attempt=attempt, now=now, reason=reason)

    def change_holds(  # noqa: PLR0913  # what changes, and on what condition
        self,
        migration_id: str,
        change: Callable[[Holds], Holds],
        *,
        attempt: int,
        now: float,
        reason: str = "",
        also: Mapping[str, Plain] = NOTHING_ELSE,
    ) -> bool:
        """Change the holds in force by compare-and-set, so that no writer overwrites another's.

        ``reason`` is saved if no hold is left; ``also`` are other fields to set in the same write.
        False if nothing changes, or as for ``hold``.

        :raises LedgerBusyError: others were faster ten times in a row.
        """
        for _ in range(RACES):
            control = self.control(migration_id)
            if control is None or control.attempt != attempt or not control.may_hold:
                return False
            holds = control.in_force(now)
            changed = change(holds)
            if changed == holds:
                return False
            told = summary_of(changed) if changed else Summary(now, 0.0, reason)
            if self._replace_holds(migration_id, control, changed, {**asdict(told), **also}):
                return True
        raise LedgerBusyError(
            f"The holds of {migration_id} were changed by others {RACES} times in a row. "
            "Nothing was changed; try again."
        )

    def _replace_holds(
        self, migration_id: str, seen: ControlRecord, holds: Holds, fields: Mapping[str, Plain]
    ) -> bool:
        return self.update(
            control_key(migration_id),
            {
                "command": Command.HOLD if holds else Command.RUN,
                **fields,
                "holds": tuple(asdict(hold) for hold in holds),
                "version": seen.version + 1,
                "attempt": seen.attempt,
            },
            condition=(
                "#attempt = :attempt AND #command = :was AND #since = :was_since AND "
                f"{_is_version(seen)}"
            ),
            extra={":was": seen.command, ":was_since": seen.since, ":seen": seen.version},
        )

    def retune(
        self, migration_id: str, attempt: int, units_per_second: Mapping[str, float]
    ) -> bool:
        """Give this attempt another budget, by names of the control record's fields.

        False if it is not the current attempt, or is being stopped.
        """
        names = [*units_per_second, "attempt", "command", "version"]
        changed = self.update_typed(
            control_key(migration_id),
            assignments=", ".join(
                [
                    *(f"#{name} = :{name}" for name in units_per_second),
                    "#version = if_not_exists(#version, :none) + :one",
                ]
            ),
            names={f"#{name}": name for name in names},
            values=encode_all(
                {
                    **{f":{name}": figure for name, figure in units_per_second.items()},
                    ":attempt": attempt,
                    ":stop": Command.STOP,
                    ":none": 0,
                    ":one": 1,
                }
            ),
            condition="#attempt = :attempt AND #command <> :stop",
        )
        return changed is not None

    def latest_attempt(self, migration_id: str) -> AttemptRecord | None:
        with aws_call("dynamodb:Query", f"table {self.table_name}"):
            page = self._dynamodb.query(
                TableName=self.table_name,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
                ExpressionAttributeValues=encode_all(
                    {":pk": migration_partition(migration_id), ":sk": ATTEMPT}
                ),
                ScanIndexForward=False,
                Limit=1,
                ConsistentRead=True,
            )
        return next((decode(AttemptRecord, item) for item in page["Items"]), None)

    def current_attempt(self, migration_id: str) -> AttemptRecord | None:
        """Return the latest attempt that has begun, which is the control record's.

        An attempt takes its number first, and then the control record. A failure or a person's
        command in between leaves a number that is not used yet.
        """
        latest = self.latest_attempt(migration_id)
        if latest is None or latest.started_at or latest.ended_at:
            return latest
        control = self.control(migration_id)
        if control is None or control.attempt >= latest.number:
            return latest
        item = self.get(attempt_key(migration_id, control.attempt))
        return decode(AttemptRecord, item) if item else latest

    def attempts(self, migration_id: str) -> Iterator[AttemptRecord]:
        """Yield every attempt, the oldest first."""
        for item in self.query_all(migration_partition(migration_id), prefix=ATTEMPT):
            yield decode(AttemptRecord, item)

    def create_attempt(self, migration_id: str, attempt: AttemptRecord) -> bool:
        """Take the attempt's number; False if another try took it."""
        key = attempt_key(migration_id, attempt.number)
        return self.put_new({**key, **encode_all(asdict(attempt))})

    def renew_attempt(self, migration_id: str, attempt: AttemptRecord) -> bool:
        """Update an attempt that never started; False if it did start."""
        return self.update(
            attempt_key(migration_id, attempt.number),
            {
                "transform_hash": attempt.transform_hash,
                "lanes": attempt.lanes,
                "scope": attempt.scope,
                "intended_at": attempt.intended_at,
                "goes_on": attempt.goes_on,
                "started_at": 0,
            },
            condition="#started_at = :started_at",
        )

    def attempt_started(self, migration_id: str, number: int, now: float) -> None:
        self.update(attempt_key(migration_id, number), {"started_at": now})

    def attempt_ended(self, migration_id: str, number: int, *, result: str, now: float) -> bool:
        """Note how an attempt ended; False if that was noted already, which then counts."""
        return self.update(
            attempt_key(migration_id, number),
            {"ended_at": now, "result": result},
            condition="#ended_at = :never",
            extra={":never": 0},
        )

    def note(self, migration_id: str, name: str, text: str, *, once: bool = False) -> None:
        """Save one JSON document beside the migration; ``once``: an existing one stays."""
        condition = "attribute_not_exists(pk)" if once else ""
        self.update(note_key(migration_id, name), {"text": text}, condition=condition)

    def read_note(self, migration_id: str, name: str) -> str:
        """Return the document; empty when there is none."""
        return self._text(note_key(migration_id, name))

    def keep(self, name: str, text: str) -> None:
        """Save one JSON document for the stack, not for a migration."""
        self.update(stack_key(name), {"text": text})

    def kept(self, name: str) -> str:
        """Return the document; empty when there is none."""
        return self._text(stack_key(name))

    def _text(self, key: TypedItem) -> str:
        return str((self.get(key) or {}).get("text", {}).get("S", ""))


def _is_version(seen: ControlRecord) -> str:
    """Return the condition that it is unchanged, with its version as ``:seen``."""
    condition = "#version = :seen"
    if seen.version == 0:  # versions without kinds of hold wrote no version
        return f"(attribute_not_exists(#version) OR {condition})"
    return condition
