"""Executions of the state machine: started, found again, stopped, described."""

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
        """Start an execution; False when one of this name exists, which is then the one meant."""
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
        """Describe an execution; MISSING when it was never started or is forgotten (90 days).

        DescribeExecution is eventually consistent: one that is not found within START_SEEN_SECONDS
        of ``expected_since`` counts as RUNNING, and after that it has to be missing in
        CONFIRM_LOOKS looks, since what is stopped or freed then stays so.

        :param is_over: nothing can follow from it any more: one look will do.
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
        """Return the execution's map run; empty while it has none. One call: keep the answer.

        An execution that is about to be started, or is forgotten, has none.
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
        """Count the child executions; at most one call per 20 s and migration."""
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
        """Let so many children run at a time from now on; those that run go on.

        Step Functions reads 0 as 10,000, so whoever calls has checked that it is none.
        """
        with aws_call("states:UpdateMapRun", map_run_arn):
            self.stepfunctions.update_map_run(mapRunArn=map_run_arn, maxConcurrency=max_concurrency)

    def stop(self, arn: str, *, error: str, cause: str) -> bool:
        """Stop an execution; one that has ended stays as it is. False when none is found."""
        with aws_call("states:StopExecution", arn):
            try:
                self.stepfunctions.stop_execution(executionArn=arn, error=error, cause=cause)
            except ClientError as exc:
                if error_code(exc) not in {_MISSING, "ValidationException"}:
                    raise
                return error_code(exc) != _MISSING
        return True

    def live_of(self, lease: LeaseRecord, attempt: AttemptRecord | None) -> tuple[str, ...]:
        """Return the ARNs of what runs for a lease's holder, whose latest attempt is given.

        The lease may have been renewed before the attempt was written.
        """
        expected = {lease.execution_arn: 0.0}
        if attempt:
            expected[attempt.execution_arn] = attempt.expected_since
        return tuple(
            arn
            for arn, since in sorted(expected.items())
            if self.describe(arn, expected_since=since).status.is_live
        )
