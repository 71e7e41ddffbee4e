"""What an account that is locked down asks for: refused or kept before anything is touched."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from airflow_ddb_migrate import resources
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.services.stack_identity import TAG
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import SAFETY_NET_SECONDS
from airflow_ddb_migrate.core.metrics import catalog
from airflow_ddb_migrate.core.metrics.catalog import Detail
from airflow_ddb_migrate.deployment.packaging.runtime import lambda_runtime
from airflow_ddb_migrate.deployment.rendering import Rendering, StackPlace
from airflow_ddb_migrate.deployment.settings.keys import require_key_of
from airflow_ddb_migrate.deployment.settings.options import OPTIONS
from airflow_ddb_migrate.deployment.settings.settings import AskedSettings, StackSettings
from airflow_ddb_migrate.deployment.template import stack_template
from airflow_ddb_migrate.permissions.scope import Scope, alarms

ACCOUNT = "111122223333"
PLACE = StackPlace("aws", "eu-central-1", ACCOUNT, "ddb-migrate")
CHINA = StackPlace("aws-cn", "cn-north-1", ACCOUNT, "ddb-migrate")
GOV = StackPlace("aws-us-gov", "us-gov-west-1", ACCOUNT, "ddb-migrate")
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/0b9aa4d7-2c2b-4a7e-b7e2-6d5ee3b7c1b9"
OTHER_KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/mrk-0123456789abcdef"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/teams/data/worker"
TOPIC = f"arn:aws:sns:eu-central-1:{ACCOUNT}:ops"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
ALL = {
    "--permissions-boundary": (BOUNDARY, "arn:aws:iam::aws:policy/PowerUserAccess"),
    "--role-path": ("/", "/teams/data/"),
    "--role-prefix": ("acme-", "acme_data.v1+x=y,z@"),
    "--function-role": (ROLE, f"arn:aws:iam::{ACCOUNT}:role/worker"),
    "--state-machine-role": (ROLE,),
    "--restore-role": (ROLE,),
    "--kms-key": (KEY, OTHER_KEY),
    "--table-kms-key": (KEY, OTHER_KEY),
    "--log-retention-days": ("1", "90", "3653"),
    "--undo-retention-days": ("1", "45", "3653"),
    "--architecture": ("arm64", "x86_64"),
    "--metrics": ("off", "table", "migration"),
    "--alarm-topic": (TOPIC, TOPIC.replace(ACCOUNT, "999999999999")),
    "--tag": (
        "team=data",
        "cost centre=4711/a",
        "empty=",
        "größe=ja",
        "url=https://a.b/c?".rstrip("?"),
    ),
    "--cloudformation-role": (ROLE,),
}
BAD = {
    "--permissions-boundary": ["boundary", ROLE, "arn:aws:iam::1:policy/x"],
    "--role-path": ["teams/", "/teams", "//", "/a b/", f"/{'x' * 511}/"],
    "--role-prefix": ["with space", "a/b", "ü", "x" * 65],
    "--function-role": ["worker", f"arn:aws:sts::{ACCOUNT}:assumed-role/a/b", BOUNDARY, f"{ROLE} "],
    "--state-machine-role": ["arn:aws:iam::999999999999:role/of-others"],
    "--restore-role": ["arn:aws-cn:iam::111122223333:role/worker"],
    "--subnet-id": ["subnet-xyz", "sg-0123456789abcdef0", "subnet-0"],
    "--security-group-id": ["sg-xyz", "subnet-0123456789abcdef0"],
    "--kms-key": ["alias/mine", f"arn:aws:kms:eu-central-1:{ACCOUNT}:alias/mine", KEY[-36:]],
    "--table-kms-key": [
        KEY.replace("eu-central-1", "eu-west-1"),
        KEY.replace("aws:", "aws-cn:", 1),
    ],
    "--log-retention-days": ["0", "2", "91", "-1", "90.0", "never", "1e3"],
    "--undo-retention-days": ["0", "-1", "3654", "1.5", "01", "forever"],
    "--architecture": ["arm", "amd64", "x86", "ARM64"],
    "--metrics": ["on", "OFF", "lane", "false"],
    "--alarm-topic": [
        "ops",
        f"{TOPIC}.fifo",
        TOPIC.replace("eu-central-1", "us-east-1"),
        TOPIC.replace("aws:", "aws-cn:", 1),
        TOPIC.replace("sns", "sqs"),
        f"{TOPIC}:0b8ccb25-8a6e-4a3c-8c2c-2f3a3c0a1d11",
    ],
    "--tag": ["team", "=data", "aws:x=y", "AWS:x=y", f"{'k' * 129}=v", f"k={'v' * 257}", "a*=b"],
    "--cloudformation-role": ["admin", "none", ""],
}


def asked(*pairs: tuple[str, str]) -> AskedSettings:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return AskedSettings(values)


def stack_of(settings: StackSettings) -> dict[str, Any]:
    """Return the description of a stack that was deployed with these settings."""
    rows = [{"ParameterKey": k, "ParameterValue": v} for k, v in settings.parameters.items()]
    tags = [{"Key": k, "Value": v} for k, v in {**settings.tags, TAG: "ddb-migrate"}.items()]
    return {"StackName": "ddb-migrate", "Parameters": rows, "Tags": tags}


def rendered(settings: StackSettings, place: StackPlace = PLACE) -> Rendering:
    template = stack_template("0", names_roles=settings.names_roles)
    code = {"CodeKey": "code/0.zip", "TableArns": place.table_arn("orders")}
    return Rendering(template, {**code, **settings.parameters}, place, {"Bucket": "a-bucket"})


def statements(settings: StackSettings, role: str, place: StackPlace = PLACE) -> dict[str, Any]:
    (policy,) = rendered(settings, place).made("AWS::IAM::Role")[role]["Policies"]
    return {row["Sid"]: row for row in policy["PolicyDocument"]["Statement"]}


def functions(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    """Return both functions, with roles that were given: one that is made has no ARN before."""
    roles = (("--function-role", ROLE), ("--restore-role", ROLE))
    made = rendered(asked(*roles, *pairs).over({}, PLACE)).made("AWS::Lambda::Function")
    assert {ROLE} == {function["Role"] for function in made.values()}
    return list(made.values())


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in ALL.items() for v in vs])
def test_what_aws_takes_is_taken(name: str, value: str) -> None:
    """As a parameter, a tag, or CloudFormation's role."""
    settings = asked((name, value)).over({}, PLACE)

    has = {*settings.parameters.values(), settings.service_role}
    assert value in has | {f"{k}={v}" for k, v in settings.tags.items()}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in BAD.items() for v in vs])
def test_what_aws_would_refuse_is_refused(name: str, value: str) -> None:
    """By the option's name, before anything is touched."""
    with pytest.raises(InvalidInputError, match=name):
        asked((name, value)).over({}, PLACE)


@pytest.mark.parametrize("place", [CHINA, GOV], ids=lambda place: place.partition)
def test_every_partition_has_arns_of_its_own(place: StackPlace) -> None:
    """What names another partition is refused."""
    key = f"arn:{place.partition}:kms:{place.region}:{ACCOUNT}:key/1234"
    role = f"arn:{place.partition}:iam::{ACCOUNT}:role/worker"

    settings = asked(("--kms-key", key), ("--function-role", role)).over({}, place)

    assert (key, role) == tuple(settings.parameters[n] for n in ("KmsKeyArn", "FunctionRoleArn"))
    with pytest.raises(InvalidInputError, match=f"the stack is in {place.partition} "):
        asked(("--function-role", ROLE)).over({}, place)


def test_every_parameter_of_an_option_is_one_of_the_template() -> None:
    """With the same default: a stack that was never asked has what it had."""
    rendering = Rendering((resources.folder("deploy") / "template.yaml").read_text(), {}, PLACE, {})

    defaults = {o.parameter: o.default for o in OPTIONS}
    known = rendering._template["Parameters"]
    assert defaults == {name: str(known[name]["Default"]) for name in defaults}


def test_what_is_not_given_stays() -> None:
    """Every parameter and every tag; none takes one away."""
    first = asked(
        ("--kms-key", KEY), ("--tag", "team=data"), ("--tag", "env=prod"), ("--role-path", "/a/")
    ).over({}, PLACE)

    again = asked(("--log-retention-days", "30")).over(stack_of(first), PLACE)
    less = asked(("--kms-key", "none"), ("--tag", ""), ("--role-path", "none")).over(
        stack_of(again), PLACE
    )

    assert {**first.parameters, "LogRetentionDays": "30"} == again.parameters
    assert {"team": "data", "env": "prod"} == again.tags
    assert {**StackSettings().parameters, "LogRetentionDays": "30"} == less.parameters
    assert {} == less.tags


def test_a_change_is_told() -> None:
    """As the option is called, with what was and what will be."""
    before = asked(("--tag", "team=data"), ("--log-retention-days", "30")).over({}, PLACE)
    now = asked(("--tag", "none"), ("--log-retention-days", "none"), ("--kms-key", KEY)).over(
        stack_of(before), PLACE
    )

    assert [
        f"--kms-key: none -> {KEY}",
        "--log-retention-days: 30 -> 90",
        "--tag: team=data -> none",
    ] == list(now.differences(stack_of(before)))
    assert [] == list(before.differences(stack_of(before)))


@pytest.mark.parametrize(
    "pairs",
    [
        [("--subnet-id", "subnet-01234567")],
        [("--security-group-id", "sg-01234567")],
        [("--kms-key", KEY), ("--kms-key", OTHER_KEY)],
        [("--kms-key", KEY), ("--kms-key", "none")],
        [("--tag", "a=1"), ("--tag", "a=2")],
        [("--tag", f"{TAG}=mine")],
        [("--role-prefix", "x" * 40)],
        [("--tag", f"k{n}=v") for n in range(50)],
        [("--security-group-id", f"sg-0123456{n}") for n in range(6)],
    ],
    ids=["subnet", "group", "two keys", "both", "two values", "ours", "long", "tags", "groups"],
)
def test_what_does_not_go_together_is_refused(pairs: list[tuple[str, str]]) -> None:
    """Each alone is possible."""
    with pytest.raises(InvalidInputError):
        asked(*pairs).over({}, PLACE)


def test_a_role_s_name_counts_stack_and_region() -> None:
    """One character more would be IAM's refusal in the middle of a deployment."""
    room = 64 - len("ddb-migrate-eu-central-1-transform")

    assert asked(("--role-prefix", "x" * room)).over({}, PLACE).names_roles
    with pytest.raises(InvalidInputError, match=r"Shorten it by 1\."):
        asked(("--role-prefix", "x" * (room + 1))).over({}, PLACE)


# What the template makes of it


def test_by_default_nothing_of_it_is_there() -> None:
    """Neither a name of a role, for which CloudFormation wants to be asked, nor a key."""
    rendering = rendered(StackSettings())

    for role in rendering.made("AWS::IAM::Role").values():
        assert set() == role.keys() & {"RoleName", "Path", "PermissionsBoundary"}
    for function in functions():
        assert ("VpcConfig" not in function, ["arm64"]) == (True, function["Architectures"])
    assert "kms" not in str([rendering.made(f"AWS::{t}") for t in ("IAM::Role", "S3::Bucket")])
    assert "RoleName:" not in stack_template("0")


def test_roles_are_made_where_and_as_the_account_wants_them() -> None:
    settings = asked(
        ("--permissions-boundary", BOUNDARY), ("--role-path", "/t/"), ("--role-prefix", "acme-")
    ).over({}, PLACE)

    roles = rendered(settings).made("AWS::IAM::Role")

    assert [f"acme-ddb-migrate-eu-central-1-{n}" for n in ("transform", "machine", "restore")] == [
        role["RoleName"] for role in roles.values()
    ]
    assert {("/t/", BOUNDARY)} == {(r["Path"], r["PermissionsBoundary"]) for r in roles.values()}


@pytest.mark.parametrize(
    ("option", "made"),
    [
        ("--function-role", "FunctionRole"),
        ("--state-machine-role", "StateMachineRole"),
        ("--restore-role", "RestoreRole"),
    ],
)
def test_a_role_that_is_given_is_not_made(option: str, made: str) -> None:
    """And is the one that is used."""
    rendering = rendered(asked((option, ROLE)).over({}, PLACE))

    roles = rendering.made("AWS::IAM::Role").keys()
    assert {"FunctionRole", "StateMachineRole", "RestoreRole"} - {made} == roles


def test_functions_in_a_vpc_may_have_network_interfaces_and_their_code_may_not() -> None:
    """Lambda makes them with the function's role, which the code has, too."""
    pairs = (
        ("--subnet-id", "subnet-01234567"),
        ("--subnet-id", "subnet-89abcdef"),
        ("--security-group-id", "sg-01234567"),
    )
    settings = asked(*pairs).over({}, PLACE)

    for function in functions(*pairs):
        assert {
            "SubnetIds": ["subnet-01234567", "subnet-89abcdef"],
            "SecurityGroupIds": ["sg-01234567"],
        } == function["VpcConfig"]
    for role, name in (("FunctionRole", "transform"), ("RestoreRole", "restore")):
        rows = statements(settings, role)
        allowed, denied = rows["NetworkInterfaces"], rows["ByLambdaNotByItsCode"]
        assert ("Deny", allowed["Action"]) == (denied["Effect"], denied["Action"])
        (arn,) = denied["Condition"]["ArnEquals"].values()
        assert arn.endswith(f":function:ddb-migrate-{name}")


def test_a_key_encrypts_ledger_bucket_and_logs() -> None:
    rendering = rendered(asked(("--kms-key", KEY)).over({}, PLACE))

    (bucket,) = rendering.made("AWS::S3::Bucket").values()
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    (table,) = rendering.made("AWS::DynamoDB::Table").values()
    groups = rendering.made("AWS::Logs::LogGroup").values()
    assert {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY} == rule[
        "ServerSideEncryptionByDefault"
    ]
    assert KEY == table["SSESpecification"]["KMSMasterKeyId"]
    assert [KEY, KEY] == [group["KmsKeyId"] for group in groups]


def test_keys_may_be_used_through_their_services_only() -> None:
    """Never directly: who has the role cannot decrypt what they got elsewhere."""
    settings = asked(
        ("--kms-key", KEY), ("--table-kms-key", OTHER_KEY), ("--table-kms-key", KEY)
    ).over({}, PLACE)

    worker, net = (statements(settings, role) for role in ("FunctionRole", "RestoreRole"))

    for rows, services in ((worker, {"dynamodb", "s3"}), (net, {"dynamodb"})):
        of_kms = [row for row in rows.values() if "kms:" in str(row["Action"])]
        through = [row["Condition"]["StringEquals"]["kms:ViaService"] for row in of_kms]
        assert services == {each.partition(".")[0] for vias in through for each in vias}
    assert ([OTHER_KEY, KEY], KEY) == tuple(
        worker[sid]["Resource"] for sid in ("KeysOfTables", "KeyOfTheLedger")
    )
    assert {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"} < {
        *worker["KeysOfTables"]["Action"]
    }


def test_services_are_called_by_their_names_in_china() -> None:
    key = f"arn:aws-cn:kms:cn-north-1:{ACCOUNT}:key/1234"

    rows = statements(asked(("--table-kms-key", key)).over({}, CHINA), "FunctionRole", CHINA)

    assert "dynamodb.cn-north-1.amazonaws.com.cn" in str(rows["KeysOfTables"]["Condition"])


def test_alarms_need_metrics() -> None:
    """They would be silent, and look as if all were well."""
    with pytest.raises(InvalidInputError, match=r"--metrics off sends no metrics.*Nothing changed"):
        asked(("--alarm-topic", TOPIC), ("--metrics", "off")).over({}, PLACE)

    stack = {"Parameters": [{"ParameterKey": "AlarmTopicArn", "ParameterValue": TOPIC}]}
    with pytest.raises(InvalidInputError, match="--alarm-topic none"):
        asked(("--metrics", "off")).over(stack, PLACE)


def test_without_a_topic_there_are_no_alarms() -> None:
    assert {} == rendered(StackSettings()).made("AWS::CloudWatch::Alarm")


def test_each_alarm_is_of_a_metric_that_is_sent() -> None:
    """By exactly these dimensions: CloudWatch finds no metric by a part of them."""
    settings = asked(("--alarm-topic", TOPIC)).over({}, PLACE)
    rendering = rendered(settings)
    made = rendering.made("AWS::CloudWatch::Alarm").values()
    units = {metric.name for metric in (*catalog.WORKER, *catalog.SAFETY_NET)}

    for alarm in made:
        (dimension,) = alarm["Dimensions"]
        if alarm["Namespace"] == catalog.NAMESPACE:
            assert {"Name": "Stack", "Value": "ddb-migrate"} == dimension
            assert alarm["MetricName"] in units
            assert all(("Stack",) in detail.sets for detail in Detail if detail.sets)
        else:
            assert {"Name": "FunctionName", "Value": "ddb-migrate-restore"} == dimension
            assert ("AWS/Lambda", True) == (
                alarm["Namespace"],
                alarm["MetricName"] in {"Errors", "Invocations"},
            )
        assert [TOPIC] == alarm["AlarmActions"] == alarm["OKActions"]
    scope = Scope(stack="ddb-migrate", parameters=settings.parameters)
    assert {arn.rpartition(":")[2] for arn in alarms(scope)} == {a["AlarmName"] for a in made}


def test_an_alarm_keeps_its_state_while_nobody_tells() -> None:
    """The safety net comes every 15 minutes, and its silence is an alarm of its own."""
    made = rendered(asked(("--alarm-topic", TOPIC)).over({}, PLACE)).made("AWS::CloudWatch::Alarm")

    assert {
        "CapacityOwedAlarm": ("CapacityOwedSeconds", 3_600, SAFETY_NET_SECONDS, "ignore"),
        "NoProgressAlarm": ("MigrationsStalled", 0, SAFETY_NET_SECONDS, "ignore"),
        "QuarantineAlarm": ("ItemsQuarantined", 0, 300, "notBreaching"),
        "SafetyNetFailedAlarm": ("Errors", 0, SAFETY_NET_SECONDS, "ignore"),
        "SafetyNetSilentAlarm": ("Invocations", 1, 4 * SAFETY_NET_SECONDS, "breaching"),
    } == {
        name: (a["MetricName"], int(a["Threshold"]), int(a["Period"]), a["TreatMissingData"])
        for name, a in made.items()
    }


def test_the_safety_net_knows_whether_there_are_alarms() -> None:
    """Then it tells that all is well, too."""
    for pairs, expected in (((("--alarm-topic", TOPIC),), "on"), ((), "off")):
        restore = next(f for f in functions(*pairs) if "restore" in f["FunctionName"])
        assert expected == restore["Environment"]["Variables"]["ALARMS"]


def test_what_a_version_keeps_makes_another_version() -> None:
    """Else executions would go on with the network, role and processor of before."""
    place = {"--subnet-id": "subnet-01234567", "--security-group-id": "sg-01234567"}
    pairs = {"--role-path": "/a/", "--function-role": ROLE, "--architecture": "x86_64"}
    versions = [asked(pair).over({}, PLACE).version for pair in pairs.items()]
    versions.append(asked(*place.items()).over({}, PLACE).version)

    assert "" == StackSettings().version == asked(("--tag", "a=b")).over({}, PLACE).version
    assert len({*versions, ""}) == len(versions) + 1


@pytest.mark.parametrize(
    ("pair", "replaces"),
    [
        (("--role-path", "/a/"), True),
        (("--role-prefix", "acme-"), True),
        (("--function-role", ROLE), True),
        (("--permissions-boundary", BOUNDARY), False),
        (("--kms-key", KEY), False),
    ],
)
def test_other_roles_are_known_as_such(pair: tuple[str, str], replaces: bool) -> None:
    """A boundary is put onto the roles that are there."""
    stack = stack_of(StackSettings())

    assert replaces == asked(pair).over(stack, PLACE).replaces_roles(stack)


def test_packages_are_resolved_for_the_processor_that_is_asked_for() -> None:
    assert "Python 3.12 on x86_64" == str(lambda_runtime("x86_64"))


@pytest.mark.parametrize(("key", "is_refused"), [(KEY, False), (OTHER_KEY, True), ("", False)])
def test_a_ledger_that_was_kept_keeps_its_key(key: str, is_refused: bool) -> None:
    """Else no role of the new stack could read it."""
    described = {"SSEDescription": {"SSEType": "KMS", "KMSMasterKeyArn": key}} if key else {}
    dynamodb = SimpleNamespace(describe_table=lambda **_: {"Table": described})
    clients = Clients({"dynamodb": dynamodb}.__getitem__)
    settings = asked(("--kms-key", KEY)).over({}, PLACE)

    require_key_of("", clients, settings)
    with (
        pytest.raises(InvalidInputError, match=f"--kms-key {key}") if is_refused else nullcontext()
    ):
        require_key_of("ddb-migrate-ledger", clients, settings)
