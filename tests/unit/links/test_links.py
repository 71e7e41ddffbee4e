"""The links into AWS's console: execution, map run, logs and report."""

import pytest
from airflow_ddb_migrate.core.errors import AccessDeniedError
from airflow_ddb_migrate.links.migration import (
    MigrationExecutionLink,
    MigrationLogsLink,
    MigrationMapRunLink,
    MigrationReportLink,
    show_execution,
)
from tests.support.factories import stack
from tests.support.worlds.airflow_world import make_context


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


# Map run, logs, report

MAP_RUN = "arn:aws:states:us-east-1:123456789012:mapRun:ddb-migrate/segments:0123"
URL = "https://console.aws.amazon.com/somewhere"


class Site:
    """A site whose execution has this map run, or that may not be asked for it."""

    def __init__(self, map_run_arn: str | Exception) -> None:
        self.stack = stack()
        self.executions = self
        self.found = map_run_arn

    def map_run_arn(self, execution_arn: str) -> str:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def links_shown(found, operator=None):
    """What a task shows of its execution, by class, and whether that is all."""
    context = make_context()
    is_all = show_execution(context, operator or Operator(), Site(found), arn("aws", "us-east-1"))
    pushed = context["ti"].pushed
    names = ("MigrationExecutionLink", "MigrationMapRunLink", "MigrationLogsLink")
    return {name for name in names if pushed.get(f"_link_{name}")}, is_all


def test_an_execution_is_shown_with_its_map_run_and_logs():
    """All three, once it has a map run; a moment before it has none, and is asked again."""
    most = {"MigrationExecutionLink", "MigrationLogsLink"}

    assert ({*most, "MigrationMapRunLink"}, True) == links_shown(MAP_RUN)
    assert (most, False) == links_shown("")


def test_who_may_not_ask_for_the_map_run_sees_the_rest():
    """A link is a nicety: nothing fails, and nothing is asked again."""
    refused = AccessDeniedError("no", aws_code="AccessDeniedException")

    assert ({"MigrationExecutionLink", "MigrationLogsLink"}, True) == links_shown(refused)


def test_no_link_without_xcom():
    """As for the execution's."""
    operator = Operator()
    operator.do_xcom_push = False

    assert (set(), True) == links_shown(MAP_RUN, operator)


@pytest.mark.parametrize("link", [MigrationMapRunLink, MigrationLogsLink, MigrationReportLink])
def test_a_link_is_made_again_when_the_process_ends(link):
    """From what was kept; nothing is kept where there is no address."""
    context, empty = make_context(), make_context()
    link.show(context, Operator(), URL)
    link.show(empty, Operator(), "")

    assert {link.key: {"url": URL}, f"_link_{link.__name__}": URL} == context["ti"].pushed
    assert URL == link().format_link(**context["ti"].pushed[link.key])
    assert ({}, "") == (empty["ti"].pushed, link().format_link())


def test_links_of_a_task_are_told_apart():
    """By name and by key."""
    links = (MigrationExecutionLink, MigrationMapRunLink, MigrationLogsLink, MigrationReportLink)

    assert 4 == len({link.name for link in links}) == len({link.key for link in links})
