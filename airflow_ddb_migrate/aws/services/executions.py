"""Executions of the state machine: starts, finds, describes and stops them."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.execution.progress import Execution, ExecutionStatus, MapRunCounts
from airflow_ddb_migrate.core.ledger.records import AttemptRecord, LeaseRecord
from airflow_ddb_migrate.core.limits import CONFIRM_LOOKS, CONFIRM_SECONDS, START_SEEN_SECONDS

_MISSING = "ExecutionDoesNotExist"


@dataclass(frozen=True, slots=True)
class Executions:
    """``stepfunctions`` is a boto3 client."""

    stepfunctions: Any
    clock: Clock = Clock()

    def start(self, *, state_machine_arn: str, name: str, payload: str) -> bool:
        """Start an execution; False if one of this name exists, which is then the right one."""
        with aws_call("states:StartExecution", state_machine_arn):
            try:
                self.stepfunctions.start_execution(
                    stateMachineArn=state_machine_arn, name=name, input=payload
                )
            except ClientError as exc:
                if error_code(exc) == "ExecutionAlreadyExists":
                    return False
                raise
        return True

    def describe(self, arn: str, *, expected_since: float, is_over: bool = False) -> Execution:
        """Describe an execution; MISSING if it was never started, or ended over 90 days ago.

        DescribeExecution is eventually consistent. Within START_SEEN_SECONDS of ``expected_since``,
        an execution that is not found counts as RUNNING. After that it has to be missing
        CONFIRM_LOOKS times, since what is stopped or freed because of it stays so.

        :param is_over: nothing depends on it any more, so one call is enough.
        """
        if not arn:
            return Execution()
        for left in reversed(range(1 if is_over else CONFIRM_LOOKS)):
            found = self._look(arn)
            if found:
                return found
            if self.clock.now() - expected_since < START_SEEN_SECONDS:
                return Execution(arn=arn, status=ExecutionStatus.RUNNING)
            if left:
                self.clock.sleep(CONFIRM_SECONDS)
        return Execution(arn=arn, status=ExecutionStatus.MISSING)

    def _look(self, arn: str) -> Execution | None:
        with aws_call("states:DescribeExecution", arn):
            try:
                answer = self.stepfunctions.describe_execution(executionArn=arn)
            except ClientError as exc:
                if error_code(exc) == _MISSING:
                    return None
                raise
        return Execution(
            arn=arn,
            status=ExecutionStatus(answer["status"]),
            error=answer.get("error") or "",
            cause=answer.get("cause") or "",
            ended_at=answer["stopDate"].timestamp() if answer.get("stopDate") else 0.0,
        )

    def map_run_arn(self, execution_arn: str) -> str:
        """Return the execution's map run; empty while it has none. Keep the result of this call.

        An execution that is about to start, or that AWS has forgotten, has none.
        """
        with aws_call("states:ListMapRuns", execution_arn):
            try:
                runs = self.stepfunctions.list_map_runs(executionArn=execution_arn)["mapRuns"]
            except ClientError as exc:
                if error_code(exc) == _MISSING:
                    return ""
                raise
        return runs[0]["mapRunArn"] if runs else ""

    def map_run_counts(self, map_run_arn: str) -> MapRunCounts:
        """Return the numbers of child executions; call it at most once per 20 s and migration."""
        with aws_call("states:DescribeMapRun", map_run_arn):
            counts = self.stepfunctions.describe_map_run(mapRunArn=map_run_arn)["executionCounts"]
        return MapRunCounts(
            pending=counts["pending"],
            running=counts["running"],
            succeeded=counts["succeeded"],
            failed=counts["failed"],
            timed_out=counts["timedOut"],
            aborted=counts["aborted"],
        )

    def update_map_run(self, map_run_arn: str, *, max_concurrency: int) -> None:
        """Change how many children run at a time; running children continue.

        Step Functions reads 0 as 10,000, so the caller has to refuse 0.
        """
        with aws_call("states:UpdateMapRun", map_run_arn):
            self.stepfunctions.update_map_run(mapRunArn=map_run_arn, maxConcurrency=max_concurrency)

    def stop(self, arn: str, *, error: str, cause: str) -> bool:
        """Stop an execution; one that has ended stays as it is. False if it is not found."""
        with aws_call("states:StopExecution", arn):
            try:
                self.stepfunctions.stop_execution(executionArn=arn, error=error, cause=cause)
            except ClientError as exc:
                if error_code(exc) not in {_MISSING, "ValidationException"}:
                    raise
                return error_code(exc) != _MISSING
        return True

    def live_of(self, lease: LeaseRecord, attempt: AttemptRecord | None) -> tuple[str, ...]:
        """Return the ARNs of the running executions of a lease's holder and its latest attempt.

        The lease may be newer than the attempt.
        """
        expected = {lease.execution_arn: 0.0}
        if attempt:
            expected[attempt.execution_arn] = attempt.expected_since
        return tuple(
            arn
            for arn, since in sorted(expected.items())
            if self.describe(arn, expected_since=since).status.is_live
        )
