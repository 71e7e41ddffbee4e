"""Deletes objects of a bucket with all their versions and delete markers."""

from collections.abc import Iterator
from typing import Any

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.core.errors import AccessDeniedError, DeployError

_SHOWN = 3


def delete_versions(s3: Any, bucket: str, prefix: str = "") -> int:
    """Delete all objects with a prefix, with every version and delete marker; return how many.

    :raises AccessDeniedError: the caller may not list or delete them.
    :raises DeployError: S3 refuses for another reason.
    """
    deleted = 0
    with aws_call("s3:ListBucketVersions and s3:DeleteObjectVersion", f"bucket {bucket}"):
        for rows in _pages(s3, bucket, prefix):
            delete_rows(s3, bucket, rows)
            deleted += len(rows)
    return deleted


def delete_rows(s3: Any, bucket: str, rows: list[dict[str, str]]) -> None:
    """Delete object versions. S3 answers 200 even if it refuses some of them."""
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": rows, "Quiet": True})
    errors = answer.get("Errors") or []
    if errors:
        first = errors[0]
        kind = AccessDeniedError if first["Code"] == "AccessDenied" else DeployError
        keys = ", ".join(row["Key"] for row in errors[:_SHOWN])
        raise kind(
            f"S3 refused to delete {len(errors):,} of {len(rows):,} objects of bucket {bucket} "
            f"({first['Code']}: {first.get('Message', '')}), such as {keys}. Allow "
            "s3:DeleteObject and s3:DeleteObjectVersion there, and check for an object lock or a "
            "bucket policy that denies it. Then run the same command again."
        )


def _pages(s3: Any, bucket: str, prefix: str) -> Iterator[list[dict[str, str]]]:
    """Yield versions and markers, at most 1,000 at a time. They may be deleted meanwhile."""
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        rows = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        if rows:
            yield [{"Key": row["Key"], "VersionId": row["VersionId"]} for row in rows]
