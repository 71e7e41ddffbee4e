"""Where a migration happens: its table, its stack, its ledger and its id."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.ledger.events import note_event
from airflow_ddb_migrate.aws.ledger.history import list_history
from airflow_ddb_migrate.aws.ledger.lanes import Lanes
from airflow_ddb_migrate.aws.ledger.leases import Leases
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.notes import plan_fields
from airflow_ddb_migrate.aws.owner import dag_of
from airflow_ddb_migrate.aws.services.bucket import Bucket
from airflow_ddb_migrate.aws.services.executions import Executions
from airflow_ddb_migrate.aws.services.stack import Stack, find_stack
from airflow_ddb_migrate.aws.services.tables import Table, describe_table
from airflow_ddb_migrate.core.capacity.snapshot import (
    TABLE,
    BillingMode,
    CapacitySnapshot,
    CapacityUnits,
)
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import InvalidInputError, NotBegunError, TableNotFoundError
from airflow_ddb_migrate.core.execution.progress import Execution
from airflow_ddb_migrate.core.ledger.events import Event, What
from airflow_ddb_migrate.core.ledger.history import HistoryRow
from airflow_ddb_migrate.core.ledger.lease import TableKey
from airflow_ddb_migrate.core.ledger.owners import require_own
from airflow_ddb_migrate.core.ledger.records import AttemptRecord, MigrationRecord
from airflow_ddb_migrate.core.names import (
    DRY_RUN,
    migration_id,
    validate_migration_id,
    validate_table_name,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The DAG run that asks. ``migration_id`` continues an earlier migration.

    ``of_dags`` are the DAGs whose migrations it may work on, beside its own; None: any.
    """

    dag_id: str
    run_id: str
    map_index: int = -1
    migration_id: str = ""
    of_dags: Collection[str] | None = None

    def name_for(self, table_arn: str) -> str:
        """Return the migration's id, which is the same for every task and try of a DAG run."""
        if self.migration_id:
            return validate_migration_id(self.migration_id)
        return migration_id(
            table_arn=table_arn, dag_id=self.dag_id, run_id=self.run_id, map_index=self.map_index
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything that the steps of a migration work on. ``table`` may be outdated.

    ``caller`` is the ARN of the person who steers it, see Event.
    """

    clients: Clients
    table: Table
    stack: Stack
    migration_id: str
    clock: Clock = Clock()
    caller: str = ""

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.clients.dynamodb, self.stack.ledger_table, self.clock)

    @property
    def lanes(self) -> Lanes:
        return Lanes(self.ledger)

    @property
    def leases(self) -> Leases:
        return Leases(self.ledger)

    @property
    def executions(self) -> Executions:
        return Executions(self.clients.stepfunctions, self.clock)

    @property
    def bucket(self) -> Bucket:
        return Bucket(self.clients.s3, self.stack.bucket, self.migration_id)

    def named(self, migration_id: str) -> "Site":
        """Return the site of another migration of the same table and stack."""
        return replace(self, migration_id=migration_id)

    def execution_of(self, attempt: AttemptRecord, *, if_confirmed: bool = False) -> Execution:
        """Describe an attempt's execution; if it may not be visible yet, it counts as RUNNING.

        :param if_confirmed: only expect it if StartExecution is known to have succeeded.
        """
        is_unconfirmed = if_confirmed and not attempt.started_at
        return self.executions.describe(
            attempt.execution_arn,
            expected_since=0.0 if is_unconfirmed else attempt.expected_since,
            is_over=is_unconfirmed or bool(attempt.ended_at),
        )

    def note_event(
        self,
        what: What,
        by: str,
        words: str,
        budget: Mapping[str, float] | None = None,
        *,
        kind: str = "",
    ) -> None:
        """Note an event; a failure to note it is only logged."""
        event = Event(
            at=self.clock.now(),
            what=what,
            by=by,
            words=words,
            budget=budget or {},
            caller=self.caller,
            kind=kind,
        )
        note_event(self.ledger, self.migration_id, event)

    def fresh_table(self) -> Table:
        """Describe the table again."""
        return describe_table(self.clients.dynamodb, self.table.name)


def open_site(
    clients: Clients,
    *,
    table_name: object,
    stack_name: str,
    identity: Identity,
    table_of: str = "",
) -> Site:
    """Look the table and the stack up; touches nothing.

    :param table_of: a migration in the ledger whose table to use if no name is given; by default
        the migration that ``identity`` continues.
    :raises NotBegunError: the ledger does not know that migration.
    :raises InvalidInputError: the table's name or the migration's id is not valid, or the migration
        belongs to another table, or to a DAG that is not allowed.
    :raises TableNotFoundError: the table does not exist.
    :raises StackNotFoundError: the stack is not deployed in this region.
    """
    known = table_of or identity.migration_id
    if known and not table_name:
        stack = find_stack(clients.cloudformation, stack_name)
        ledger = Ledger(clients.dynamodb, stack.ledger_table)
        require_own_migration(ledger, known, identity)
        table = describe_table(clients.dynamodb, _known_table(ledger, known))
    else:
        table = describe_table(clients.dynamodb, validate_table_name(table_name))
        stack = find_stack(clients.cloudformation, stack_name)
    site = Site(
        clients=clients,
        table=table,
        stack=stack,
        migration_id=identity.name_for(table.key.arn),
    )
    for name in {site.migration_id, table_of} - {""}:
        is_named = name in (table_of, identity.migration_id)
        require_own_migration(site.ledger, name, identity, is_named=is_named)
    if identity.migration_id:
        _require_its_table(site)
    return site


def require_own_migration(
    ledger: Ledger, migration_id: str, identity: Identity, *, is_named: bool = True
) -> None:
    """Raise InvalidInputError unless this DAG may work on the migration.

    A migration that the ledger does not know is allowed.

    :param is_named: a person or a DAG gave the id. An id that was made from the DAG run is its own,
        even if no DAG is known to have started it.
    """
    if identity.of_dags is None:
        return
    try:
        owner = dag_of(ledger, validate_migration_id(migration_id))
    except NotBegunError:
        return
    if owner or is_named:
        require_own(migration_id, owner, dag_id=identity.dag_id, of_dags=identity.of_dags)


def _known_table(ledger: Ledger, migration_id: str) -> str:
    """Return the table's name of a migration that was started, or only planned."""
    record = ledger.migration(validate_migration_id(migration_id))
    return record.table_name if record else _planned_table(ledger, migration_id)


def _require_its_table(site: Site) -> None:
    """Raise InvalidInputError if a person gave an id and another migration's table."""
    record = site.ledger.migration(site.migration_id)
    if record and record.table_arn != site.table.key.arn:
        raise InvalidInputError(
            f"Migration {site.migration_id} belongs to table {record.table_name}, not to "
            f"{site.table.name}. Correct table_name, or leave it out, since the ledger knows the "
            "table."
        )


def open_ledger(clients: Clients, stack_name: str) -> Ledger:
    """Return a stack's ledger; raises StackNotFoundError if the stack is not deployed here."""
    return Ledger(clients.dynamodb, find_stack(clients.cloudformation, stack_name).ledger_table)


def history_of(
    clients: Clients, *, stack_name: str, table_name: str, limit: int | None = None
) -> list[HistoryRow]:
    """Return a table's migrations, the newest first, also of a deleted table.

    :raises TableNotFoundError: the table does not exist and nothing is known of it.
    """
    stack = find_stack(clients.cloudformation, stack_name)
    ledger = Ledger(clients.dynamodb, stack.ledger_table)
    arn = _table_arn(stack, validate_table_name(table_name))
    rows = list(islice(list_history(ledger, arn), limit))
    if not rows:
        describe_table(clients.dynamodb, table_name)
    return rows


def open_known_site(clients: Clients, stack_name: str, migration_id: str) -> Site:
    """Open the site of a migration of which only the id is known; touches nothing.

    The table is the current one. If it was deleted, or created again under its name, it is the one
    that the ledger has: without capacity, and DELETED, so that nothing can be started on it.

    :raises InvalidInputError: the migration's id is none.
    :raises NotBegunError: the ledger does not know the migration.
    :raises StackNotFoundError: the stack is not deployed in this region.
    """
    name = validate_migration_id(migration_id)
    stack = find_stack(clients.cloudformation, stack_name)
    table = _table_of_record(Ledger(clients.dynamodb, stack.ledger_table), clients, name)
    return Site(clients=clients, table=table, stack=stack, migration_id=name)


def _table_of_record(ledger: Ledger, clients: Clients, migration_id: str) -> Table:
    record = ledger.migration(migration_id) or ledger.migration(f"{migration_id}-{DRY_RUN}")
    if record is None:
        return describe_table(clients.dynamodb, _planned_table(ledger, migration_id))
    try:
        table = describe_table(clients.dynamodb, record.table_name)
    except TableNotFoundError:
        return _remembered(record)
    return table if table.key.table_id == record.table_id else _remembered(record)


def _planned_table(ledger: Ledger, migration_id: str) -> str:
    """Return the table of a migration that was only planned."""
    plan = plan_fields(ledger, migration_id)
    if plan:
        return str(plan["table_name"])
    ledger.refuse_forgotten(migration_id)
    raise NotBegunError(
        f"The ledger {ledger.table_name} knows no migration {migration_id}. Check the id: "
        "ddb-migrate history --table TABLE lists those of a table."
    )


def _remembered(record: MigrationRecord) -> Table:
    nothing = {TABLE: CapacityUnits()}
    return Table(
        key=TableKey(record.table_arn, record.table_id, record.table_name),
        key_names=record.key_names,
        statuses={TABLE: "DELETED"},
        snapshot=CapacitySnapshot(BillingMode.PAY_PER_REQUEST, nothing, nothing),
        item_count=0,
        size_bytes=0,
    )


def _table_arn(stack: Stack, table_name: str) -> str:
    """Return a table's ARN, also of a table that does not exist."""
    _, partition, _, region, account, *_ = stack.state_machine_arn.split(":")
    return f"arn:{partition}:dynamodb:{region}:{account}:table/{table_name}"
