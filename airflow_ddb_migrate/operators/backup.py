"""Make sure that a table can be restored before a migration writes to it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate.core.approval.author_rules import AuthorRules, RequiredStep
from airflow_ddb_migrate.core.limits import BACKUP_SECONDS
from airflow_ddb_migrate.core.validation import validate_seconds
from airflow_ddb_migrate.operators.base.not_asked import not_asked
from airflow_ddb_migrate.operators.base.parameters import Rules, check_constants
from airflow_ddb_migrate.operators.base.task import MigrationOperator, template_fields

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.core.execution.backup_policy import Backup


def _policy(value: object) -> str:
    from airflow_ddb_migrate.core.execution.backup_policy import validate_policy

    return validate_policy(value).value


class BackupTableOperator(MigrationOperator):
    """
    Continue only if AWS can restore the table, as a last resort beside the undo.

    A retried or cleared task uses the backup that an earlier try made. The report shows the result.

    Returns a dict: ``kind`` (PITR, BACKUP or NONE), ``words`` (a sentence), ``arn`` and ``name`` of
    the backup, ``earliest``, ``latest`` and ``restore_to`` (ISO 8601 times to which AWS can
    restore), ``restore`` (the AWS CLI command), ``late`` (the migration had already begun) and
    ``policy``. Other parameters: :class:`MigrationTask`.

    :param policy: ``"auto"`` relies on point-in-time recovery if it is on; otherwise it makes an
        on-demand backup and waits for it. ``"require_pitr"`` fails without point-in-time recovery.
        ``"skip"`` checks nothing, and the report says so. (templated)
    :param timeout_seconds: how long to wait for the backup, in seconds or as a timedelta.
        (templated)
    """

    RULES: ClassVar[Rules] = {
        **MigrationOperator.RULES,
        "policy": _policy,
        "timeout_seconds": partial(validate_seconds, "timeout_seconds"),
    }
    template_fields: Sequence[str] = template_fields("policy", "timeout_seconds")
    steps: ClassVar[tuple[RequiredStep, ...]] = (RequiredStep.BACKUP,)

    def __init__(
        self,
        *,
        policy: str = "auto",
        timeout_seconds: timedelta | float = BACKUP_SECONDS,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.policy = policy
        self.timeout_seconds: float = timeout_seconds  # type: ignore[assignment]  # by its rule
        check_constants(self)

    @classmethod
    def hold_to(cls, rules: AuthorRules, values: Mapping[str, Any]) -> None:
        super().hold_to(rules, values)
        how = '"backup": "auto" or "require_pitr"'
        rules.check_step(RequiredStep.BACKUP, is_on=values.get("policy") != "skip", how=how)

    def run_step(self, context: "Context") -> Any:
        from airflow_ddb_migrate.aws.preflight.backup_gate import Waiting, ensure_backup
        from airflow_ddb_migrate.core.execution.backup_policy import BackupPolicy

        waiting = Waiting(seconds=self.timeout_seconds, tell=self.log.info)
        backup = ensure_backup(self.open_site(context), self.policy, waiting)
        self._tell(backup)
        if self.policy == BackupPolicy.SKIP:
            return not_asked(self, context, backup.words, asdict(backup))
        return asdict(backup)

    def _tell(self, backup: "Backup") -> None:
        self.log.info("%s", backup.words)
        if backup.restore:
            self.log.info("To restore it into a new table, run: %s", backup.restore)
        if backup.late:
            self.log.warning(
                "This migration had already begun, so the backup contains what it had changed."
            )
