"""Addresses of the console."""

import pytest
from airflow_ddb_migrate.core.text.console_urls import (
    execution_url,
    log_group_url,
    map_run_url,
    object_url,
)
from airflow_ddb_migrate.links.migration import MigrationExecutionLink

ARN = "arn:{}:states:eu-west-1:123456789012:execution:ddb-migrate:orders-1-a01"


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_it_is_the_task_s_link(partition: str) -> None:
    """Report and task lead to the same page, in every partition that Airflow knows."""
    arn = ARN.format(partition)
    domain = MigrationExecutionLink.get_aws_domain(partition)

    assert MigrationExecutionLink().format_link(
        execution_arn=arn, aws_domain=domain, region_name="eu-west-1"
    ) == execution_url(arn)


DOMAINS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
MAP_RUN = "arn:{}:states:eu-west-1:123456789012:mapRun:ddb-migrate/segments:01234567-89ab"


@pytest.mark.parametrize(("partition", "domain"), DOMAINS.items())
def test_addresses_are_of_the_partition_and_the_region(partition: str, domain: str) -> None:
    """As the console itself writes them: CloudWatch encodes twice, with a dollar sign."""
    near = f"arn:{partition}:dynamodb:eu-west-1:123456789012:table/orders"
    map_run = MAP_RUN.format(partition)

    assert (
        f"https://{domain}/states/home?region=eu-west-1#/mapruns/details/"
        f"arn%3A{partition}%3Astates%3Aeu-west-1%3A123456789012%3AmapRun%3Addb-migrate%2Fsegments"
        "%3A01234567-89ab"
    ) == map_run_url(map_run)
    assert (
        f"https://{domain}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/"
        "$252Faws$252Flambda$252Fddb-migrate"
    ) == log_group_url("/aws/lambda/ddb-migrate", near)
    assert (
        f"https://{domain}/s3/object/bucket?region=eu-west-1&prefix=migrations%2Fm%2Freport.json"
    ) == object_url("bucket", "migrations/m/report.json", near)


@pytest.mark.parametrize("near", ["", "arn:aws", "arn:aws-iso:states:us-iso-east-1:1:x"])
def test_nothing_is_guessed(near: str) -> None:
    """A partition whose console is not known, or what is no such ARN."""
    addresses = (
        map_run_url(near),
        map_run_url(ARN.format("aws")),
        map_run_url(MAP_RUN.format("aws-iso")),
        map_run_url("unknown: AccessDenied"),
        execution_url(MAP_RUN.format("aws")),
        log_group_url("/aws/lambda/x", near),
        log_group_url("", ARN.format("aws")),
        object_url("bucket", "key", near),
    )

    assert {""} == set(addresses)


@pytest.mark.parametrize("arn", ["", "arn:aws:states", ARN.format("aws-iso")])
def test_what_has_no_page_has_no_address(arn: str) -> None:
    """A partition whose console is not known, or no execution at all."""
    assert "" == execution_url(arn)
