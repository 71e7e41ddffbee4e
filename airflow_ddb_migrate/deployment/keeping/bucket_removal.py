"""Empties a bucket and deletes it: versioned, already gone, or written to meanwhile."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.core.errors import AccessDeniedError, DeployError

_ROUNDS = 10
_SHOWN = 3
_GONE = {"NoSuchBucket", "404"}
# Deleting what is not there changes nothing, and says whether deleting is allowed.
_PROBE = "code/may-it-be-deleted"


def require_emptying_allowed(s3: Any, bucket: str) -> None:
    """Raise AccessDeniedError, or DeployError, if S3 would refuse to delete objects."""
    with aws_call("s3:DeleteObject", f"bucket {bucket}"):
        try:
            _delete(s3, bucket, [{"Key": _PROBE}])
        except ClientError as exc:
            if error_code(exc) not in _GONE:
                raise


def remove_bucket(s3: Any, bucket: str) -> int:
    """Delete all objects with all their versions, then the bucket; return how many.

    One that is gone already is no error.

    :raises DeployError: S3 does not delete an object, or new ones keep coming.
    """
    deleted = 0
    for _ in range(_ROUNDS):
        deleted += empty_bucket(s3, bucket)
        if _deleted(s3, bucket):
            return deleted
    raise DeployError(
        f"Bucket {bucket} got new objects as often as it was emptied ({_ROUNDS} times). Find out "
        "who writes to it (CloudTrail: PutObject), stop that, and run the same command again."
    )


def empty_bucket(s3: Any, bucket: str) -> int:
    """Delete all objects with all their versions and markers; return how many."""
    deleted = 0
    with aws_call("s3:ListBucketVersions and s3:DeleteObjectVersion", f"bucket {bucket}"):
        try:
            for rows in _pages(s3, bucket):
                _delete(s3, bucket, rows)
                deleted += len(rows)
        except ClientError as exc:
            if error_code(exc) not in _GONE:
                raise
    return deleted


def _pages(s3: Any, bucket: str) -> Iterator[list[dict[str, str]]]:
    """Yield what there is, at most 1,000 at a time; it may be deleted meanwhile."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        rows = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        if rows:
            yield [{"Key": row["Key"], "VersionId": row["VersionId"]} for row in rows]


def _delete(s3: Any, bucket: str, rows: list[dict[str, str]]) -> None:
    """Delete objects; S3 answers 200 also where it refuses some of them."""
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": rows, "Quiet": True})
    errors = answer.get("Errors") or []
    if errors:
        first = errors[0]
        kind = AccessDeniedError if first["Code"] == "AccessDenied" else DeployError
        keys = ", ".join(row["Key"] for row in errors[:_SHOWN])
        raise kind(
            f"S3 refuses to delete {len(errors):,} of {len(rows):,} objects of bucket {bucket} "
            f"({first['Code']}: {first.get('Message', '')}), such as {keys}. Allow s3:DeleteObject "
            "and s3:DeleteObjectVersion there, and look for an object lock or a bucket policy that "
            "denies it; then run the same command again."
        )


def _deleted(s3: Any, bucket: str) -> bool:
    """Delete the bucket; False when something is in it again."""
    with aws_call("s3:DeleteBucket", f"bucket {bucket}"):
        try:
            s3.delete_bucket(Bucket=bucket)
        except ClientError as exc:
            if error_code(exc) == "BucketNotEmpty":
                return False
            if error_code(exc) not in _GONE:
                raise
    return True
