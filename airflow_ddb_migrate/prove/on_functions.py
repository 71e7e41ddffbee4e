"""Functions: versions, the runtime, and the effect of a role's permissions."""

from collections.abc import Callable
from typing import Any, Final

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.prove.compute import Compute

_LOOK_SECONDS: Final = 1.0
_POLICY_SECONDS: Final = 120.0
_OK: Final = 200
_FORBIDDEN: Final = 403


def ask_published_versions(compute: Compute) -> dict[str, Any]:
    """Publish code A, A again, code B, and A again."""
    versions = {}
    for step, marker in (("a", "a"), ("a_unchanged", ""), ("b", "b"), ("a_again", "a")):
        if marker:
            compute.replace_code(marker)
        with aws_call("lambda:PublishVersion", compute.function):
            answer = compute.scratch.clients.lambda_.publish_version(FunctionName=compute.function)
        versions[step] = str(answer["Version"])
    return versions


def ask_lambda_runtime(compute: Compute) -> dict[str, Any]:
    """Ask the runtime for its botocore, by a request that the role allows."""
    table = compute.scratch.names.table
    compute.allow(_describing(compute, table))
    _await(compute, lambda: _status(compute, _table(table)) == _OK)
    return compute.ask({"ask": "runtime", "table": table})


def ask_missing_object(compute: Compute) -> dict[str, Any]:
    """Ask for a missing object, without and with permission to list the bucket."""
    bucket = compute.bucket
    arn = f"arn:{compute.role_arn.split(':')[1]}:s3:::{bucket}"
    reading = {"Action": "s3:GetObject", "Resource": f"{arn}/*"}
    with aws_call("s3:PutObject", f"bucket {bucket}"):
        compute.scratch.clients.s3.put_object(Bucket=bucket, Key="is-there", Body=b"")
    missing = _object(bucket, "is-not-there")
    compute.allow(reading)
    _await(compute, lambda: _status(compute, _object(bucket, "is-there")) == _OK)
    without = compute.ask(missing)
    compute.allow(reading, {"Action": "s3:ListBucket", "Resource": arn})
    if without["status"] == _FORBIDDEN:
        _await(compute, lambda: _status(compute, missing) != _FORBIDDEN)
    return {"without_list_bucket": without, "with_list_bucket": compute.ask(missing)}


def ask_role_delay(compute: Compute) -> dict[str, Any]:
    """Put a policy and measure when it takes effect; how long the role took is known already.

    The role was never allowed the slow table before, so the first request is refused if IAM is in
    force.
    """
    assert compute.function
    assert compute.state_machine_arn
    table = compute.scratch.names.slow_table
    was_refused = _status(compute, _table(table)) != _OK
    compute.allow(_describing(compute, table))
    seconds = _await(compute, lambda: _status(compute, _table(table)) == _OK)
    return {
        "function_after_seconds": round(compute.waits["function"], 1),
        "state_machine_after_seconds": round(compute.waits["state-machine"], 1),
        "was_refused_before": was_refused,
        "policy_after_seconds": seconds,
    }


def _describing(compute: Compute, table: str) -> dict[str, str]:
    arn = compute.scratch.arn("dynamodb", f"table/{table}")
    return {"Action": "dynamodb:DescribeTable", "Resource": arn}


def _table(name: str) -> dict[str, str]:
    return {"ask": "table", "table": name}


def _object(bucket: str, key: str) -> dict[str, str]:
    return {"ask": "object", "bucket": bucket, "key": key}


def _status(compute: Compute, event: dict[str, str]) -> int:
    return int(compute.ask(event)["status"])


def _await(compute: Compute, is_so: Callable[[], bool]) -> float | None:
    """Return after how many seconds a condition is true; None if it is not after a while."""
    clock = compute.scratch.clock
    began = clock.now()
    while not is_so():
        if clock.now() - began > _POLICY_SECONDS:
            return None
        clock.sleep(_LOOK_SECONDS)
    return round(clock.now() - began, 1)
