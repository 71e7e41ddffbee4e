"""The link to the execution in the console."""

import pytest
from airflow_ddb_migrate.links.execution import MigrationExecutionLink
from tests.airflow_world import make_context


class Operator:
    do_xcom_push = True


def arn(partition: str, region: str) -> str:
    return f"arn:{partition}:states:{region}:123456789012:execution:ddb-migrate:orders-1-a01"


def shown(execution_arn: str) -> str | None:
    context = make_context()
    MigrationExecutionLink.show(context, Operator(), execution_arn)
    return context["ti"].pushed.get("_link_MigrationExecutionLink")


@pytest.mark.parametrize(
    ("partition", "region", "console"),
    [
        ("aws", "eu-west-1", "console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "console.amazonaws-us-gov.com"),
    ],
)
def test_partition(partition, region, console):
    """The link opens the console of the execution's own partition and region."""
    quoted = arn(partition, region).replace(":", "%3A")
    expected = f"https://{console}/states/home?region={region}#/v2/executions/details/{quoted}"
    assert expected == shown(arn(partition, region))


def test_unknown_partition():
    """A partition whose console is not known gets no link instead of a wrong one."""
    assert "" == shown(arn("aws-iso", "us-iso-east-1"))


@pytest.mark.parametrize("execution_arn", ["", "orders-1-a01"])
def test_no_arn(execution_arn):
    """Without an execution nothing is pushed."""
    assert shown(execution_arn) is None


def test_without_xcom():
    """A task that may not push XComs shows no link and does not fail."""
    context = make_context()
    operator = Operator()
    operator.do_xcom_push = False
    MigrationExecutionLink.show(context, operator, arn("aws", "us-east-1"))
    assert {} == context["ti"].pushed


def test_link_of_a_finished_task():
    """What was kept for the console is enough to make the link again when the process ends."""
    context = make_context()
    MigrationExecutionLink.show(context, Operator(), arn("aws", "us-east-1"))
    kept = context["ti"].pushed["migration_execution"]
    assert shown(arn("aws", "us-east-1")) == MigrationExecutionLink().format_link(**kept)
