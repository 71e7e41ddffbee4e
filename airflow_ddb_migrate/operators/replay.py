"""Retry quarantined items."""

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
    Run the transform on just the quarantined items of a migration.

    First fix the transform and deploy it, or fix the items. The replay reads each quarantined item
    as it is now and migrates it like any other. An item that fails again goes to the quarantine of
    this replay, which you can replay in turn. You can undo a replay like a migration. The task is
    skipped if the migration has no quarantined items.

    Returns ``migration_id`` of the replay, ``of``, ``table``, and ``counts`` of items by result.
    Parameters: :class:`WaitingOperator`, :class:`MigrationRequestOperator` and
    :class:`MigrationTask`.

    :param of: id of the migration whose quarantined items are retried, in its own table.
        (templated)
    :param transform: name of another transform. By default the migration's transform as it is
        deployed now, with the migration's parameters. (templated)
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
            f"{counts.seen:,} quarantined items were retried: {counts.changed:,} changed, "
            f"{counts.deleted:,} deleted, {counts.unchanged + counts.already:,} needed no change, "
            f"{counts.skipped:,} skipped, {counts.gone:,} no longer exist, "
            f"{counts.quarantined:,} failed again.{left}"
        )
