"""Work on an earlier migration: undo it, or retry its quarantined items."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.names import validate_migration_id
from airflow_ddb_migrate.operators.base.execution import WaitingOperator
from airflow_ddb_migrate.operators.base.parameters import Rules, check_constants
from airflow_ddb_migrate.operators.base.request import REQUEST_FIELDS
from airflow_ddb_migrate.operators.base.task import template_fields

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.site import Site
    from airflow_ddb_migrate.core.ledger.counts import Counts


class FollowUpOperator(WaitingOperator):
    """
    Base class of the operators that undo an earlier migration or replay its quarantine.

    Each run of them is a migration with its own lease on the table, ledger record, progress and
    quarantine. If you start it again, it resumes where it stopped.

    :param of: id of the earlier migration. (templated)
    """

    template_fields: Sequence[str] = template_fields(*REQUEST_FIELDS, "of")
    RULES: ClassVar[Rules] = {**WaitingOperator.RULES, "of": validate_migration_id}
    mode: ClassVar[Mode]

    def __init__(
        self, *, of: str, table_of: str | None = None, transform: str = "", **kwargs: Any
    ) -> None:
        super().__init__(
            table_of=of if table_of is None else table_of, transform=transform, **kwargs
        )
        self.of = of
        check_constants(self)

    def open_site(self, context: "Context") -> "Site":
        """Look up table and stack; raise InvalidInputError if ``of`` belongs to another DAG."""
        from airflow_ddb_migrate.aws.site import require_own_migration

        site = super().open_site(context)
        require_own_migration(site.ledger, self.of, self.address(context).identity)
        return site

    def run_step(self, context: "Context") -> Any:
        of = self.of
        request = self.valid_request(context, mode=self.mode, of=of)
        site = self.open_site(context)
        if site.migration_id == of:
            raise InvalidInputError(
                f"migration_id and of are both {of}. An undo or replay is a migration of its own, "
                "with its own id. Leave migration_id out, or give an id that is not in use."
            )
        self.begin(context, site, request)
        return self.await_end(context, site)

    def finished(self, context: "Context", site: "Site") -> dict[str, Any]:  # noqa: ARG002
        from airflow_ddb_migrate.aws.execution.observe import observe

        seen = observe(site)
        counts = seen.progress.counts
        self.log.info("%s", self.in_words(site, counts))
        return {
            "migration_id": site.migration_id,
            "of": seen.record.of,
            "table": seen.record.table_name,
            "counts": counts.to_dict(),
        }

    def in_words(self, site: "Site", counts: "Counts") -> str:
        """Return a sentence on the result, and on where to find more."""
        raise NotImplementedError
