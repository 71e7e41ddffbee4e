"""Show the links of an execution: itself, its map run, and the logs of its Lambda."""

from typing import TYPE_CHECKING, Any, Final

from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.text.console_urls import log_group_url, map_run_url
from airflow_ddb_migrate.links.execution import MigrationExecutionLink
from airflow_ddb_migrate.links.logs import MigrationLogsLink
from airflow_ddb_migrate.links.map_run import MigrationMapRunLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.services.stack import Stack
    from airflow_ddb_migrate.aws.site import Site

EXECUTION_LINKS: Final = (MigrationExecutionLink(), MigrationMapRunLink(), MigrationLogsLink())


def show_execution(context: "Context", operator: Any, site: "Site", execution_arn: str) -> bool:
    """Show what there is; tell whether that is all, as an execution soon has a map run.

    Who may not ask for the map run goes without its link: a link is a nicety.
    """
    try:
        map_run_arn = site.executions.map_run_arn(execution_arn)
    except MigrationError:
        show_known(context, operator, site.stack, execution_arn)
        return True
    show_known(context, operator, site.stack, execution_arn, map_run_arn)
    return bool(map_run_arn)


def show_known(
    context: "Context", operator: Any, stack: "Stack", execution_arn: str, map_run_arn: str = ""
) -> None:
    """Show what is known already; asks AWS nothing."""
    MigrationExecutionLink.show(context, operator, execution_arn)
    MigrationMapRunLink.show(context, operator, map_run_url(map_run_arn))
    logs = log_group_url(stack.log_group, stack.state_machine_arn)
    MigrationLogsLink.show(context, operator, logs)
