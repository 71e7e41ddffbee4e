"""Empties and deletes a bucket, which may have versions, be gone, or be written to meanwhile."""

from typing import Any

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.erasure.objects import delete_rows, delete_versions
from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.core.errors import AwsRequestError, DeployError

_ROUNDS = 10
_GONE = {"NoSuchBucket", "404"}
# Deleting an object that does not exist changes nothing, and shows whether it is allowed.
_PROBE = "code/may-it-be-deleted"


def require_emptying_allowed(s3: Any, bucket: str) -> None:
    """Raise AccessDeniedError, or DeployError, if S3 would refuse to delete objects."""
    with aws_call("s3:DeleteObject", f"bucket {bucket}"):
        try:
            delete_rows(s3, bucket, [{"Key": _PROBE}])
        except ClientError as exc:
            if error_code(exc) not in _GONE:
                raise


def remove_bucket(s3: Any, bucket: str) -> int:
    """Delete all objects with all their versions, then the bucket; return how many.

    A bucket that is already gone is not an error.

    :raises DeployError: S3 does not delete an object, or new objects keep arriving.
    """
    deleted = 0
    for _ in range(_ROUNDS):
        deleted += empty_bucket(s3, bucket)
        if _deleted(s3, bucket):
            return deleted
    raise DeployError(
        f"Bucket {bucket} was emptied {_ROUNDS} times and got new objects each time. Find out "
        "what writes to it (CloudTrail: PutObject), stop that, and run the same command again."
    )


def empty_bucket(s3: Any, bucket: str) -> int:
    """Delete all objects with all their versions and delete markers; return how many."""
    try:
        return delete_versions(s3, bucket)
    except AwsRequestError as exc:
        if exc.aws_code not in _GONE:
            raise
    return 0


def _deleted(s3: Any, bucket: str) -> bool:
    """Delete the bucket; False if it is not empty."""
    with aws_call("s3:DeleteBucket", f"bucket {bucket}"):
        try:
            s3.delete_bucket(Bucket=bucket)
        except ClientError as exc:
            if error_code(exc) == "BucketNotEmpty":
                return False
            if error_code(exc) not in _GONE:
                raise
    return True
