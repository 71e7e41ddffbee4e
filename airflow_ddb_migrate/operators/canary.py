"""Migrate a few segments for real, and check them, before all others."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate.core.approval.author_rules import AuthorRules, RequiredStep
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.names import CANARY_CHECK
from airflow_ddb_migrate.core.validation import validate_count, validate_switch
from airflow_ddb_migrate.operators.base.execution import WaitingOperator
from airflow_ddb_migrate.operators.base.not_asked import not_asked
from airflow_ddb_migrate.operators.base.parameters import Rules, check_constants
from airflow_ddb_migrate.operators.base.request import REQUEST_FIELDS
from airflow_ddb_migrate.operators.base.task import explained, template_fields

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.site import Site


class CanaryMigrationOperator(WaitingOperator):
    """
    Migrate a few segments for real, then check them without writing.

    Unlike a dry run, a canary writes. Its segments are part of the migration: the start operator
    continues with the other segments. The canary is clean if no item was quarantined and the check
    finds no item that would still change.

    Returns ``clean``, ``ask`` (True if it is not clean or ``always_ask`` is on), ``lanes`` (the
    number of segments), ``counts`` of items by result, ``transform_hash`` and ``markdown``.
    Parameters: :class:`WaitingOperator`, :class:`MigrationRequestOperator` and
    :class:`MigrationTask`. Give them the same values as in the start operator.

    :param canary_lanes: number of segments; 0 skips this task. (templated)
    :param always_ask: ask a person even if the canary is clean. (templated)
    """

    RULES: ClassVar[Rules] = {
        **WaitingOperator.RULES,
        "always_ask": partial(validate_switch, "canary_approve"),
        "canary_lanes": partial(validate_count, "canary_lanes"),
    }
    template_fields: Sequence[str] = template_fields(*REQUEST_FIELDS, "always_ask", "canary_lanes")
    steps: ClassVar[tuple[RequiredStep, ...]] = (RequiredStep.CANARY,)

    def __init__(self, *, canary_lanes: int = 1, always_ask: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.canary_lanes = canary_lanes
        self.always_ask = always_ask
        check_constants(self)

    @classmethod
    def hold_to(cls, rules: AuthorRules, values: Mapping[str, Any]) -> None:
        super().hold_to(rules, values)
        lanes, asks = values.get("canary_lanes", 1), values.get("always_ask", True)
        rules.check_step(RequiredStep.CANARY, is_on=lanes > 0, how='"canary_lanes": 1 or more')
        rules.check_step(RequiredStep.CANARY_APPROVE, is_on=asks, how='"canary_approve": true')

    def run_step(self, context: "Context") -> Any:
        if not self.canary_lanes:
            return not_asked(self, context, "The canary is off (canary_lanes is 0).")
        request = self.valid_request(context, sample_lanes=self.canary_lanes)
        site = self.open_site(context)
        self.begin(context, site, request)
        return self.await_end(context, site, "execute_check")

    def execute_check(self, context: "Context", event: dict[str, Any]) -> Any:
        """Check the segments after they were migrated."""
        from airflow_ddb_migrate.aws.execution.parts import next_part

        with explained():
            site = self.ended_site(context, event)
            request = self.valid_request(
                context,
                mode=Mode.VERIFY,
                of=site.migration_id,
                transform="",  # the migration's own, with its parameters
                sample_lanes=self.canary_lanes,
            )
            part = next_part(site, CANARY_CHECK)
            self.begin(context, part, request)
            return self.await_end(context, part)

    def finished(self, context: "Context", site: "Site") -> dict[str, Any]:
        from airflow_ddb_migrate.aws.execution.observe import observe
        from airflow_ddb_migrate.aws.inspection.reports import compose_verify

        migration = observe(self.open_site(context))
        check = compose_verify(site)
        counts = migration.progress.counts
        clean = check.is_within(0) and not counts.quarantined
        markdown = _markdown(migration.attempt.lanes, clean=clean, check=check.to_markdown())
        self.log.info("%s", markdown)
        return {
            "clean": clean,
            "ask": self.always_ask or not clean,
            "lanes": migration.attempt.lanes,
            "counts": counts.to_dict(),
            "transform_hash": migration.attempt.transform_hash,
            "markdown": markdown,
        }

    def waited_site(self, context: "Context") -> "Site":
        """Return the site of the check if it has begun, otherwise that of the migration."""
        from airflow_ddb_migrate.aws.execution.parts import latest_part

        site = self.open_site(context)
        return latest_part(site, CANARY_CHECK) or site


def _markdown(lanes: int, *, clean: bool, check: str) -> str:
    verdict = "clean" if clean else "**not clean**"
    return f"# Canary: {lanes:,} segments are migrated and {verdict}\n\n{check}"
