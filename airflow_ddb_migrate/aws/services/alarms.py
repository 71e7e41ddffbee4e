"""The states of CloudWatch alarms."""

from collections.abc import Sequence
from typing import Any

from airflow_ddb_migrate.aws.errors import aws_call

_KINDS = ("MetricAlarm", "CompositeAlarm")  # without this, AWS returns only metric alarms


def alarm_states(cloudwatch: Any, names: Sequence[str]) -> dict[str, str]:
    """Return the states of alarms, composite ones too, by name; missing alarms are left out.

    It is one call, which accepts 100 names. Composite alarms need the permission on ``*``.

    :raises MigrationError: AWS does not answer, or refuses.
    """
    with aws_call("cloudwatch:DescribeAlarms", f"alarms {', '.join(names)}"):
        answer = cloudwatch.describe_alarms(AlarmNames=list(names), AlarmTypes=list(_KINDS))
        alarms = [*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())]
        return {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms}
