"""The alarms that are to hold a migration, as plan and start find them."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.aws.plan.planner import PlanOptions, make_plan
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
from airflow_ddb_migrate.core.errors import AccessDeniedError, InvalidInputError
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan
from airflow_ddb_migrate.core.plan.page import plan_markdown
from tests.support.engines.fakes import FakeCloudWatch
from tests.support.factories import MIGRATION, client_error
from tests.support.plans import sampled
from tests.support.worlds.site_world import SiteWorld, start_request

ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:checkout"


class Alarms(FakeCloudWatch):
    """CloudWatch's alarms by name; asked with both kinds only, else it shows metric alarms."""

    def __init__(self, **states: str) -> None:
        super().__init__()
        self.states = states
        self.read: list[list[str]] = []

    def describe_alarms(self, AlarmNames: list[str], AlarmTypes: list[str]) -> dict[str, Any]:  # noqa: N803
        assert ["MetricAlarm", "CompositeAlarm"] == AlarmTypes
        self.read.append(AlarmNames)
        found = [
            {"AlarmName": name, "StateValue": self.states[name]}
            for name in AlarmNames
            if name in self.states
        ]
        return {"MetricAlarms": found[:1], "CompositeAlarms": found[1:]}


@pytest.fixture
def plan(world: SiteWorld) -> Callable[..., MigrationPlan]:
    def make(alarms: Alarms, **fields: Any) -> MigrationPlan:
        site = world.site
        world.lambda_.sampled = {"ok": True, "error": "", **sampled().to_dict()}
        for name in ("describe_kinesis_streaming_destination", "describe_limits"):
            setattr(world.dynamodb, name, lambda **_: {})  # moto has neither
        site.clients.__dict__["cloudwatch"] = alarms
        return make_plan(site, start_request(**fields), PlanOptions())

    return make


def test_a_plan_says_the_state_of_each(plan: Callable[..., MigrationPlan]) -> None:
    """Metric alarms and composite ones, the run's and its author's."""
    alarms = Alarms(checkout="OK", lag="ALARM")
    limits = AuthorRules.of({"hold_while": ["lag"]})

    made = plan(alarms, hold_while=[ARN], limits=limits)

    assert {"checkout": "OK", "lag": "ALARM"} == made.alarms
    page = plan_markdown(MigrationPlan.from_json(made.to_json()))
    assert "| holds while in ALARM | checkout: OK now |" in page
    assert "| lag: ALARM now, so it would begin on hold |" in page


def test_without_alarms_nobody_is_asked(plan: Callable[..., MigrationPlan]) -> None:
    """Who has no right to read them needs none."""
    alarms = Alarms()

    assert {} == plan(alarms).alarms
    assert [] == alarms.read


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ({}, r"names checkout, but CloudWatch has no such alarm in region us-east-1"),
        ({"checkout": "INSUFFICIENT_DATA"}, r"names checkout, which has no data"),
    ],
)
def test_an_alarm_that_tells_nothing_is_refused(
    plan: Callable[..., MigrationPlan], world: SiteWorld, states: dict[str, str], words: str
) -> None:
    """In words, with nothing in the ledger."""
    with pytest.raises(InvalidInputError, match=words):
        plan(Alarms(**states), hold_while=["checkout"])
    assert "" == world.site.ledger.read_note(MIGRATION, "plan")


def test_alarms_that_may_not_be_read_are_told_as_that(plan: Callable[..., MigrationPlan]) -> None:
    """A gate that nobody can look at is none."""

    class Denied(Alarms):
        def describe_alarms(self, **_: Any) -> dict[str, Any]:
            raise client_error("AccessDenied", "DescribeAlarms")

    with pytest.raises(AccessDeniedError, match="cloudwatch:DescribeAlarms on alarms checkout"):
        plan(Denied(), hold_while=["checkout"])


def test_an_attempt_begins_with_the_names_of_all_alarms(world: SiteWorld) -> None:
    """Of the run, and of the author; where another region is meant, nothing is started."""
    limits = AuthorRules.of({"hold_while": ["lag"]})
    with pytest.raises(InvalidInputError, match="is in region eu-west-1"):
        world.start(hold_while=[ARN.replace("us-east-1", "eu-west-1")])
    world.start(hold_while=[ARN], healthy_for=60, limits=limits)

    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    assert (("checkout", "lag"), 60, world.clock(), 0) == (
        control.hold_while,
        control.healthy_for,
        control.known_at,
        control.alarms_at,
    )
