"""The doctor on a deployed stack: healthy as deployed, and right about everything done to it."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.ledger.keys import stack_key
from airflow_ddb_migrate.aws.services.stack import Stack
from airflow_ddb_migrate.aws.services.stack_identity import TAG
from airflow_ddb_migrate.core.doctor.check_results import CheckResult
from airflow_ddb_migrate.core.ledger.notes import ENGINE_PROOF
from airflow_ddb_migrate.deployment.deploy import Deployment
from airflow_ddb_migrate.deployment.keeping.bucket_removal import remove_bucket
from airflow_ddb_migrate.doctor.checkup import examine
from airflow_ddb_migrate.doctor.patient import Access, Patient
from airflow_ddb_migrate.doctor.permissions import check_permissions
from airflow_ddb_migrate.doctor.running import Check, run_checks
from airflow_ddb_migrate.local.emulated_aws.emulator import REGION, Emulator
from airflow_ddb_migrate.permissions.policy import Audience, policy
from airflow_ddb_migrate.permissions.scope import Scope
from tests.support.waiting import HANG_SECONDS

NAME, TABLE = "doctored", "examined"
_UNASKED = {"endpoint-service-quotas", "quota-map-runs"}  # the emulator has no Service Quotas
_READING = ("Describe", "Get", "List", "Head", "Scan", "Query", "Simulate")

Found = dict[str, list[CheckResult]]


def patiently(checks: dict[str, Check], *, seconds: float) -> list[CheckResult]:
    """Wait as long as only a hang takes: no promise is about this machine."""
    assert seconds < HANG_SECONDS
    return run_checks(checks, seconds=HANG_SECONDS)


@pytest.fixture(scope="module")
def stack(clients: Clients) -> Stack:
    """A stack of this module's own, for a table of its own: the tests break it."""
    clients.dynamodb.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 7},
    )
    return Deployment(
        clients=clients, stack_name=NAME, tables=[TABLE], say=lambda _: None, poll_seconds=0.2
    ).deploy()


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """The requests that the doctor has made, by operation."""
    return []


@pytest.fixture(scope="module")
def look(emulator: Emulator, asked: list[str]) -> Callable[..., Found]:
    """Let the doctor look, and return its results by check."""

    def made(service: str) -> Any:
        client = emulator.client(service)
        client.meta.events.register("before-call", note)
        return client

    def note(model: Any, params: dict[str, Any], **_: Any) -> None:
        said = f" {params['body'].decode()}" if model.name == "Invoke" else ""
        asked.append(model.name + said)

    clients = Clients(made)

    def looked(*, stack_name: str = NAME, table: str = "") -> Found:
        patient = Patient(
            access=_access(emulator),
            probing=clients,
            clients=clients,
            stack_name=stack_name,
            table_name=table,
        )
        found: Found = {}
        for result in examine(patient, patiently):
            found.setdefault(result.check, []).append(result)
        return found

    return looked


def _access(keys: object) -> Access:
    return Access(
        region=REGION,
        region_from="a test",
        is_known_region=True,
        is_aws=False,
        credentials=lambda: keys,
        environment={},
    )


@pytest.fixture(scope="module")
def healthy(stack: Stack, look: Any) -> Found:
    """What it finds of the stack as it was deployed."""
    return look(table=TABLE)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def tampered(healthy: Found, stack: Stack, look: Any, clients: Clients) -> Found:
    """What it finds when somebody has changed everything by hand."""
    _change_function(clients)
    _widen_role(clients.iam)
    machines, arn = clients.stepfunctions, stack.state_machine_arn
    definition = json.loads(machines.describe_state_machine(stateMachineArn=arn)["definition"])
    definition["States"]["Migrate"]["Label"] = "Other"
    machines.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))
    clients.events.disable_rule(Name=f"{NAME}-restore")
    clients.lambda_.put_function_concurrency(
        FunctionName=stack.function_name, ReservedConcurrentExecutions=0
    )
    clients.dynamodb.delete_item(TableName=stack.ledger_table, Key=stack_key(ENGINE_PROOF))
    clients.s3.delete_bucket_policy(Bucket=stack.bucket)
    remove_bucket(clients.s3, stack.bucket)
    return look(table="examine")  # type: ignore[no-any-return]


def _change_function(clients: Clients) -> None:
    clients.lambda_.update_function_configuration(
        FunctionName=f"{NAME}-restore",
        MemorySize=128,
        Environment={"Variables": {"LEDGER_TABLE": "mine"}},
    )


def _widen_role(iam: Any) -> None:
    names = [row["RoleName"] for row in iam.list_roles()["Roles"]]
    (role,) = [name for name in names if name.startswith(f"{NAME}-FunctionRole")]
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=role, PolicyName="extra", PolicyDocument=json.dumps(everything))
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    trust["Statement"][0]["Principal"] = "*"
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))


def test_a_stack_is_healthy_as_it_was_deployed(healthy: Found) -> None:
    """Every check can be made, and nothing differs from the template; only the plan warns."""
    bad = {r.check for rows in healthy.values() for r in rows if r.level != "ok"}
    assert {"permissions", "table-plan", *_UNASKED} == bad
    assert "root credentials" in healthy["permissions"][0].found
    assert "PROVISIONED; table 5 read / 7 write." == healthy["table-capacity"][0].found
    assert (
        "point-in-time recovery off; deletion protection off; TTL off; "
        "consumers of its changes: none." == healthy["table-settings"][0].found
    )
    functions = {"Function", "RestoreFunction", "StateMachine"}
    roles = {"FunctionRole", "StateMachineRole", "RestoreRole"}
    assert {f"drift-{name}" for name in functions | roles} <= healthy.keys()


def test_it_changes_nothing(healthy: Found, asked: list[str]) -> None:
    """Every request is one that reads; of the Lambda it asks what is bound, and nothing else."""
    assert {"DescribeStacks", "GetRolePolicy", "Scan"} <= {*asked}
    assert {'Invoke {"action": "bindings"}'} == {
        name for name in asked if not name.startswith(_READING)
    }


@pytest.mark.parametrize(
    ("check", "level", "words"),
    [
        ("drift-RestoreFunction", "warning", "MemorySize is 128, the template has 256"),
        ("drift-RestoreFunction", "warning", "the variable LEDGER_TABLE has another value"),
        ("drift-FunctionRole", "warning", "its policy extra is added"),
        ("drift-FunctionRole", "warning", "in its trust policy"),
        ("drift-StateMachine", "failed", "States.Migrate.Label is Other instead of Segments"),
        ("safety-net", "warning", "is disabled"),
        ("quota-lambda", "failed", "0 are reserved for the stack's Lambda: no worker can start"),
        ("self-check", "warning", "no self-check is on record"),
        ("bucket", "failed", "is gone"),
        ("table", "failed", "Did you mean examined?"),
    ],
)
def test_what_was_changed_is_told(tampered: Found, check: str, level: str, words: str) -> None:
    """What decides over items is a failure, what can be lived with a warning."""
    (result,) = tampered[check]

    assert (level, True) == (result.level, words in result.found), result


def test_what_was_not_changed_is_well(tampered: Found) -> None:
    """One broken part leaves the others' lines as they were."""
    well = ("stack", "stack-version", "code-transform", "ledger", "leases", "drift-RestoreRole")

    assert ["ok"] * len(well) == [tampered[check][0].level for check in well]


def test_a_table_that_the_stack_may_not_touch(stack: Stack, look: Any) -> None:
    result = look(table=stack.ledger_table)["table-allowed"][0]

    assert "failed" == result.level
    assert f"deploy --stack-name {NAME} --table {stack.ledger_table}" in result.advice


def test_without_a_stack_the_table_is_looked_at_all_the_same(stack: Stack, look: Any) -> None:
    found = look(stack_name="nobodys", table=TABLE)

    assert "failed" == found["stack"][0].level
    assert "ok" == found["table"][0].level
    assert "table-allowed" not in found


def test_a_stack_of_somebody_else_is_a_failure(look: Any, clients: Clients) -> None:
    """Its tag has another name."""
    body = json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}})
    clients.cloudformation.create_stack(
        StackName="shop", TemplateBody=body, Tags=[{"Key": TAG, "Value": "other"}]
    )

    assert ["failed"] == [result.level for result in look(stack_name="shop")["stack"]]


def test_a_caller_is_judged_by_the_policies_it_has(stack: Stack, clients: Clients) -> None:
    """The printed policy is enough; without a statement of it the doctor names what is missing.

    The emulator simulates without condition keys, so the actions with a condition are refused.
    """
    scope = Scope(
        partition="aws",
        region=REGION,
        account=stack.state_machine_arn.split(":")[4],
        stack=NAME,
        tables=(TABLE,),
        bucket=stack.bucket,
    )
    document = policy(Audience.AIRFLOW, scope)
    patient = _user(clients, document)
    found = dict(row.found.rstrip(".").split(": ", 1) for row in check_permissions(patient, stack))
    refused = {feature: words.partition(" may not ")[2] for feature, words in found.items()}
    assert "s3:GetObject, s3:ListBucket" == refused.pop("show-values")  # nobody asked for it
    assert "application-autoscaling:RegisterScalableTarget" == refused.pop("auto-scaling")
    assert {"s3:ListBucket"} == set(refused.values())

    document["Statement"] = [row for row in document["Statement"] if row["Sid"] != "Start"]
    clients.iam.put_user_policy(
        UserName="examinee", PolicyName="p", PolicyDocument=json.dumps(document)
    )
    result, *_ = check_permissions(patient, stack)
    assert ("failed", True) == (result.level, "states:StartExecution" in result.found)


def _user(clients: Clients, document: dict[str, Any]) -> Patient:
    """Make a user with one policy; the emulator, which takes everybody for root, is not asked."""
    arn = clients.iam.create_user(UserName="examinee")["User"]["Arn"]
    clients.iam.put_user_policy(
        UserName="examinee", PolicyName="p", PolicyDocument=json.dumps(document)
    )
    sts = SimpleNamespace(get_caller_identity=lambda: {"Arn": arn})
    own = Clients({"iam": clients.iam, "sts": sts}.__getitem__)
    return Patient(
        access=_access(None), probing=own, clients=own, stack_name=NAME, table_name=TABLE
    )
