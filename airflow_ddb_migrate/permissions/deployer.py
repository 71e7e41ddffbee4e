"""The permissions for the AWS calls that deploy, self-check and destroy make themselves."""

from airflow_ddb_migrate.permissions import scope
from airflow_ddb_migrate.permissions.rows import THROUGH_SERVICES, Row, always

DEPLOYER = (
    Row(
        "ChangeTheStack",
        scope.stack,
        always(
            "cloudformation:DescribeStacks",
            "cloudformation:DescribeStackEvents",
            "cloudformation:GetTemplate",
            "cloudformation:ListChangeSets",
            "cloudformation:CreateChangeSet",
            "cloudformation:DescribeChangeSet",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:DeleteChangeSet",
            "cloudformation:DeleteStack",
        ),
    ),
    Row("UploadCode", scope.code_objects, always("s3:GetObject", "s3:PutObject")),
    # Without a prefix, since HeadBucket has none. Object names contain no keys of items.
    Row("FindObjects", scope.bucket, always("s3:ListBucket")),
    # The policy of a former stack's bucket names the worker of that stack.
    Row("ProtectAKeptBucket", scope.bucket, always("s3:GetBucketPolicy", "s3:PutBucketPolicy")),
    # For destroy --delete-data: the bucket's policy denies everyone access to undo logs.
    Row(
        "DeleteTheBucket",
        scope.bucket,
        always("s3:DeleteBucketPolicy", "s3:ListBucketVersions", "s3:DeleteBucket"),
    ),
    Row("EmptyTheBucket", scope.objects, always("s3:DeleteObject", "s3:DeleteObjectVersion")),
    Row("DeleteTheLedger", scope.ledger, always("dynamodb:DeleteTable")),
    # A ledger that a former stack left behind is found by its tags.
    Row(
        "FindTheLedger",
        scope.ledger,
        always("dynamodb:DescribeTable", "dynamodb:ListTagsOfResource", "dynamodb:TagResource"),
    ),
    Row(
        "CheckWhatRuns",
        scope.functions_and_versions,
        always("lambda:GetFunctionConfiguration", "lambda:InvokeFunction"),
    ),
    Row("LookAtMigrations", scope.ledger, always("dynamodb:Query", "dynamodb:Scan")),
    Row(
        "LookAtExecutions",
        scope.state_machine_executions,
        always("states:ListExecutions", "states:DescribeExecution"),
    ),
    Row(
        "PassTheServiceRole",
        scope.service_role,
        always("iam:PassRole"),
        {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
    ),
    Row(
        "KeyOfLedgerAndBucket",
        scope.own_key,
        always(
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ),
        THROUGH_SERVICES,
    ),
)
