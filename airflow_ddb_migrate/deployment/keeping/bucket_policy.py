"""The bucket's own policy, if CloudFormation does not manage it.

It denies undo logs to everyone except the worker, whose role it names. A bucket that outlived its
stack still names that stack's role, so a new stack renews the policy. Before the bucket is deleted,
the policy is removed.
"""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code

_NONE = {"NoSuchBucketPolicy", "NoSuchBucket", "404"}


def renew_policy(s3: Any, bucket: str, wanted: Mapping[str, Any]) -> bool:
    """Give a kept bucket this stack's policy; True if it had another one.

    :raises AccessDeniedError: the policy may not be read or written.
    """
    if _policy(s3, bucket) == wanted:
        return False
    with aws_call("s3:PutBucketPolicy", f"bucket {bucket}"):
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(wanted))
    return True


def lift_policy(s3: Any, bucket: str) -> None:
    """Remove the policy, so that undo logs can be deleted. Can be repeated.

    :raises AccessDeniedError: the policy may not be removed.
    """
    with aws_call("s3:DeleteBucketPolicy", f"bucket {bucket}"):
        try:
            s3.delete_bucket_policy(Bucket=bucket)
        except ClientError as exc:
            if error_code(exc) not in _NONE:
                raise


def _policy(s3: Any, bucket: str) -> Any:
    """Return the current policy; None if there is none."""
    with aws_call("s3:GetBucketPolicy", f"bucket {bucket}"):
        try:
            return json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        except ClientError as exc:
            if error_code(exc) in _NONE:
                return None
            raise
