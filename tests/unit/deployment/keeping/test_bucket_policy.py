"""The policy of a bucket that outlived its stack, and of one that is about to be deleted."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.core.errors import AccessDeniedError
from airflow_ddb_migrate.deployment.keeping.bucket_policy import lift_policy, renew_policy
from airflow_ddb_migrate.deployment.rendering import StackPlace
from airflow_ddb_migrate.deployment.role_policies import bucket_policy as rendered_policy
from airflow_ddb_migrate.deployment.settings.settings import StackSettings
from moto import mock_aws
from tests.support.factories import client_error
from tests.support.policies import bucket_policy

BUCKET = "ddb-migrate-bucket-1a2b3c"  # as the rendered policy has it
WORKER = "arn:aws:iam::000000000000:role/ddb-migrate-FunctionRole-SECOND"
GLASS = "arn:aws:iam::000000000000:role/break-glass"
PLACE = StackPlace("aws", "us-east-1", "000000000000", "ddb-migrate")


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


def renew(s3: Any, **parameters: str) -> bool:
    known = {"CodeKey": "code/1.zip", "KeptBucket": BUCKET, **parameters}
    given = {**StackSettings().parameters, **known}
    return renew_policy(
        s3, BUCKET, rendered_policy(given, PLACE, bucket=BUCKET, worker_role=WORKER)
    )


def policy(s3: Any) -> Any:
    return json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])


@pytest.mark.parametrize("glass", ["", GLASS])
def test_a_kept_bucket_gets_what_the_template_gives_a_new_one(s3: Any, glass: str) -> None:
    """With the role that the worker really has; the second time nothing is written."""
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(bucket_policy().document))

    assert (True, False) == (renew(s3, BreakGlassArn=glass), renew(s3, BreakGlassArn=glass))
    expected = bucket_policy(FunctionRoleArn=WORKER, BreakGlassArn=glass).document
    assert expected == policy(s3)


def test_a_bucket_without_a_policy_gets_one(s3: Any) -> None:
    """Somebody lifted it, or an old version made none."""
    assert renew(s3)
    assert 4 == len(policy(s3)["Statement"])


def test_a_policy_is_lifted_once(s3: Any) -> None:
    """Again, and of a bucket that is gone, it is no error."""
    renew(s3)
    for bucket in (BUCKET, BUCKET, "gone"):
        lift_policy(s3, bucket)

    with pytest.raises(s3.exceptions.ClientError, match="NoSuchBucketPolicy"):
        policy(s3)


def test_without_the_right_it_is_said(s3: Any) -> None:
    """By the action that is missing."""

    def denied(**_: Any) -> None:
        raise client_error("AccessDenied", "DeleteBucketPolicy")

    with pytest.raises(AccessDeniedError, match="s3:DeleteBucketPolicy on bucket b"):
        lift_policy(SimpleNamespace(delete_bucket_policy=denied), "b")
