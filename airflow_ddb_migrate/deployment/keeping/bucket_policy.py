"""The bucket's own policy, where CloudFormation does not look after it.

It keeps undo logs from everybody but the worker, whose role it names. A bucket that outlived its
stack still names the role of that one, so whoever takes it up renews the policy; and whoever
deletes the bucket lifts the policy first.
"""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code

_NONE = {"NoSuchBucketPolicy", "NoSuchBucket", "404"}


def renew_policy(s3: Any, bucket: str, wanted: Mapping[str, Any]) -> bool:
    """Give a kept bucket the policy of this stack; True if it had another one.

    :raises AccessDeniedError: the policy may not be read or written.
    """
    if _policy(s3, bucket) == wanted:
        return False
    with aws_call("s3:PutBucketPolicy", f"bucket {bucket}"):
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(wanted))
    return True


def lift_policy(s3: Any, bucket: str) -> None:
    """Take the policy away, so that undo logs can be deleted; any number of times.

    :raises AccessDeniedError: it may not be taken away.
    """
    with aws_call("s3:DeleteBucketPolicy", f"bucket {bucket}"):
        try:
            s3.delete_bucket_policy(Bucket=bucket)
        except ClientError as exc:
            if error_code(exc) not in _NONE:
                raise


def _policy(s3: Any, bucket: str) -> Any:
    """Return the policy that is there; None for none."""
    with aws_call("s3:GetBucketPolicy", f"bucket {bucket}"):
        try:
            return json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        except ClientError as exc:
            if error_code(exc) in _NONE:
                return None
            raise
