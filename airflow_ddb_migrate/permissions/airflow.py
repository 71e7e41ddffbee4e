"""The permissions of Airflow's connection, and of people who only view migrations."""

from airflow_ddb_migrate.permissions import scope
from airflow_ddb_migrate.permissions.rows import (
    THROUGH_SERVICES,
    Feature,
    Row,
    always,
    below,
    needed_by,
)

_PLAN, _BACKUP = (Feature.PLAN,), (Feature.BACKUP,)
_PROVISIONED, _SCALED = (Feature.PREWARM, Feature.AUTO_SCALING), (Feature.AUTO_SCALING,)
_OF_DYNAMODB = {"StringEquals": {"application-autoscaling:service-namespace": "dynamodb"}}

AIRFLOW = (
    Row("FindTheStack", scope.stack, always("cloudformation:DescribeStacks")),
    Row(
        "LookAtTheTable",
        scope.tables,
        {
            **always("dynamodb:DescribeTable"),
            **needed_by(_PLAN, "dynamodb:DescribeTimeToLive"),
            **needed_by({*_PLAN, *_BACKUP}, "dynamodb:DescribeContinuousBackups"),
            **needed_by(_PLAN, "dynamodb:DescribeKinesisStreamingDestination"),
        },
    ),
    Row(
        "ItsCapacity",
        scope.tables_and_indexes,
        needed_by({*_PROVISIONED, Feature.WARM_THROUGHPUT}, "dynamodb:UpdateTable"),
    ),
    Row(
        "LookAtScaling",
        scope.anywhere,
        {
            **needed_by(_PROVISIONED, "application-autoscaling:DescribeScalableTargets"),
            **needed_by(
                _SCALED,
                "application-autoscaling:DescribeScalingPolicies",
                "application-autoscaling:DescribeScheduledActions",
            ),
        },
    ),
    Row(
        "ScalingOfTables",
        scope.anywhere,
        needed_by(_SCALED, "application-autoscaling:RegisterScalableTarget"),
        _OF_DYNAMODB,
    ),
    Row(
        "Backups",
        scope.tables_and_backups,
        needed_by(_BACKUP, "dynamodb:CreateBackup", "dynamodb:DescribeBackup"),
    ),
    Row(
        "Ledger",
        scope.ledger,
        always("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"),
    ),
    Row("Start", scope.state_machine, always("states:StartExecution")),
    Row(
        "Executions",
        scope.executions,
        always("states:DescribeExecution", "states:StopExecution", "states:ListMapRuns"),
    ),
    Row(
        "MapRuns",
        scope.map_runs,
        {
            **always("states:DescribeMapRun"),
            **needed_by((Feature.STEERING,), "states:UpdateMapRun"),
        },
    ),
    Row("AskTheLambda", scope.versions, always("lambda:InvokeFunction")),
    Row("CompareItsCode", scope.worker_and_versions, always("lambda:GetFunctionConfiguration")),
    Row("KeepTheReport", scope.reports, needed_by((Feature.REPORT,), "s3:PutObject")),
    Row(
        "ReadQuarantineAndExamples",
        scope.quarantines_and_examples,
        needed_by((Feature.DRY_RUN, Feature.TAB), "s3:GetObject"),
    ),
    Row(
        "FindThem",
        scope.bucket,
        needed_by((Feature.DRY_RUN, Feature.REPLAY, Feature.TAB), "s3:ListBucket"),
        below("migrations/*/quarantine", "migrations/*/diff"),
    ),
    Row(
        "ReadValues",
        scope.shown_values,
        needed_by((Feature.SHOW_VALUES,), "s3:GetObject"),
    ),
    Row(
        "FindValues",
        scope.bucket,
        needed_by((Feature.SHOW_VALUES,), "s3:ListBucket"),
        below("values/*/diff"),
    ),
    Row(
        "Plan",
        scope.anywhere,
        {
            **needed_by(
                _PLAN,
                "cloudwatch:DescribeAlarms",
                "cloudwatch:GetMetricData",
                "dynamodb:DescribeLimits",
            ),
            **needed_by(_BACKUP, "dynamodb:ListBackups"),
            **needed_by(_PLAN, "lambda:GetAccountSettings", "lambda:ListEventSourceMappings"),
        },
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

# The tab without its buttons, and ddb-migrate status, report and history.
VIEWER = (
    Row("FindTheStack", scope.stack, always("cloudformation:DescribeStacks")),
    Row("LookAtTheTable", scope.tables, always("dynamodb:DescribeTable")),
    Row(
        "ReadTheLedger",
        scope.ledger,
        always("dynamodb:GetItem", "dynamodb:Query"),
    ),
    Row(
        "Executions",
        scope.executions,
        always("states:DescribeExecution", "states:ListMapRuns"),
    ),
    Row("MapRuns", scope.map_runs, always("states:DescribeMapRun")),
    Row("ReadQuarantine", scope.quarantines, always("s3:GetObject")),
    Row("FindIt", scope.bucket, always("s3:ListBucket"), below("migrations/*/quarantine")),
    Row(
        "KeyOfLedgerAndBucket",
        scope.own_key,
        always("kms:Decrypt", "kms:DescribeKey"),
        THROUGH_SERVICES,
    ),
)
