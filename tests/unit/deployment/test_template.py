"""Promises of the CloudFormation template that a deployment to an emulator does not show."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import ddb_transform
import pytest
import yaml
from airflow_ddb_migrate import resources
from airflow_ddb_migrate.aws.ledger import lanes, leases, scans, table
from airflow_ddb_migrate.aws.ledger import migrations as ledger
from airflow_ddb_migrate.aws.services import bucket, stack, table_updates, tables
from airflow_ddb_migrate.aws.services.stack_identity import TAG
from airflow_ddb_migrate.core.limits import (
    LAMBDA_MEMORY_MB,
    LAMBDA_SECONDS,
    SAFETY_NET_SECONDS,
    UNDO_LOG_DAYS,
)
from airflow_ddb_migrate.deployment.keeping.kept_data import BUCKET_TAG
from airflow_ddb_migrate.deployment.template import stack_template
from ddb_transform.writers import partiql, read_item, reference, self_check
from tests.support.policies import called, sources

_BODY_BYTES = 51_200  # CloudFormation's limit of a template that is sent, not uploaded
_BEFORE_THE_CODE = {"Bucket", "BucketPolicy"}
_LEDGER_ARN = (
    "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${AWS::StackName}-ledger"
)


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms: ``!Ref X`` becomes ``{"Ref": "X"}``."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    return {suffix: loader.construct_scalar(node)}  # type: ignore[arg-type]


_Loader.add_multi_constructor("!", _short_form)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    text = (resources.folder("deploy") / "template.yaml").read_text()
    return yaml.load(text, _Loader)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def made(template: dict[str, Any]) -> dict[str, Any]:
    """The resources' properties by logical id."""
    return {name: row["Properties"] for name, row in template["Resources"].items()}


def statements(made: dict[str, Any], role: str) -> dict[str, dict[str, Any]]:
    rows = made[role]["Policies"][0]["PolicyDocument"]["Statement"]
    return {row["Sid"]: row for row in rows if "Sid" in row}  # not what only some stacks have


def test_only_the_bucket_comes_before_the_code(template: dict[str, Any]) -> None:
    """The first change set makes the place that the code is uploaded to, and nothing else."""
    by_condition = {n: row.get("Condition") for n, row in template["Resources"].items()}
    early = {n for n, condition in by_condition.items() if condition == "MakesBucket"}
    conditions = template["Conditions"]
    with_code = {n for n, row in conditions.items() if {"Condition": "HasCode"} in _parts(row)}
    late = {n for n, condition in by_condition.items() if condition in {"HasCode", *with_code}}

    assert early == _BEFORE_THE_CODE == by_condition.keys() - late
    assert {"Equals": [{"Ref": "KeptBucket"}, ""]} == template["Conditions"]["MakesBucket"]
    assert {"Bucket"} == {n for n, row in template["Outputs"].items() if "Condition" not in row}


def test_outputs_are_those_that_find_stack_reads(template: dict[str, Any]) -> None:
    """Everything that a Stack holds is an output."""
    read = {**stack._OUTPUTS, **stack._LISTS, **stack._LATER}
    assert set(read.values()) == template["Outputs"].keys()


def test_the_bucket_is_private_encrypted_and_by_tls_only(made: dict[str, Any]) -> None:
    """It will hold keys and, for undo, values of people's items."""
    bucket = made["Bucket"]
    denied = made["BucketPolicy"]["PolicyDocument"]["Statement"][0]

    assert {True} == set(bucket["PublicAccessBlockConfiguration"].values())
    assert "BucketEncryption" in bucket
    assert ("Deny", {"Bool": {"aws:SecureTransport": "false"}}) == (
        denied["Effect"],
        denied["Condition"],
    )


def test_only_migrations_expire_from_the_bucket(
    made: dict[str, Any], template: dict[str, Any]
) -> None:
    """Code must stay: CloudFormation reads it again when it rolls back."""
    rules = made["Bucket"]["LifecycleConfiguration"]["Rules"]

    expiring = {
        rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule
    }
    days = {"Ref": "UndoRetentionDays"}
    assert {"migrations/": days, "values/": days} == expiring
    assert UNDO_LOG_DAYS == template["Parameters"]["UndoRetentionDays"]["Default"]


def test_what_has_expired_is_deleted(made: dict[str, Any]) -> None:
    """Of a versioned bucket: each version, the marker that is left, and parts of uploads."""
    bucket = made["Bucket"]
    (rule,) = (rule for rule in bucket["LifecycleConfiguration"]["Rules"] if "Prefix" not in rule)

    assert {"Status": "Enabled"} == bucket["VersioningConfiguration"]
    assert ({"NoncurrentDays": 7}, True) == (
        rule["NoncurrentVersionExpiration"],
        rule["ExpiredObjectDeleteMarker"],
    )
    assert {"DaysAfterInitiation": 7} == rule["AbortIncompleteMultipartUpload"]


def test_the_ledger_is_on_demand_and_can_be_recovered(made: dict[str, Any]) -> None:
    """It is the one memory of capacity that must be brought back."""
    ledger = made["LedgerTable"]

    assert "PAY_PER_REQUEST" == ledger["BillingMode"]
    assert {"PointInTimeRecoveryEnabled": True} == ledger["PointInTimeRecoverySpecification"]
    assert {"AttributeName": "expires", "Enabled": True} == ledger["TimeToLiveSpecification"]


@pytest.mark.parametrize("name", ["Bucket", "BucketPolicy", "LedgerTable"])
def test_what_an_undo_needs_outlives_the_stack(template: dict[str, Any], name: str) -> None:
    """Unless the operation that made it fails: then a repetition can make it again."""
    resource = template["Resources"][name]
    policies = (resource["DeletionPolicy"], resource["UpdateReplacePolicy"])

    assert ("RetainExceptOnCreate", "Retain") == policies


def test_what_outlives_the_stack_can_be_found_again(made: dict[str, Any]) -> None:
    """By tags: whose it is, and the ledger's bucket."""
    ours = {"Key": TAG, "Value": {"Ref": "AWS::StackName"}}
    bucket = {"If": ["MakesBucket", {"Ref": "Bucket"}, {"Ref": "KeptBucket"}]}

    assert [ours] == made["Bucket"]["Tags"]
    assert [ours, {"Key": BUCKET_TAG, "Value": bucket}] == made["LedgerTable"]["Tags"]
    assert {"Sub": "${AWS::StackName}-ledger"} == made["LedgerTable"]["TableName"]


def test_a_published_version_outlives_the_next_deployment(template: dict[str, Any]) -> None:
    """Executions that run go on with the version they started with. One of a failed update goes."""
    version = template["Resources"]["FunctionVersion"]
    policies = (version["DeletionPolicy"], version["UpdateReplacePolicy"])

    assert ("RetainExceptOnCreate", "Retain") == policies


def test_each_code_gets_a_version_of_its_own() -> None:
    """The logical id carries the hash, wherever the version is referred to."""
    text = stack_template("0123abcd")

    assert 3 <= len(re.findall(r"\bFunctionVersion0123abcd\b", text))
    assert [] == re.findall(r"\bFunctionVersion\b", text)


def test_a_version_of_other_code_than_was_uploaded_is_not_published(made: dict[str, Any]) -> None:
    """Lambda compares: whoever changed the zip in the bucket meanwhile stops the deployment."""
    assert {"Ref": "CodeSha256"} == made["FunctionVersion"]["CodeSha256"]


def test_new_code_always_changes_the_function(made: dict[str, Any]) -> None:
    """Lambda refuses a second version of an unchanged function: the hash is in its description."""
    assert "${CodeHash}" in made["Function"]["Description"]["Sub"]


def test_sets_have_one_order_in_every_process(made: dict[str, Any]) -> None:
    """That of their hashes, whose seed is fixed."""
    variables = made["Function"]["Environment"]["Variables"]

    assert "0" == variables["PYTHONHASHSEED"]


def test_the_function_has_a_whole_processor_and_all_the_time(made: dict[str, Any]) -> None:
    """1,769 MB are one vCPU."""
    function = made["Function"]

    assert (LAMBDA_MEMORY_MB, LAMBDA_SECONDS) == (function["MemorySize"], function["Timeout"])
    assert "ddb_transform.handler.handle" == function["Handler"]


@pytest.mark.parametrize("role", ["FunctionRole", "StateMachineRole", "RestoreRole"])
def test_no_role_may_do_anything_anywhere(role: str, made: dict[str, Any]) -> None:
    """Every action is named, and none applies to every resource that could be named."""
    rows = statements(made, role).values()

    assert [] == [text for row in rows for text in _texts(row["Action"]) if "*" in text]
    anywhere = {row["Sid"] for row in rows if "*" in _texts(row["Resource"])}
    assert anywhere <= {"AlarmsThatHoldIt", "LookAtScaling", "ScalingOfTables"}


def test_the_function_puts_items_into_migrated_tables_one_by_one(made: dict[str, Any]) -> None:
    """For undo, which puts deleted items back; a batch of puts would know no condition."""
    actions = statements(made, "FunctionRole")["MigratedTables"]["Action"]

    assert {"dynamodb:PutItem"} == {"dynamodb:PutItem", "dynamodb:BatchWriteItem"} & set(actions)
    assert set() == {"dynamodb:PartiQLInsert", "dynamodb:TransactWriteItems"} & set(actions)


def test_a_put_into_a_migrated_table_needs_a_free_key() -> None:
    """Else it would overwrite what live traffic wrote: the writer has one put, under a condition.

    The self-check's puts go to scratch records of the ledger.
    """
    puts = [
        (file.name, ast.unparse(call))
        for file in sources(ddb_transform)
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(".put_item")
        if file.name != "self_check.py"
    ]

    assert ["reference.py"] == [name for name, _ in puts]
    assert "ConditionExpression=free" in puts[0][1]


def test_what_the_function_may_do_is_what_its_codecalled(made: dict[str, Any]) -> None:
    """A permission that no call needs is taken away; a call without one is found here."""
    rows = statements(made, "FunctionRole")
    worker = called({*sources(ddb_transform)} - {*sources(self_check)})
    records = called(sources(ledger, table, lanes, leases))
    checks = called(sources(self_check, reference, partiql, read_item))
    objects = called(sources(bucket), "s3")

    assert worker == set(rows["MigratedTables"]["Action"])
    assert records | checks == set(rows["Ledger"]["Action"])
    assert objects == {*rows["UndoLogAndQuarantine"]["Action"], *_texts(rows["FindThem"]["Action"])}


def test_the_function_reaches_migrations_only_in_the_bucket(made: dict[str, Any]) -> None:
    """Its own code is in there, too."""
    row = statements(made, "FunctionRole")["UndoLogAndQuarantine"]

    assert "arn:${AWS::Partition}:s3:::${Name}/migrations/*" == row["Resource"]["Sub"][0]


def test_what_the_safety_net_may_do_is_what_its_codecalled(made: dict[str, Any]) -> None:
    """Tables and ledger apart; without ListTables, which only suggests names to people."""
    rows = statements(made, "RestoreRole")
    on_tables = called(sources(tables, table_updates)) - {"dynamodb:ListTables"}
    records = called(sources(ledger, table, leases, scans))

    assert on_tables == set(rows["MigratedTables"]["Action"]) == set(rows["TheirIndexes"]["Action"])
    assert records == set(rows["Ledger"]["Action"])
    assert "states:DescribeExecution" == rows["Executions"]["Action"]


def test_the_safety_net_may_scale_tables_only(made: dict[str, Any]) -> None:
    """Scalable targets have no names by which to allow some of them: the namespace bounds it."""
    scaling = statements(made, "RestoreRole")["ScalingOfTables"]

    assert "application-autoscaling:RegisterScalableTarget" == scaling["Action"]
    assert {"StringEquals": {"application-autoscaling:service-namespace": "dynamodb"}} == (
        scaling["Condition"]
    )


def test_the_safety_net_never_reads_or_writes_items_of_migrated_tables(
    made: dict[str, Any],
) -> None:
    """It knows their capacity, never a value."""
    rows = statements(made, "RestoreRole")

    items = {"dynamodb:GetItem", "dynamodb:Scan", "dynamodb:PutItem", "dynamodb:UpdateItem"}
    over_tables = {sid for sid, row in rows.items() if items & set(_actions(row))}
    assert {"Ledger"} == over_tables
    assert {"Sub": _LEDGER_ARN} == rows["Ledger"]["Resource"]


def test_a_rule_calls_the_safety_net_every_quarter_of_an_hour(made: dict[str, Any]) -> None:
    """Half of a lease: what runs out is found within 15 minutes; and only this rule may call."""
    rule, permission = made["RestoreRule"], made["RestorePermission"]

    assert (f"rate({SAFETY_NET_SECONDS // 60} minutes)", "ENABLED") == (
        rule["ScheduleExpression"],
        rule["State"],
    )
    assert [{"GetAtt": "RestoreFunction.Arn"}] == [target["Arn"] for target in rule["Targets"]]
    assert ("events.amazonaws.com", {"GetAtt": "RestoreRule.Arn"}) == (
        permission["Principal"],
        permission["SourceArn"],
    )
    assert {"Ref": "RestoreFunction"} == permission["FunctionName"]


def test_the_safety_net_is_the_same_zip_with_a_log_of_its_own(made: dict[str, Any]) -> None:
    """Small, and within Lambda's time."""
    function, worker = made["RestoreFunction"], made["Function"]

    assert (worker["Code"], worker["Runtime"]) == (function["Code"], function["Runtime"])
    assert "ddb_restore.handler.handle" == function["Handler"]
    assert (True, True) == (function["Timeout"] <= LAMBDA_SECONDS, function["MemorySize"] <= 512)
    assert {"LogGroup": {"Ref": "RestoreLogGroup"}} == function["LoggingConfig"]
    assert {"Ref": "LogRetentionDays"} == made["RestoreLogGroup"]["RetentionInDays"]
    variables = {"LEDGER_TABLE", "RETENTION_DAYS", "METRICS", "ALARMS"}
    assert variables == function["Environment"]["Variables"].keys()


def test_the_state_machine_may_invoke_versions_of_its_function_only(made: dict[str, Any]) -> None:
    """Versions, since running executions call older ones."""
    assert {"Sub": "${Function.Arn}:*"} == statements(made, "StateMachineRole")["Work"]["Resource"]


def test_the_function_logs_to_its_own_group_which_expires(made: dict[str, Any]) -> None:
    """Lambda would make one that never does."""
    assert {"LogGroup": {"Ref": "FunctionLogGroup"}} == made["Function"]["LoggingConfig"]
    assert {"Ref": "LogRetentionDays"} == made["FunctionLogGroup"]["RetentionInDays"]


def test_every_placeholder_of_the_definition_is_substituted(made: dict[str, Any]) -> None:
    """Template and definition agree on the names."""
    definition = (resources.folder("deploy") / "state_machine.asl.json").read_text()

    placeholders = set(re.findall(r"\$\{(\w+)\}", definition))
    assert placeholders == made["StateMachine"]["DefinitionSubstitutions"].keys()


def test_the_template_can_be_sent() -> None:
    """A larger one would need a bucket before the bucket."""
    assert len(stack_template("0" * 16).encode()) < _BODY_BYTES


def _parts(condition: dict[str, Any]) -> list[Any]:
    return list(condition.get("And", ()))


def _actions(row: dict[str, Any]) -> list[str]:
    return _texts(row["Action"])


def _texts(value: Any) -> list[str]:
    return list(_leaves(value))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield str(value)
