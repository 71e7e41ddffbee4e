"""Every prefix of the bucket under which values of items, or what an undo believes, may lie.

Simulated: the policies that ``ddb-migrate policy`` prints and the roles of the template, together
with the bucket's own policy, as AWS decides for a principal of the account. AWS compares
``aws:PrincipalArn`` with a role's own ARN, whoever assumed it; a test on an emulator shows the same
refusals by real requests (``tests/integration/test_permissions.py``).
"""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from airflow_ddb_migrate.aws.services.bucket import ROOTS
from airflow_ddb_migrate.permissions.policy import Audience
from airflow_ddb_migrate.permissions.rows import DEFAULT_FEATURES
from tests.support.policies import (
    BUCKET,
    Policy,
    bucket_policy,
    listed,
    policy_for,
    role_arn,
    role_policy,
    with_bucket_policy,
)

OBJECTS = f"arn:aws:s3:::{BUCKET}"
BREAK_GLASS = role_arn("break-glass")
OWN_WORKER = "arn:aws:iam::000000000000:role/teams/data/worker"
READ = ("s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAttributes")
WRITE = ("s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectTagging", "s3:ReplicateObject")
ERASE = ("s3:DeleteObject", "s3:DeleteObjectVersion")

# Where workers leave what; of which ``undo`` and ``values/`` hold values of items.
NAME = "000001/001-00001-000001.jsonl.gz"
UNDO = f"migrations/orders-1/undo/{NAME}"
LEFT = {
    "undo": UNDO,
    "undo void": f"migrations/orders-1/undo/{NAME.replace('.jsonl', '.void.jsonl')}",
    "undo, by the name of a report": "migrations/orders-1/undo/000001/report.json",
    "kept": f"migrations/orders-1/kept/{NAME}",
    "quarantine": f"migrations/orders-1/quarantine/{NAME}",
    "quarantine, by the name of a report": "migrations/orders-1/quarantine/000001/report.json",
    "diff": f"migrations/orders-1/diff/{NAME}",
    "values of the quarantine": f"values/orders-1/quarantine/{NAME}",
    "values of a dry run": f"values/orders-1/diff/{NAME}",
}
HOLD_VALUES = {name for name in LEFT if name.startswith(("undo", "values"))}
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def principals(**parameters: str) -> Mapping[str, Policy]:
    """Everybody who has something to do with a stack, and an administrator."""
    asked = {
        "worker": role_policy("FunctionRole"),
        "state machine": role_policy("StateMachineRole"),
        "safety net": role_policy("RestoreRole"),
        "airflow": policy_for(Audience.AIRFLOW, DEFAULT_FEATURES),
        "airflow with show-values": policy_for(Audience.AIRFLOW),
        "viewer": policy_for(Audience.VIEWER),
        "deployer": policy_for(Audience.DEPLOYER),
        "data officer": policy_for(Audience.DATA_OFFICER),
        "administrator": Policy(EVERYTHING, role_arn("admin")),
    }
    return {name: with_bucket_policy(policy, **parameters) for name, policy in asked.items()}


def reached(who: Policy, actions: tuple[str, ...]) -> set[str]:
    return {
        name
        for name, path in LEFT.items()
        if any(who.allows(action, f"{OBJECTS}/{path}") for action in actions)
    }


def test_every_root_is_known_here() -> None:
    """A new one has to say here what lies under it."""
    assert {*ROOTS} == {path.partition("/")[0] for path in LEFT.values()}


def test_who_reads_what_holds_values() -> None:
    """Undo logs: the worker. What a person asked to be shown: whoever may see that."""
    reading = {name: reached(who, READ) & HOLD_VALUES for name, who in principals().items()}

    shown = {name for name in HOLD_VALUES if name.startswith("values")}
    assert {
        "worker": HOLD_VALUES - shown,
        "airflow with show-values": {"values of a dry run"},
        "administrator": shown,
    } == {name: found for name, found in reading.items() if found}


def test_who_writes_what_workers_leave() -> None:
    """The worker alone: an undo and a replay believe what they read."""
    writing = {name: reached(who, WRITE) for name, who in principals().items()}

    assert {"worker": {*LEFT}} == {name: found for name, found in writing.items() if found}


def test_nobody_erases_an_undo_log_by_the_way() -> None:
    """Without a break-glass role nobody at all, until the bucket's policy is lifted."""
    erasing = {name: reached(who, ERASE) for name, who in principals().items()}

    assert set() == {n for found in erasing.values() for n in found if n.startswith("undo")}


def test_airflow_writes_its_report_and_nothing_else() -> None:
    """Also where no bucket policy helps: in a bucket that another tool made."""
    airflow = policy_for(Audience.AIRFLOW)

    assert airflow.allows("s3:PutObject", f"{OBJECTS}/migrations/orders-1/report.json")
    names = {name for name in LEFT if not name.endswith("report")}
    assert set() == reached(airflow, WRITE) & names


@pytest.mark.parametrize("worker", ["", OWN_WORKER])
def test_a_break_glass_role_reads_and_erases_and_forges_nothing(worker: str) -> None:
    """One role by its ARN, beside the worker's, which may be one of the user's own."""
    parameters = {"FunctionRoleArn": worker, "BreakGlassArn": BREAK_GLASS}
    everything = {
        name: with_bucket_policy(Policy(EVERYTHING, arn), **parameters)
        for name, arn in (
            ("glass", BREAK_GLASS),
            ("worker", worker or role_arn("FunctionRole")),
            ("alike", f"{BREAK_GLASS}2"),
        )
    }
    undo = f"{OBJECTS}/{UNDO}"

    allowed = {
        name: {kind for kind, actions in (("r", READ), ("w", WRITE), ("e", ERASE))
               if all(who.allows(action, undo) for action in actions)}
        for name, who in everything.items()
    }  # fmt: skip
    assert {"glass": {"r", "e"}, "worker": {"r", "w"}, "alike": set()} == allowed


def test_who_has_data_erased_erases_all_of_it_and_reads_nothing() -> None:
    """With the policy that is printed for it, as the break-glass role."""
    officer = replace(policy_for(Audience.DATA_OFFICER), principal=BREAK_GLASS)
    policy = with_bucket_policy(officer, BreakGlassArn=BREAK_GLASS)

    assert {*LEFT} == reached(policy, ("s3:DeleteObjectVersion",))
    assert set() == reached(policy, (*READ, *WRITE))
    assert not policy.allows("s3:DeleteObjectVersion", f"{OBJECTS}/code/1.zip")


def test_the_account_is_not_locked_out_of_its_bucket() -> None:
    """Policy, versions, lifecycle and the bucket itself stay its administrators' to change."""
    admin = principals()["administrator"]
    actions = (
        *("s3:DeleteBucketPolicy", "s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:DeleteBucket"),
        *("s3:ListBucketVersions", "s3:PutLifecycleConfiguration", "s3:PutBucketVersioning"),
    )

    assert [] == [action for action in actions if not admin.allows(action, OBJECTS)]


def test_whoever_deploys_can_delete_the_bucket_by_lifting_its_policy() -> None:
    """What ``destroy --delete-data`` does: CloudTrail then says who lifted it. It reads nothing."""
    deployer = policy_for(Audience.DEPLOYER)

    assert deployer.allows("s3:DeleteBucketPolicy", OBJECTS)
    assert {*LEFT} == reached(deployer, ("s3:DeleteObjectVersion",))
    assert set() == reached(deployer, READ)


def test_before_there_is_a_worker_the_bucket_only_asks_for_tls() -> None:
    """The first deployment makes the bucket alone, and nothing is in it."""
    statements = bucket_policy(CodeKey="").document["Statement"]

    assert ["OnlyByTLS"] == [row["Sid"] for row in statements]


LISTS = {
    "worker": {"migrations/orders-1/undo/000001/", "migrations/orders-1/quarantine/"},
    "airflow": {"migrations/orders-1/quarantine/", "migrations/orders-1/diff/000001/"},
    "airflow with show-values": {
        "migrations/orders-1/quarantine/",
        "migrations/orders-1/diff/000001/",
        "values/orders-1/diff/000001/",
    },
    "viewer": {"migrations/orders-1/quarantine/"},
}


@pytest.mark.parametrize("who", LISTS)
def test_what_lists_lists_by_prefix(who: str) -> None:
    """Only what it has to find. Who deploys empties the whole bucket, and lists all of it."""
    policy = principals()[who]
    asked = {
        "",
        "code/",
        "values/",
        "migrations",
        *(each for row in LISTS.values() for each in row),
    }

    found = {
        prefix for prefix in asked if policy.allows("s3:ListBucket", OBJECTS, s3__prefix=prefix)
    }
    expected = LISTS[who] | (LISTS["airflow"] if who == "worker" else set())
    assert expected == found
    assert not policy.allows("s3:ListBucket", OBJECTS)


def test_no_other_policy_lists_without_a_prefix() -> None:
    """Whoever lists has the condition, but for those who delete the bucket."""
    without = {
        audience
        for audience in Audience
        for row in policy_for(audience).document["Statement"]
        if "s3:ListBucket" in listed(row["Action"]) and "Condition" not in row
    }

    assert {Audience.DEPLOYER, Audience.CLOUDFORMATION} == without
