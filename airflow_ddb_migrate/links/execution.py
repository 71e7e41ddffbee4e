"""The execution of a migration in the Step Functions console."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.providers.amazon.aws.links.base_aws import BASE_AWS_CONSOLE_LINK, BaseAwsLink

if TYPE_CHECKING:
    from airflow.sdk import Context

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
        """Return the address; empty for a partition whose console is not known."""
        if not execution_arn or not aws_domain:
            return ""
        quoted = quote(execution_arn, safe="")
        return super().format_link(execution_arn=quoted, aws_domain=aws_domain, **kw)

    @classmethod
    def show(cls, context: "Context", operator: Any, execution_arn: str) -> None:
        """Show the link at once, not only when the task's process ends."""
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
