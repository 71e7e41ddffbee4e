"""In-memory stand-ins for the services that moto does not have as they are on AWS."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.paginate import Paginator
from tests.support.factories import NOW, REGION, client_error


def paginator_of(fake: Any, service: str, operation: str) -> Paginator:
    """Return boto3's own paginator over a method of a fake, by the service's own tokens."""
    name = next(n for n in _pages_of(service) if xform_name(n) == operation)
    method: Any = getattr(fake, operation)
    return Paginator(method, _pages_of(service)[name], SimpleNamespace(name=name))


@cache
def _pages_of(service: str) -> dict[str, Any]:
    return dict(Loader().load_service_model(service, "paginators-1")["pagination"])


@dataclass  # without slots: tests replace methods of one
class FakeStepFunctions:
    """Executions that do nothing: they have the status that a test gives them."""

    executions: dict[str, dict[str, Any]] = field(default_factory=dict)
    map_run_counts: dict[str, int] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    described: list[str] = field(default_factory=list)
    updated: list[dict[str, Any]] = field(default_factory=list)
    failing: list[ClientError] = field(default_factory=list)  # what the next looks raise
    is_behind: bool = False  # AWS does not see any execution yet, but for a name that is taken

    def start_execution(self, **arguments: Any) -> dict[str, Any]:
        machine = arguments["stateMachineArn"].replace(":stateMachine:", ":execution:")
        arn = f"{machine}:{arguments['name']}"
        if arn in self.executions:
            raise client_error("ExecutionAlreadyExists", "StartExecution")
        self.executions[arn] = {"status": "RUNNING", "input": arguments["input"]}
        return {"executionArn": arn}

    def describe_execution(self, **arguments: Any) -> dict[str, Any]:
        self.described.append(arguments["executionArn"])
        if self.failing:
            raise self.failing.pop(0)
        return self._seen("DescribeExecution", **arguments)

    def stop_execution(self, **arguments: Any) -> None:
        arn = arguments["executionArn"]
        self._seen("StopExecution", **arguments)
        self.stopped.append(arn)
        self.end(arn, ExecutionStatus.ABORTED, arguments["error"], arguments["cause"])

    def list_map_runs(self, **arguments: Any) -> dict[str, Any]:
        self._seen("ListMapRuns", **arguments)
        runs = [{"mapRunArn": arguments["executionArn"]}] if self.map_run_counts else []
        return {"mapRuns": runs}

    def describe_map_run(self, **arguments: Any) -> dict[str, Any]:
        names = ("pending", "running", "succeeded", "failed", "timedOut", "aborted")
        return {"executionCounts": {**dict.fromkeys(names, 0), **self.map_run_counts}}

    def update_map_run(self, **arguments: Any) -> None:
        self.updated.append(arguments)

    def get_paginator(self, name: str) -> Any:
        """Of ListExecutions: what runs, as far as AWS sees it."""
        assert "list_executions" == name
        rows = [
            {"executionArn": arn}
            for arn, execution in self.executions.items()
            if execution["status"] == "RUNNING" and not self.is_behind
        ]
        return SimpleNamespace(paginate=lambda **_: iter([{"executions": rows}]))

    def _seen(self, operation: str, *, executionArn: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if self.is_behind or executionArn not in self.executions:
            raise client_error("ExecutionDoesNotExist", operation)
        return self.executions[executionArn]

    # What a test says happens.

    def end(  # what AWS says of an end
        self,
        arn: str,
        status: ExecutionStatus,
        error: str = "",
        cause: str = "",
        *,
        at: float = 0.0,
    ) -> None:
        ended = {"stopDate": datetime.fromtimestamp(at, UTC)} if at else {}
        self.executions[arn] |= {"status": status.value, "error": error, "cause": cause, **ended}

    def end_all(self, status: str, error: str = "", cause: str = "") -> None:
        for arn in self.executions:
            self.end(arn, ExecutionStatus(status), error, cause)

    @property
    def statuses(self) -> list[str]:
        return [execution["status"] for execution in self.executions.values()]

    def payload(self, arn: str) -> dict[str, Any]:
        return json.loads(self.executions[arn]["input"])  # type: ignore[no-any-return]


@dataclass
class FakeLambda:
    """Answers every invocation with the same words, but for ``sampled`` if it is given.

    ``mappings`` are who reads a stream, one a page.
    """

    answer: Any = field(default_factory=lambda: {"ok": True, "error": "", "hash": "hash-1"})
    function_error: str = ""
    invoked: list[dict[str, Any]] = field(default_factory=list)
    sampled: dict[str, Any] | Callable[[dict[str, Any]], Any] | None = None
    mappings: list[dict[str, str]] = field(default_factory=list)
    before: Callable[[str], None] = lambda name: None

    def invoke(self, **arguments: Any) -> dict[str, Any]:
        event = json.loads(arguments["Payload"])
        self.invoked.append(event)
        is_sample = event.get("action") == "sample" and self.sampled is not None
        said = self.sampled if is_sample else self.answer
        said = said(event) if callable(said) else said
        answer: dict[str, Any] = {"Payload": io.BytesIO(json.dumps(said).encode())}
        return {**answer, "FunctionError": self.function_error} if self.function_error else answer

    def get_paginator(self, operation: str) -> Paginator:
        return paginator_of(self, "lambda", operation)

    def list_event_source_mappings(self, **arguments: Any) -> dict[str, Any]:
        self.before("list_event_source_mappings")
        at = int(arguments.get("Marker", 0))
        more = {"NextMarker": str(at + 1)} if at + 1 < len(self.mappings) else {}
        return {"EventSourceMappings": self.mappings[at : at + 1], **more}

    def get_account_settings(self) -> dict[str, Any]:
        self.before("get_account_settings")
        return {"AccountLimit": {"UnreservedConcurrentExecutions": 900}}

    def get_function_configuration(self, **arguments: Any) -> dict[str, Any]:
        self.before("get_function_configuration")
        return {"MemorySize": 1_024}


@dataclass(slots=True)
class FakeCloudWatch:
    """Sums of a minute by metric and index ("": the table), newest first, in two pages."""

    sums: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    newest: datetime = field(default_factory=lambda: datetime.fromtimestamp(NOW - 60, UTC))
    asked: list[dict[str, Any]] = field(default_factory=list)
    before: Callable[[str], None] = lambda name: None
    alarms: dict[str, str] = field(default_factory=dict)

    def describe_alarms(self, AlarmNames: list[str], AlarmTypes: list[str]) -> dict[str, Any]:  # noqa: N803
        """Tell the states of ``alarms``; AWS shows composite ones only to who names their type."""
        self.before("describe_alarms")
        assert ["MetricAlarm", "CompositeAlarm"] == AlarmTypes
        known = [name for name in AlarmNames if name in self.alarms]
        found = [{"AlarmName": name, "StateValue": self.alarms[name]} for name in known]
        return {"MetricAlarms": found[:1], "CompositeAlarms": found[1:]}

    def get_paginator(self, operation: str) -> Paginator:
        return paginator_of(self, "cloudwatch", operation)

    def get_metric_data(self, **arguments: Any) -> dict[str, Any]:
        self.before("get_metric_data")
        self.asked.append(arguments)
        half = 1 if "NextToken" in arguments else 0
        rows = [self._row(query, half) for query in arguments["MetricDataQueries"]]
        return {"MetricDataResults": rows, **({} if half else {"NextToken": "more"})}

    def _row(self, query: dict[str, Any], half: int) -> dict[str, Any]:
        metric = query["MetricStat"]["Metric"]
        index = {d["Name"]: d["Value"] for d in metric["Dimensions"]}.get(
            "GlobalSecondaryIndexName", ""
        )
        sums = self.sums.get((metric["MetricName"], index), [])
        minutes = [self.newest - timedelta(minutes=number) for number in range(len(sums))]
        return {"Id": query["Id"], "Values": sums[half::2], "Timestamps": minutes[half::2]}


@dataclass(slots=True)
class FakeCloudFormation:
    """Stacks by name: status and outputs."""

    stacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    meta: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(region_name=REGION))

    def add(self, name: str, outputs: Mapping[str, str], status: str = "CREATE_COMPLETE") -> None:
        rows = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
        self.stacks[name] = {"StackName": name, "StackStatus": status, "Outputs": rows}

    def describe_stacks(self, **arguments: Any) -> dict[str, Any]:
        name = arguments["StackName"]
        if name not in self.stacks:
            message = f"Stack with id {name} does not exist"
            raise client_error("ValidationError", "DescribeStacks", message=message)
        return {"Stacks": [self.stacks[name]]}


@dataclass(slots=True)
class FakeS3:
    """Objects by bucket and key; ``before`` sees every call."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    before: Callable[[str, dict[str, Any]], None] = lambda name, arguments: None

    def put_object(self, **arguments: Any) -> None:
        self.before("put_object", arguments)
        self.objects[arguments["Bucket"], arguments["Key"]] = arguments["Body"]

    def get_object(self, **arguments: Any) -> dict[str, Any]:
        self.before("get_object", arguments)
        return {"Body": io.BytesIO(self.objects[arguments["Bucket"], arguments["Key"]])}

    def get_paginator(self, name: str) -> "FakeS3":
        assert name == "list_objects_v2"
        return self

    def paginate(self, **arguments: Any) -> Iterator[dict[str, Any]]:
        """One object a page: whoever reads one page only is found out."""
        self.before("list_objects_v2", arguments)
        for bucket, key in sorted(self.objects):
            is_wanted = key.startswith(arguments["Prefix"]) and key > arguments["StartAfter"]
            if bucket == arguments["Bucket"] and is_wanted:
                yield {"Contents": [{"Key": key}]}
        yield {}


@dataclass(slots=True)
class FakeAutoscaling:
    """Scalable targets by resource id and dimension, one a page; ``before`` sees every call."""

    targets: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    policies: list[dict[str, str]] = field(default_factory=list)
    scheduled: list[dict[str, str]] = field(default_factory=list)
    registered: list[dict[str, Any]] = field(default_factory=list)
    before: Callable[[str, dict[str, Any]], None] = lambda name, arguments: None

    def get_paginator(self, operation: str) -> Paginator:
        return paginator_of(self, "application-autoscaling", operation)

    def describe_scalable_targets(self, **arguments: Any) -> dict[str, Any]:
        self.before("describe_scalable_targets", arguments)
        wanted = arguments["ResourceIds"]
        rows = [row for row in self.targets.values() if row["ResourceId"] in wanted]
        return _page("ScalableTargets", rows, arguments)

    def describe_scaling_policies(self, **arguments: Any) -> dict[str, Any]:
        self.before("describe_scaling_policies", arguments)
        return _page("ScalingPolicies", _of(self.policies, arguments), arguments)

    def describe_scheduled_actions(self, **arguments: Any) -> dict[str, Any]:
        self.before("describe_scheduled_actions", arguments)
        return _page("ScheduledActions", _of(self.scheduled, arguments), arguments)

    def register_scalable_target(self, **arguments: Any) -> None:
        self.before("register_scalable_target", arguments)
        self.registered.append(arguments)
        key = (arguments["ResourceId"], arguments["ScalableDimension"])
        self.targets[key] = {**self.targets.get(key, {}), **arguments}


def _of(rows: list[dict[str, str]], arguments: Mapping[str, Any]) -> list[dict[str, str]]:
    return [row for row in rows if row["ResourceId"] == arguments["ResourceId"]]


def _page(name: str, rows: list[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """One row a page, after an empty one: whoever reads one page only is found out."""
    at = int(arguments.get("NextToken", 0))
    shown = rows[at - 1 : at] if at else []
    more = {"NextToken": str(at + 1)} if at < len(rows) else {}
    return {name: shown, **more}
