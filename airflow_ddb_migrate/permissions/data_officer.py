"""The permissions for ``ddb-migrate forget``. None of them allows reading migrated items."""

from airflow_ddb_migrate.aws.services.bucket import ROOTS
from airflow_ddb_migrate.permissions import scope
from airflow_ddb_migrate.permissions.rows import THROUGH_SERVICES, Row, always, below

DATA_OFFICER = (
    Row("FindTheStack", scope.stack, always("cloudformation:DescribeStacks")),
    Row(
        "EraseFromTheLedger",
        scope.ledger,
        always(
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            "dynamodb:Query",
            "dynamodb:Scan",
        ),
    ),
    Row("SeeWhatRuns", scope.executions, always("states:DescribeExecution")),
    Row("FindVersions", scope.bucket, always("s3:ListBucketVersions"), below(*ROOTS)),
    # For undo logs, the bucket's policy allows this only to the break-glass role.
    Row("EraseFromTheBucket", scope.erasable, always("s3:DeleteObject", "s3:DeleteObjectVersion")),
    Row(
        "KeyOfTheLedger",
        scope.own_key,
        always("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"),
        THROUGH_SERVICES,
    ),
)
