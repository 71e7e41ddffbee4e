"""The actions that CloudFormation calls for the stack, as the deployer or as its service role.

They are listed by resource type, as in the handlers of CloudFormation's registry. Actions for
properties that the template does not set are left out.
"""

from collections.abc import Iterable
from typing import Final

from airflow_ddb_migrate.permissions import scope
from airflow_ddb_migrate.permissions.rows import Feature, Row, always

_TAGS: Final = ("TagResource", "UntagResource")


def _of(service: str, *names: str) -> dict[str, Iterable[Feature]]:
    return always(*(f"{service}:{name}" for name in names))


_BUCKET = Row(
    "Bucket",
    scope.bucket,
    _of(
        "s3",
        *("CreateBucket", "DeleteBucket", "ListBucket"),
        *("PutEncryptionConfiguration", "PutLifecycleConfiguration", "PutBucketPublicAccessBlock"),
        *("PutBucketVersioning", "PutBucketPolicy", "GetBucketPolicy", "DeleteBucketPolicy"),
        *("PutBucketTagging", "GetBucketTagging"),
        *(*_TAGS, "ListTagsForResource"),
        # What CloudFormation reads of any bucket.
        *("GetAccelerateConfiguration", "GetAnalyticsConfiguration", "GetBucketAbac"),
        *("GetBucketCORS", "GetBucketLogging", "GetBucketMetadataTableConfiguration"),
        *("GetBucketNotification", "GetBucketObjectLockConfiguration"),
        *("GetBucketOwnershipControls", "GetBucketPublicAccessBlock", "GetBucketVersioning"),
        *("GetBucketWebsite", "GetEncryptionConfiguration", "GetIntelligentTieringConfiguration"),
        *("GetInventoryConfiguration", "GetLifecycleConfiguration", "GetMetricsConfiguration"),
        "GetReplicationConfiguration",
    ),
)
_LEDGER = Row(
    "LedgerTable",
    scope.ledger,
    _of(
        "dynamodb",
        *("CreateTable", "DescribeTable", "UpdateTable", "DeleteTable"),
        *("UpdateTimeToLive", "DescribeTimeToLive"),
        *("UpdateContinuousBackups", "DescribeContinuousBackups"),
        *(*_TAGS, "ListTagsOfResource"),
        *("DescribeContributorInsights", "DescribeKinesisStreamingDestination"),
        "GetResourcePolicy",
    ),
)
_LOG_GROUPS = Row(
    "LogGroups",
    scope.log_groups,
    _of(
        "logs",
        *("CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy"),
        *(*_TAGS, "ListTagsForResource"),
        *("GetDataProtectionPolicy", "DescribeIndexPolicies"),
    ),
)
_ALL_LOG_GROUPS = Row(
    "FindLogGroups", scope.anywhere, _of("logs", "DescribeLogGroups", "DescribeResourcePolicies")
)
_ROLES = Row(
    "Roles",
    scope.roles,
    _of(
        "iam",
        *("CreateRole", "GetRole", "UpdateRole", "UpdateRoleDescription", "DeleteRole"),
        *("UpdateAssumeRolePolicy", "PutRolePolicy", "GetRolePolicy", "DeleteRolePolicy"),
        *("ListRolePolicies", "ListAttachedRolePolicies"),
        *("TagRole", "UntagRole", "ListRoleTags"),
    ),
)
_PASS_ROLES = Row(
    "PassRoles",
    scope.passed_roles,
    _of("iam", "PassRole"),
    {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "states.amazonaws.com"]}},
)
_FUNCTIONS = Row(
    "Functions",
    scope.functions_and_versions,
    _of(
        "lambda",
        *("CreateFunction", "GetFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration"),
        *("DeleteFunction", "PublishVersion", "ListVersionsByFunction", "GetFunctionConfiguration"),
        *("AddPermission", "GetPolicy", "RemovePermission"),
        *(*_TAGS, "ListTags"),
        # What CloudFormation reads of any function or version.
        *("GetFunctionCodeSigningConfig", "GetFunctionRecursionConfig"),
        *("GetFunctionScalingConfig", "GetProvisionedConcurrencyConfig"),
        "GetRuntimeManagementConfig",
    ),
)
_STATE_MACHINE = Row(
    "StateMachine",
    scope.state_machine,
    _of(
        "states",
        *("CreateStateMachine", "DescribeStateMachine", "UpdateStateMachine"),
        *("DeleteStateMachine", *_TAGS, "ListTagsForResource"),
    ),
)
_RULE = Row(
    "SafetyNetRule",
    scope.rule,
    _of(
        "events",
        *("PutRule", "DescribeRule", "DeleteRule"),
        *("PutTargets", "ListTargetsByRule", "RemoveTargets"),
        *(*_TAGS, "ListTagsForResource"),
    ),
)
_ALARMS = Row(
    "Alarms",
    scope.alarms,
    _of(
        "cloudwatch",
        *("PutMetricAlarm", "DescribeAlarms", "DeleteAlarms"),
        *(*_TAGS, "ListTagsForResource"),
    ),
)
_CODE = Row(
    "ReadCode", scope.code_objects, always("s3:GetObject")
)  # for the functions and the machine

# What only some options of deploy need.
_BOUNDARY = Row(
    "Boundary",
    scope.bounded_roles,
    _of("iam", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"),
)
_NETWORK = Row(
    "Network",
    scope.network,
    _of(
        "ec2",
        *("DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeSubnets"),
        "DescribeVpcs",
    ),
)
_KEY = Row(
    "KeyOfResources",
    scope.own_key,
    _of("kms", "CreateGrant", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey"),
)
_KEY_OF_LOGS = Row(
    "KeyOfLogs", scope.encrypted_log_groups, _of("logs", "AssociateKmsKey", "DisassociateKmsKey")
)

PROVISIONING = (
    *(_BUCKET, _LEDGER, _LOG_GROUPS, _ALL_LOG_GROUPS, _ROLES, _PASS_ROLES),
    *(_FUNCTIONS, _STATE_MACHINE, _RULE, _CODE),
    *(_BOUNDARY, _NETWORK, _KEY, _KEY_OF_LOGS, _ALARMS),
)
