"""Undo a migration."""

from typing import TYPE_CHECKING, ClassVar

from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.operators.base.follow_up import FollowUpOperator

if TYPE_CHECKING:
    from airflow_ddb_migrate.aws.site import Site
    from airflow_ddb_migrate.core.ledger.counts import Counts


class UndoMigrationOperator(FollowUpOperator):
    """
    Undo a migration from its undo log, wherever an item still holds what the migration wrote.

    It runs through the same distributed map as the migration. An item's changed attributes are
    reverted all together or not at all. If live traffic has changed one of them since, the item
    stays as it is and its key is listed in the stack's bucket. A deleted item is put back only if
    its key is still free. The log is kept for 90 days unless ``ddb-migrate deploy
    --undo-retention-days`` sets another time.

    Returns ``migration_id`` of the undo, ``of``, ``table`` and ``counts``: ``changed`` (reverted),
    ``already`` (as before the migration), ``skipped`` (changed since, kept) and ``gone``.
    Parameters: :class:`WaitingOperator` and :class:`MigrationTask`; from
    :class:`MigrationRequestOperator` the budgets, ``max_concurrency`` and the quarantine limits.

    :param of: id of the migration to undo, in its own table. (templated)
    """

    mode: ClassVar[Mode] = Mode.UNDO

    def in_words(self, site: "Site", counts: "Counts") -> str:
        kept = f" Their keys are under {site.bucket.uri('kept/')}." if counts.skipped else ""
        return (
            f"{counts.changed:,} writes were reverted, {counts.already:,} items were as before, "
            f"{counts.gone:,} no longer exist, {counts.quarantined:,} could not be reverted, "
            f"{counts.skipped:,} have changed since and stay as they are.{kept}"
        )
