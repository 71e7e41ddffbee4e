"""Delete what is kept of one migration on request, for example to erase personal data.

A record of the deletion stays, and so does the migration's row in its table's history, without
parameters. A deletion can be repeated, also after an interruption.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.erasure.idle import require_idle
from airflow_ddb_migrate.aws.erasure.objects import delete_rows, delete_versions
from airflow_ddb_migrate.aws.erasure.records import records_of
from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.ledger.keys import erasure_key
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.scans import history_rows
from airflow_ddb_migrate.aws.ledger.typed_values import encode_all
from airflow_ddb_migrate.aws.services.bucket import ROOTS, UNDO, Bucket
from airflow_ddb_migrate.aws.services.stack import Stack
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.erasure import ErasureRecord, ErasureState, Family, KeptRow
from airflow_ddb_migrate.core.errors import AccessDeniedError, MigrationError, NotBegunError
from airflow_ddb_migrate.core.ledger.records import TypedItem
from airflow_ddb_migrate.core.names import validate_migration_id
from airflow_ddb_migrate.core.text.markdown import entered

# Deleting a version that does not exist changes nothing, and shows whether it is allowed.
_PROBE = {"Key": f"{UNDO}/may-it-be-deleted", "VersionId": "null"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """Deletes what is kept of a migration. ``confirm`` asks a person the question that it gets."""

    clients: Clients
    stack: Stack
    migration_id: str
    by: str
    confirm: Callable[[str], bool] = lambda _: True
    clock: Clock = Clock()

    @property
    def _ledger(self) -> Ledger:
        return Ledger(self.clients.dynamodb, self.stack.ledger_table, self.clock)

    def forget(self) -> str:
        """Delete lanes, undo log, quarantine, values and all else; return what was done.

        :raises InvalidInputError: the migration's id is not valid.
        :raises NotBegunError: the migration is unknown.
        :raises LeaseHeldError: it is running, holds its table, or has capacity to restore; nothing
            was deleted.
        :raises AccessDeniedError: the undo log may not be deleted; nothing was deleted.
        """
        validate_migration_id(self.migration_id)
        known, family = self._ledger.erasure(self.migration_id), self._family()
        if known and known.state is ErasureState.DONE and not self._has_any():
            return f"Migration {self.migration_id} was already forgotten: {known.words}."
        if not known and not family.mine and not self._has_any():
            raise NotBegunError(
                f"The ledger {self.stack.ledger_table} knows no migration {self.migration_id}, and "
                "the bucket has nothing of it. Check the id: ddb-migrate history --table TABLE "
                "lists those of a table."
            )
        if not self.confirm(self._question(family)):
            self._take_back(family)
            return "Nothing was deleted."
        mark = self._mark(family)
        try:
            require_idle(self.clients, self._ledger, family)
            self._require_allowed()
        except MigrationError:
            self._take_back(family)
            raise
        done = self._erase(family, mark)
        return f"Forgot migration {self.migration_id}: {done.words}. {self._left(family)}"

    def _family(self) -> Family:
        table = self.stack.ledger_table
        rows = (KeptRow(*found) for found in history_rows(self.clients.dynamodb, table))
        return Family.find(self.migration_id, rows)

    def _has_any(self) -> bool:
        """Return whether the ledger or the bucket has anything of it."""
        if next(records_of(self._ledger, self.migration_id), None):
            return True
        prefixes = (f"{root}/{self.migration_id}/" for root in ROOTS)
        with aws_call("s3:ListBucketVersions", f"bucket {self.stack.bucket}"):
            pages = (
                self.clients.s3.list_object_versions(
                    Bucket=self.stack.bucket, Prefix=prefix, MaxKeys=1
                )
                for prefix in prefixes
            )
            return any(page.get("Versions") or page.get("DeleteMarkers") for page in pages)

    def _question(self, family: Family) -> str:
        """Return the question to the person: what will be deleted, and the consequences."""
        with_them = f" with {', '.join(family.ids[1:])}" if family.ids[1:] else ""
        return (
            f"Forget migration {self.migration_id}{with_them}? Progress, undo log, quarantine, "
            "differences, report and parameters are deleted, with all versions. It can then be "
            "neither undone nor continued, and its quarantined items cannot be replayed."
        )

    def _mark(self, family: Family) -> ErasureRecord:
        """Note who asks before anything is checked, so that nothing of the migration can start."""
        with aws_call("sts:GetCallerIdentity", "the caller"):
            caller = str(self.clients.sts.get_caller_identity()["Arn"])
        mark = ErasureRecord(
            migration_id=self.migration_id,
            state=ErasureState.ASKED,
            by=entered(self.by),
            caller=caller,
            asked_at=self.clock.now(),
        )
        for name in family.ids:
            item = encode_all(asdict(replace(mark, migration_id=name)))
            self._ledger.put_new({**erasure_key(name), **item})
        return self._ledger.erasure(self.migration_id) or mark

    def _take_back(self, family: Family) -> None:
        """Allow it to be continued again, if nothing of it is deleted yet."""
        for name in family.ids:
            erasure = self._ledger.erasure(name)
            if erasure and erasure.state is ErasureState.ASKED:
                self._delete(erasure_key(name))

    def _require_allowed(self) -> None:
        """Raise AccessDeniedError if the bucket does not let the caller delete the log."""
        bucket = self._bucket(self.migration_id)
        try:
            with aws_call("s3:DeleteObjectVersion", f"bucket {bucket.name}"):
                delete_rows(bucket.s3, bucket.name, [{**_PROBE, "Key": bucket.key(_PROBE["Key"])}])
        except AccessDeniedError as exc:
            raise AccessDeniedError(
                f"{exc} Nothing was deleted. The bucket's own policy lets only the role of "
                "ddb-migrate deploy --break-glass-role ARN delete undo logs. That role needs the "
                "policy that ddb-migrate policy --for data-officer prints."
            ) from exc

    def _erase(self, family: Family, mark: ErasureRecord) -> ErasureRecord:
        """Delete objects first: the ledger knows the migration until they are gone."""
        for name in family.ids:
            self._ledger.update(erasure_key(name), {"state": ErasureState.ERASING})
        roots = [f"{root}/{name}/" for name in family.ids for root in ROOTS]
        s3, bucket = self.clients.s3, self.stack.bucket
        objects = mark.objects + sum(delete_versions(s3, bucket, root) for root in roots)
        self._ledger.update(erasure_key(self.migration_id), {"objects": objects})
        records = mark.records + sum(map(self._delete_records, family.ids))
        now = self.clock.now()
        for kept in family.mine:
            if not kept.row.forgotten_at:
                self._ledger.update(kept.key, {**kept.row.without_params(now)})
        self._ledger.update(erasure_key(self.migration_id), {"records": records})
        # The migration's own comes last, so that an interrupted run is repeated.
        for name in reversed(family.ids):
            self._ledger.update(erasure_key(name), {"state": ErasureState.DONE, "ended_at": now})
        return replace(
            mark, state=ErasureState.DONE, ended_at=now, objects=objects, records=records
        )

    def _delete_records(self, name: str) -> int:
        return sum(1 for record in records_of(self._ledger, name) if self._delete(record))

    def _delete(self, key: TypedItem) -> bool:
        table = self.stack.ledger_table
        with aws_call("dynamodb:DeleteItem", f"table {table}"):
            self.clients.dynamodb.delete_item(TableName=table, Key=key)
        return True

    def _bucket(self, name: str) -> Bucket:
        return Bucket(self.clients.s3, self.stack.bucket, name)

    def _left(self, family: Family) -> str:
        """Return where data may still be that this command does not reach."""
        about = ", ".join(sorted({kept.migration_id for kept in family.about}))
        own = f" {about} belong to it but are migrations of their own: forget them, too." * bool(
            about
        )
        return (
            "It can no longer be undone. Backups keep it for longer: the ledger's point-in-time "
            "recovery for 35 days, logs and Airflow for as long as you keep them." + own
        )
