"""What the stack's roles, its bucket, and Airflow's policy let through, asked of an evaluator.

``tests/integration/test_permissions.py`` lets an emulator decide every request of whole migrations
by the same policies; here is what they must refuse, and that no more is allowed than code calls.
"""

from collections.abc import Iterator

import pytest
from airflow_ddb_migrate import aws, resources
from airflow_ddb_migrate.aws import erasure
from airflow_ddb_migrate.aws.ledger import scans
from airflow_ddb_migrate.aws.services import stack, stack_identity
from airflow_ddb_migrate.permissions.policy import Audience
from tests.support.policies import (
    ACCOUNT,
    BUCKET,
    ROLES,
    STACK,
    Policy,
    bucket_policy,
    called,
    function_arn,
    listed,
    policy_for,
    rendered,
    role_policy,
    sources,
    states_arn,
    table_arn,
    with_bucket_policy,
)

LEDGER, INDEX = table_arn(f"{STACK}-ledger"), f"{table_arn()}/index/by_day"
OBJECTS = f"arn:aws:s3:::{BUCKET}"
UNDO, CODE = f"{OBJECTS}/migrations/orders-1/undo/1", f"{OBJECTS}/code/0123.zip"
MACHINE, OTHER_MACHINE = states_arn("stateMachine", STACK), states_arn("stateMachine", "payroll")
VERSION = function_arn(f"{STACK}-transform", "7")
SCALING = "application-autoscaling"
NAMESPACE = "application_autoscaling__service_namespace"

# Never, by nobody: who may do this can take more than a migration ever changes.
NEVER = [
    ("dynamodb:DeleteTable", table_arn()),
    ("dynamodb:DeleteTable", LEDGER),
    ("dynamodb:CreateTable", table_arn("new")),
    ("dynamodb:BatchWriteItem", table_arn()),
    ("dynamodb:BatchWriteItem", LEDGER),
    ("dynamodb:PartiQLInsert", table_arn()),
    ("dynamodb:PartiQLSelect", table_arn()),
    ("dynamodb:PartiQLSelect", LEDGER),
    ("dynamodb:Query", table_arn()),
    ("dynamodb:ExportTableToPointInTime", table_arn()),
    ("dynamodb:RestoreTableFromBackup", f"{table_arn()}/backup/1"),
    ("dynamodb:DeleteBackup", f"{table_arn()}/backup/1"),
    ("dynamodb:UpdateContinuousBackups", table_arn()),
    ("dynamodb:UpdateTimeToLive", table_arn()),
    ("dynamodb:PutResourcePolicy", table_arn()),
    ("dynamodb:GetRecords", f"{table_arn()}/stream/1"),
    ("dynamodb:UpdateTable", LEDGER),
    ("s3:DeleteObject", UNDO),
    ("s3:PutObject", CODE),
    ("s3:GetObject", CODE),
    ("s3:PutObject", "arn:aws:s3:::another-bucket/migrations/orders-1/undo/1"),
    ("s3:ListBucket", "arn:aws:s3:::another-bucket"),
    ("s3:PutBucketPolicy", OBJECTS),
    ("s3:DeleteBucket", OBJECTS),
    ("iam:PassRole", f"arn:aws:iam::000000000000:role/{STACK}-FunctionRole"),
    ("iam:PutRolePolicy", f"arn:aws:iam::000000000000:role/{STACK}-FunctionRole"),
    ("iam:CreateAccessKey", "arn:aws:iam::000000000000:user/ann"),
    ("sts:AssumeRole", "arn:aws:iam::000000000000:role/admin"),
    ("lambda:UpdateFunctionCode", function_arn(f"{STACK}-transform")),
    ("lambda:UpdateFunctionConfiguration", function_arn(f"{STACK}-transform")),
    ("lambda:AddPermission", function_arn(f"{STACK}-transform")),
    ("lambda:InvokeFunction", function_arn("payroll", "1")),
    ("states:StartExecution", OTHER_MACHINE),
    ("states:StopExecution", states_arn("execution", "payroll:1")),
    ("states:UpdateStateMachine", MACHINE),
    ("states:DeleteStateMachine", MACHINE),
    (
        "cloudformation:UpdateStack",
        f"arn:aws:cloudformation:us-east-1:000000000000:stack/{STACK}/1",
    ),
    ("logs:DeleteLogGroup", f"arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/{STACK}"),
    ("kms:Decrypt", "arn:aws:kms:us-east-1:000000000000:key/1"),
    ("ec2:RunInstances", "*"),
]
# Actions on items, which nobody may do on a table that was not named.
ON_ITEMS = (
    "Scan",
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "PartiQLUpdate",
    "PartiQLDelete",
)

ALLOWED = {
    "FunctionRole": [
        *(
            (f"dynamodb:{action}", table_arn(name))
            for action in ON_ITEMS
            for name in ("orders", "customers")
        ),
        *(
            (f"dynamodb:{action}", LEDGER)
            for action in ("GetItem", "PutItem", "UpdateItem", "Query")
        ),
        *(
            (f"dynamodb:{action}", LEDGER)
            for action in ("DeleteItem", "PartiQLUpdate", "PartiQLDelete")
        ),
        ("s3:PutObject", UNDO),
        ("s3:GetObject", UNDO),
        ("s3:PutObject", f"{OBJECTS}/values/orders-1/diff/1"),
        (
            "logs:PutLogEvents",
            f"arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/{STACK}-transform:log-stream:1",
        ),
    ],
    "StateMachineRole": [
        ("lambda:InvokeFunction", VERSION),
        ("states:StartExecution", MACHINE),
        ("states:DescribeExecution", states_arn("execution", f"{STACK}/Segments:1")),
        ("states:StopExecution", states_arn("execution", f"{STACK}/Segments:1")),
    ],
    "RestoreRole": [
        ("dynamodb:DescribeTable", table_arn()),
        ("dynamodb:UpdateTable", table_arn("customers")),
        ("dynamodb:UpdateTable", INDEX),
        ("dynamodb:Scan", LEDGER),
        ("dynamodb:UpdateItem", LEDGER),
        ("states:DescribeExecution", states_arn("execution", f"{STACK}:orders-1-a01")),
        (f"{SCALING}:DescribeScalableTargets", "*"),
    ],
}
# What each principal may do beyond NEVER's rows: the rest of those rows it must refuse.
ALL = [*ROLES, Audience.AIRFLOW, Audience.VIEWER]


def policy_of(who: str) -> Policy:
    return role_policy(who) if who in ROLES else policy_for(Audience(who))


def rows(cases: dict[str, list[tuple[str, str]]]) -> Iterator[tuple[str, str, str]]:
    return ((who, *case) for who, of_it in cases.items() for case in of_it)


@pytest.mark.parametrize(("who", "action", "resource"), list(rows(ALLOWED)))
def test_what_a_role_has_to_do_is_allowed(who: str, action: str, resource: str) -> None:
    """On the very resource; whole migrations show it again in the integration test."""
    assert policy_of(who).allows(action, resource)


@pytest.mark.parametrize("who", ALL)
def test_what_a_migration_never_needs_is_refused(who: str) -> None:
    """Deleting tables, code and backups, raw batches of puts, other people's things, and IAM."""
    policy = policy_of(who)

    assert [] == [(a, r) for a, r in NEVER if policy.allows(a, r)]


@pytest.mark.parametrize("who", ALL)
@pytest.mark.parametrize("table", ["payroll", "orders2", "order"])
def test_tables_that_were_not_named_are_out_of_reach(who: str, table: str) -> None:
    """Neither their items nor their capacity; a name that only begins alike is another table."""
    policy, arn = policy_of(who), table_arn(table)
    actions = {f"dynamodb:{name}" for name in (*ON_ITEMS, "UpdateTable", "DescribeTable", "Query")}

    assert [] == [action for action in sorted(actions) if policy.allows(action, arn)]
    assert not policy.allows("dynamodb:UpdateTable", f"{arn}/index/by_day")


@pytest.mark.parametrize("who", ["StateMachineRole", "RestoreRole", Audience.AIRFLOW])
def test_only_the_worker_reaches_items(who: str) -> None:
    """Airflow and the safety net know a table's capacity, never a value."""
    policy = policy_of(who)

    assert [] == [name for name in ON_ITEMS if policy.allows(f"dynamodb:{name}", table_arn())]


def test_the_worker_changes_no_capacity_and_starts_nothing() -> None:
    """A transform is the user's code: it can do no more than its role."""
    policy = role_policy("FunctionRole")

    for action, resource in (
        ("dynamodb:UpdateTable", table_arn()),
        ("dynamodb:Scan", LEDGER),
        ("states:StartExecution", MACHINE),
        ("lambda:InvokeFunction", VERSION),
        ("s3:PutObject", f"{OBJECTS}/other/1"),
    ):
        assert not policy.allows(action, resource), action


def test_one_statement_inserts_nothing_and_selects_nothing() -> None:
    """Batches change and delete; undo's put is a PutItem under a condition."""
    actions = {a for a in role_policy("FunctionRole").actions if "PartiQL" in a}

    assert {"dynamodb:PartiQLUpdate", "dynamodb:PartiQLDelete"} == actions


@pytest.mark.parametrize("who", ["RestoreRole", Audience.AIRFLOW])
def test_scaling_of_other_services_is_out_of_reach(who: str) -> None:
    """Scalable targets have no usable ARN; the condition bounds it to DynamoDB."""
    policy, register = policy_of(who), f"{SCALING}:RegisterScalableTarget"

    assert policy.allows(register, "*", **{NAMESPACE: "dynamodb"})
    assert not policy.allows(register, "*", **{NAMESPACE: "ecs"})
    assert not policy.allows(register, "*")


def test_every_table_is_still_of_one_account() -> None:
    """With --all-tables the ARN ends in a star, and names account and region."""
    policy = role_policy("FunctionRole", ("*",))

    assert policy.allows("dynamodb:UpdateItem", table_arn("payroll"))
    assert not policy.allows(
        "dynamodb:UpdateItem", "arn:aws:dynamodb:eu-west-1:000000000000:table/payroll"
    )
    assert not policy.allows(
        "dynamodb:UpdateItem", "arn:aws:dynamodb:us-east-1:999999999999:table/payroll"
    )


def test_what_airflow_may_do_is_what_its_code_calls() -> None:
    """Everything in aws/ but what deploys, erases or scans the ledger for the safety net.

    Nothing is allowed that no line calls.

    ListTables only suggests names for a misspelt table, at which a policy that names its tables
    does not let anybody look before.
    """
    deploying = {*sources(stack, stack_identity, erasure, scans)}

    calls = called({*sources(aws)} - deploying) - {"dynamodb:ListTables"} | {
        "cloudformation:DescribeStacks"
    }
    assert calls == policy_for(Audience.AIRFLOW).actions


def test_the_policy_for_airflow_names_no_place_of_its_own() -> None:
    """Every ARN has its placeholders; a star stands alone only where AWS knows no resources."""
    anywhere = {
        row["Sid"]
        for row in policy_for(Audience.AIRFLOW).document["Statement"]
        if "*" in listed(row["Resource"])
    }

    assert {"LookAtScaling", "ScalingOfTables", "Plan"} == anywhere


# The bucket


@pytest.mark.parametrize(
    "action", ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetBucketPolicy"]
)
@pytest.mark.parametrize("resource", [OBJECTS, UNDO, CODE])
def test_without_tls_the_bucket_answers_nobody(action: str, resource: str) -> None:
    """A Deny of the bucket's own, which no Allow elsewhere undoes."""
    assert "Deny" == bucket_policy().decision(action, resource, tls=False)


def test_with_tls_the_bucket_policy_gives_nothing_to_anybody() -> None:
    """It only denies: who may do what is said by the roles alone."""
    policy = bucket_policy()

    assert "ImplicitDeny" == policy.decision("s3:GetObject", f"{OBJECTS}/code/1.zip")
    assert {"Deny"} == {row["Effect"] for row in policy.document["Statement"]}


def test_a_denied_request_stays_denied_whatever_a_role_allows() -> None:
    """Both documents together, as AWS takes them."""
    worker = with_bucket_policy(role_policy("FunctionRole"))

    assert ("Allow", "Deny") == (
        worker.decision("s3:GetObject", UNDO),
        worker.decision("s3:GetObject", UNDO, tls=False),
    )


@pytest.mark.parametrize("role", ROLES)
def test_only_its_service_assumes_a_role(role: str) -> None:
    """Lambda for the two functions, Step Functions for the machine; no person, no account."""
    (statement,) = rendered(role)["AssumeRolePolicyDocument"]["Statement"]
    service = "states" if role == "StateMachineRole" else "lambda"

    assert ("Allow", "sts:AssumeRole", {"Service": f"{service}.amazonaws.com"}) == (
        statement["Effect"],
        statement["Action"],
        statement["Principal"],
    )
    condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert (condition if service == "states" else None) == statement.get("Condition")


def test_the_whole_state_machine_calls_nothing_but_its_function() -> None:
    """Its role needs no more than that, and the map's own children."""
    definition = (resources.folder("deploy") / "state_machine.asl.json").read_text()

    assert 1 == definition.count('"Resource":')
    assert "arn:${Partition}:states:::lambda:invoke" in definition
