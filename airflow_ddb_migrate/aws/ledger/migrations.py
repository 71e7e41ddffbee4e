"""The ledger: the one source of truth about migrations, in one small DynamoDB table.

Keys: ``pk = migration#<id>`` with ``sk`` = ``migration``, ``control``, ``attempt#001``; lane rows
spread over 16 partition keys ``migration#<id>#lanes#<n>`` with ``sk = lane#000000``. The lease on
a table is in leases.py, its history in history.py, what happened to a migration in events.py, and
JSON documents beside a migration are in notes.py. Keys are in keys.py.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.ledger.keys import (
    ATTEMPT,
    attempt_key,
    control_key,
    migration_key,
    migration_partition,
    note_key,
    stack_key,
)
from airflow_ddb_migrate.aws.ledger.table import LedgerTable
from airflow_ddb_migrate.aws.ledger.typed_values import Plain, decode, encode_all
from airflow_ddb_migrate.core.errors import NotBegunError
from airflow_ddb_migrate.core.ledger.records import (
    NO_BUDGET,
    AttemptRecord,
    Budget,
    Command,
    ControlRecord,
    MigrationRecord,
    TypedItem,
)
from airflow_ddb_migrate.core.limits import FIRST_COUNT_SECONDS, SHARERS_SECONDS


class Ledger(LedgerTable):
    """Migrations, their attempts and their control record."""

    def migration(self, migration_id: str) -> MigrationRecord | None:
        item = self.get(migration_key(migration_id))
        return decode(MigrationRecord, item) if item else None

    def required_migration(self, migration_id: str) -> MigrationRecord:
        """Return the migration's record; raises NotBegunError when there is none."""
        record = self.migration(migration_id)
        if record is None:
            raise NotBegunError(
                f"The ledger {self.table_name} knows no migration {migration_id}. "
                "Run the start task first, or check the migration_id."
            )
        return record

    def create_migration(self, record: MigrationRecord) -> MigrationRecord:
        """Write the record once; return the one that stands, ours or an earlier try's."""
        if self.put_new({**migration_key(record.migration_id), **encode_all(asdict(record))}):
            return record
        return self.required_migration(record.migration_id)

    def keep_limits(self, record: MigrationRecord, limits: str) -> None:
        """Note the rules that it goes on under: its author may have changed them."""
        if record.limits != limits:
            self.update(migration_key(record.migration_id), {"limits": limits})

    def control(self, migration_id: str) -> ControlRecord | None:
        item = self.get(control_key(migration_id))
        return decode(ControlRecord, item) if item else None

    def begin_attempt(
        self, migration_id: str, attempt: int, now: float, budget: Budget = NO_BUDGET
    ) -> bool:
        """Let the workers of this attempt run, and no older ones; False when a newer one does."""
        control = ControlRecord(
            command=Command.RUN,
            attempt=attempt,
            since=now,
            counted_at=now - SHARERS_SECONDS + FIRST_COUNT_SECONDS,
            **asdict(budget),
        )
        return self.update(
            control_key(migration_id),
            asdict(control),
            condition="attribute_not_exists(pk) OR #attempt <= :attempt",
        )

    def command(  # noqa: PLR0913  # every field of a command
        self,
        migration_id: str,
        command: Command,
        *,
        attempt: int,
        reason: str,
        now: float,
        until: float = 0.0,
    ) -> bool:
        """Tell the workers of this attempt what to do; False when it is not the current one.

        Nothing takes the place of a STOP: workers may have gone already. A HOLD that ends by itself
        (``until``) never takes the place of another command in force.
        """
        values: dict[str, Plain] = {
            "command": command,
            "reason": reason,
            "since": now,
            "until": until,
        }
        condition, extra = _place_for(command, until)
        return self.update(
            control_key(migration_id),
            {**values, "attempt": attempt},
            condition=f"#attempt = :attempt{condition}",
            extra=extra,
        )

    def retune(
        self, migration_id: str, attempt: int, units_per_second: Mapping[str, float]
    ) -> bool:
        """Give this attempt another budget, by name of the control record's field.

        False when it is not the current one, or is being stopped.
        """
        return self.update(
            control_key(migration_id),
            {**units_per_second, "attempt": attempt},
            condition="#attempt = :attempt AND #command <> :stop",
            extra={":stop": Command.STOP},
            names={"#command": "command"},
        )

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

    def attempts(self, migration_id: str) -> Iterator[AttemptRecord]:
        """Yield every attempt, the first one first."""
        for item in self.query_all(migration_partition(migration_id), prefix=ATTEMPT):
            yield decode(AttemptRecord, item)

    def create_attempt(self, migration_id: str, attempt: AttemptRecord) -> bool:
        """Take the attempt's number; False when another try took it."""
        key = attempt_key(migration_id, attempt.number)
        return self.put_new({**key, **encode_all(asdict(attempt))})

    def renew_attempt(self, migration_id: str, attempt: AttemptRecord) -> bool:
        """Bring an attempt that never started up to date; False when it did start."""
        return self.update(
            attempt_key(migration_id, attempt.number),
            {
                "transform_hash": attempt.transform_hash,
                "lanes": attempt.lanes,
                "scope": attempt.scope,
                "intended_at": attempt.intended_at,
                "started_at": 0,
            },
            condition="#started_at = :started_at",
        )

    def attempt_started(self, migration_id: str, number: int, now: float) -> None:
        self.update(attempt_key(migration_id, number), {"started_at": now})

    def attempt_ended(self, migration_id: str, number: int, *, result: str, now: float) -> bool:
        """Note how an attempt ended; False when somebody did already, who is right."""
        return self.update(
            attempt_key(migration_id, number),
            {"ended_at": now, "result": result},
            condition="#ended_at = :never",
            extra={":never": 0},
        )

    def note(self, migration_id: str, name: str, text: str, *, once: bool = False) -> None:
        """Keep one JSON document beside the migration; ``once``: the first one stays."""
        condition = "attribute_not_exists(pk)" if once else ""
        self.update(note_key(migration_id, name), {"text": text}, condition=condition)

    def read_note(self, migration_id: str, name: str) -> str:
        """Return the document; empty when there is none."""
        return self._text(note_key(migration_id, name))

    def keep(self, name: str, text: str) -> None:
        """Keep one JSON document of the stack, not of a migration."""
        self.update(stack_key(name), {"text": text})

    def kept(self, name: str) -> str:
        """Return the document; empty when there is none."""
        return self._text(stack_key(name))

    def _text(self, key: TypedItem) -> str:
        return str((self.get(key) or {}).get("text", {}).get("S", ""))


def _place_for(command: Command, until: float) -> tuple[str, dict[str, Plain]]:
    """Return the condition under which a command may take the place of the one in force."""
    if command is Command.STOP:
        return "", {}
    if not until:
        return " AND #command <> :stop", {":stop": Command.STOP}
    over = "(#command = :hold AND #until > :never AND #until <= :since)"
    known: dict[str, Plain] = {":run": Command.RUN, ":hold": Command.HOLD, ":never": 0}
    return f" AND (#command = :run OR {over})", known
