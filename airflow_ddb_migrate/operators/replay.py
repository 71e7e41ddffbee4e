"""Try quarantined items again."""

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate._compat import AirflowSkipException
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.operators.base.follow_up import FollowUpOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.site import Site
    from airflow_ddb_migrate.core.ledger.counts import Counts


class ReplayQuarantineOperator(FollowUpOperator):
    """
    Run the transform over just the items that a migration has set aside.

    Fix the transform and deploy it, or fix the items, and run this: each quarantined item is
    read again as it is now and migrated like any other. What fails again is in the quarantine of
    this replay, which can be replayed in turn. It can be undone like a migration.

    Returns ``migration_id``, ``of``, ``table`` and ``counts``. Parameters:
    :class:`WaitingOperator`, :class:`MigrationRequestOperator` and :class:`MigrationTask`.

    :param of: the migration whose quarantined items are meant; its table is, too. (templated)
    :param transform: another transform; by default that of the migration, as it is deployed now,
        and with the migration's parameters. (templated)
    """

    mode: ClassVar[Mode] = Mode.REPLAY

    def run_step(self, context: "Context") -> Any:
        from airflow_ddb_migrate.aws.services.bucket import QUARANTINE

        site = self.open_site(context)
        if not site.bucket.of(self.of).lanes(QUARANTINE):
            raise AirflowSkipException(f"Migration {self.of} has no quarantined items.")
        return super().run_step(context)

    def in_words(self, site: "Site", counts: "Counts") -> str:
        from airflow_ddb_migrate.aws.services.bucket import QUARANTINE

        left = f" See {site.bucket.uri(QUARANTINE)}/." if counts.quarantined else ""
        return (
            f"{counts.seen:,} quarantined items were tried again: {counts.changed:,} changed, "
            f"{counts.deleted:,} deleted, {counts.unchanged + counts.already:,} had nothing to "
            f"change, {counts.skipped:,} skipped, {counts.gone:,} are gone, "
            f"{counts.quarantined:,} still cannot be migrated.{left}"
        )
