"""Addresses of the console."""

import pytest
from airflow_ddb_migrate.core.console import execution_url
from airflow_ddb_migrate.links.execution import MigrationExecutionLink

ARN = "arn:{}:states:eu-west-1:123456789012:execution:ddb-migrate:orders-1-a01"


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_it_is_the_task_s_link(partition: str) -> None:
    """Report and task lead to the same page, in every partition that Airflow knows."""
    arn = ARN.format(partition)
    domain = MigrationExecutionLink.get_aws_domain(partition)

    assert MigrationExecutionLink().format_link(
        execution_arn=arn, aws_domain=domain, region_name="eu-west-1"
    ) == execution_url(arn)


@pytest.mark.parametrize("arn", ["", "arn:aws:states", ARN.format("aws-iso")])
def test_what_has_no_page_has_no_address(arn: str) -> None:
    """A partition whose console is not known, or no execution at all."""
    assert "" == execution_url(arn)
