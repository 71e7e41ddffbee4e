"""Go back to what a table was before a migration."""

from typing import TYPE_CHECKING, ClassVar

from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.operators.base.follow_up import FollowUpOperator

if TYPE_CHECKING:
    from airflow_ddb_migrate.aws.site import Site
    from airflow_ddb_migrate.core.ledger.counts import Counts


class UndoMigrationOperator(FollowUpOperator):
    """
    Revert a migration from its undo log, only where an item still holds what was written.

    It runs through the same distributed map as the migration. All of an item's changed attributes
    are reverted or none: an item of which live traffic has changed one since is kept as it is, and
    its key is listed in the stack's bucket. A deleted item is put back only where its key is still
    free. The log is kept for 90 days.

    Returns ``migration_id``, ``of``, ``table`` and ``counts``: ``changed`` (reverted), ``already``
    (was as before), ``skipped`` (since changed, kept) and ``gone``. Parameters:
    :class:`WaitingOperator` and :class:`MigrationTask`; of :class:`MigrationRequestOperator`
    those that name the budget, ``max_concurrency`` and the quarantine.

    :param of: the migration to undo; its table is the one meant. (templated)
    """

    mode: ClassVar[Mode] = Mode.UNDO

    def in_words(self, site: "Site", counts: "Counts") -> str:
        kept = f" Their keys are under {site.bucket.uri('kept/')}." if counts.skipped else ""
        return (
            f"{counts.changed:,} writes were reverted, {counts.already:,} items were as before, "
            f"{counts.gone:,} are gone, {counts.quarantined:,} could not be reverted, "
            f"{counts.skipped:,} have changed since and are kept as they are.{kept}"
        )
