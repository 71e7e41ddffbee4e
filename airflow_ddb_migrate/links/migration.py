"""Links of a task to the AWS console: execution, map run, Lambda logs and report."""

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from airflow.providers.amazon.aws.links.base_aws import BASE_AWS_CONSOLE_LINK, BaseAwsLink

from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.text.console_urls import log_group_url, map_run_url

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.services.stack import Stack
    from airflow_ddb_migrate.aws.site import Site

_ARN_PARTS = 8  # arn:partition:states:region:account:execution:state-machine:name


class MigrationExecutionLink(BaseAwsLink):
    """Opens the execution, its map run and its child executions."""

    name = "Migration execution"
    key = "migration_execution"
    format_str = (
        BASE_AWS_CONSOLE_LINK
        + "/states/home?region={region_name}#/v2/executions/details/{execution_arn}"
    )

    def format_link(
        self, *, execution_arn: str = "", aws_domain: str | None = None, **kw: Any
    ) -> str:
        """Return the URL; empty for an AWS partition whose console is unknown."""
        if not execution_arn or not aws_domain:
            return ""
        quoted = quote(execution_arn, safe="")
        return super().format_link(execution_arn=quoted, aws_domain=aws_domain, **kw)

    @classmethod
    def show(cls, context: "Context", operator: Any, execution_arn: str) -> None:
        """Show the link now, not only when the task ends."""
        parts = execution_arn.split(":")
        if not operator.do_xcom_push or len(parts) != _ARN_PARTS:
            return
        partition, region = parts[1], parts[3]
        cls.persist(
            context=context,
            operator=operator,
            region_name=region,
            aws_partition=partition,
            execution_arn=execution_arn,
        )
        link = cls()
        url = link.format_link(
            execution_arn=execution_arn,
            aws_domain=cls.get_aws_domain(partition),
            region_name=region,
        )
        context["ti"].xcom_push(key=link.xcom_key, value=url)


class ConsoleLink(BaseAwsLink):
    """Base class of links whose URL is known when they are shown."""

    def format_link(self, *, url: str = "", **_: Any) -> str:
        """Return the URL as it was saved."""
        return url

    @classmethod
    def show(cls, context: "Context", operator: Any, url: str) -> None:
        """Show the link now, not only when the task ends. Does nothing without a URL."""
        if not operator.do_xcom_push or not url:
            return
        context["ti"].xcom_push(key=cls.key, value={"url": url})
        context["ti"].xcom_push(key=cls().xcom_key, value=url)


class MigrationMapRunLink(ConsoleLink):
    """Opens the map run in the Step Functions console, with a child execution for each segment."""

    name = "Map run"
    key = "migration_map_run"
    format_str = "{url}"


class MigrationLogsLink(ConsoleLink):
    """Opens the log group of the Lambda in the CloudWatch console."""

    name = "Lambda logs"
    key = "migration_logs"
    format_str = "{url}"


class MigrationReportLink(ConsoleLink):
    """Opens ``report.json`` in the stack's bucket, in the S3 console."""

    name = "Migration report"
    key = "migration_report"
    format_str = "{url}"


EXECUTION_LINKS: Final = (MigrationExecutionLink(), MigrationMapRunLink(), MigrationLogsLink())


def show_execution(context: "Context", operator: Any, site: "Site", execution_arn: str) -> bool:
    """Show the links of an execution. Return False while its map run does not exist yet.

    Without permission to read the map run, its link is left out.
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
    """Show the links whose data is already known, without asking AWS."""
    MigrationExecutionLink.show(context, operator, execution_arn)
    MigrationMapRunLink.show(context, operator, map_run_url(map_run_arn))
    logs = log_group_url(stack.log_group, stack.state_machine_arn)
    MigrationLogsLink.show(context, operator, logs)
