"""``ddb-migrate policy``: a policy on stdout, and nothing is asked of AWS."""

import json
from typing import Any

import pytest
from airflow_ddb_migrate.cli import main
from tests.support.policies import ACCOUNT, BUCKET, REGION, TABLES, role_policy

KNOWN = ("--account", "111122223333", "--region", "eu-central-1", "--table", "orders")


@pytest.fixture(autouse=True)
def _no_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for one fails."""
    monkeypatch.setattr(main, "_clients", None)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert 0 == main.main(["policy", *arguments])
    return dict(json.loads(capsys.readouterr().out))


def resources(document: dict[str, Any]) -> str:
    return json.dumps([row["Resource"] for row in document["Statement"]])


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-central-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_the_partition_is_the_region_s(
    capsys: pytest.CaptureFixture[str], region: str, partition: str
) -> None:
    document = printed(capsys, "--for", "airflow", "--region", region)

    assert {f"arn:{partition}:"} == {
        text[: len(partition) + 5] for text in resources(document).split('"') if "arn:" in text
    }


def test_what_is_not_given_stays_a_placeholder(capsys: pytest.CaptureFixture[str]) -> None:
    document = resources(printed(capsys, "--for", "airflow"))

    for name in ("Partition", "Region", "Account", "Table", "Bucket"):
        assert f"${{{name}}}" in document


def test_all_that_is_given_is_filled_in(capsys: pytest.CaptureFixture[str]) -> None:
    """Also before there is a bucket: who deploys gets the pattern of its name."""
    airflow = resources(printed(capsys, "--for", "airflow", *KNOWN, "--bucket", "a-bucket"))
    deployer = resources(printed(capsys, "--for", "deployer", *KNOWN, "--stack-name", "Shop"))

    assert ("$" in airflow, "$" in deployer) == (False, False)
    assert "arn:aws:s3:::shop-bucket-*/code/*" in deployer


def test_features_narrow_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Each named one counts."""
    document = printed(capsys, "--for", "airflow", "--feature", "backup", "--feature", "report")

    sids = {row["Sid"] for row in document["Statement"]}
    assert ({"Backups", "KeepTheReport"} <= sids, "ItsCapacity" in sids) == (True, False)


def test_all_tables_is_a_star(capsys: pytest.CaptureFixture[str]) -> None:
    document = resources(printed(capsys, "--for", "airflow", "--all-tables"))

    assert ":table/*/index/*" in document
    assert "${Table}" not in document


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--account", "12345"),
        ("--region", "Frankfurt"),
        ("--partition", "amazon"),
        ("--bucket", "Not A Bucket"),
        ("--stack-name", "1st"),
        ("--table", "x"),
        ("--table", "arn:aws:dynamodb:eu-central-1:111122223333:table/orders"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    """With the value that was given, and what it may be."""
    assert 1 == main.main(["policy", "--for", "airflow", option, value])

    said = capsys.readouterr()
    assert "" == said.out
    assert repr(value) in said.err


def test_a_policy_that_is_too_large_for_a_managed_one_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Beside it, on stderr."""
    tables = [word for n in range(60) for word in ("--table", f"a-table-{n:03d}")]

    assert 0 == main.main(["policy", "--for", "airflow", *tables])

    said = capsys.readouterr()
    assert "a managed policy can have 6,144" in said.err
    assert json.loads(said.out)


def test_options_of_deploy_are_taken_and_checked(capsys: pytest.CaptureFixture[str]) -> None:
    """Against the account and the region that are given."""
    key = "arn:aws:kms:eu-central-1:111122223333:key/1234"

    document = printed(capsys, "--for", "airflow", *KNOWN, "--kms-key", key)
    assert f'"{key}"' in resources(document)
    for wrong in (key.replace("central", "west"), "alias/mine"):
        assert 1 == main.main(["policy", "--for", "airflow", *KNOWN, "--kms-key", wrong])
    assert "--kms-key" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("role", "logical"),
    [
        ("function-role", "FunctionRole"),
        ("state-machine-role", "StateMachineRole"),
        ("restore-role", "RestoreRole"),
    ],
)
def test_a_role_of_one_s_own_gets_what_the_template_s_has(
    capsys: pytest.CaptureFixture[str], role: str, logical: str
) -> None:
    """As the emulator's CloudFormation makes it, to the letter; without options as placeholders."""
    where = ("--account", ACCOUNT, "--region", REGION, "--bucket", BUCKET)
    tables = [word for table in TABLES for word in ("--table", table)]

    document = printed(capsys, "--for", role, *where, *tables)

    assert role_policy(logical).document == document
    assert "${Account}" in resources(printed(capsys, "--for", role))
