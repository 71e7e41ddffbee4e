"""The states of CloudWatch alarms."""

from collections.abc import Sequence
from typing import Any

from airflow_ddb_migrate.aws.errors import aws_call

_KINDS = ("MetricAlarm", "CompositeAlarm")  # asked for neither, AWS returns metric alarms alone


def alarm_states(cloudwatch: Any, names: Sequence[str]) -> dict[str, str]:
    """Return the states of alarms by name, composite ones too; one that is not there is left out.

    In one call, which takes 100 names. Reading composite alarms needs the right on ``*``.

    :raises MigrationError: AWS does not answer, or refuses.
    """
    with aws_call("cloudwatch:DescribeAlarms", f"alarms {', '.join(names)}"):
        answer = cloudwatch.describe_alarms(AlarmNames=list(names), AlarmTypes=list(_KINDS))
        alarms = [*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())]
        return {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms}
