"""What another tool deploys: the same bytes each time, in a folder of its own."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow_ddb_migrate.aws.services.stack_identity import TAG
from airflow_ddb_migrate.cli import main
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.deployment import artifacts
from airflow_ddb_migrate.deployment.artifacts import Artifacts
from airflow_ddb_migrate.deployment.packaging.transform_check import TransformCheck
from airflow_ddb_migrate.deployment.rendering import Rendering, StackPlace
from airflow_ddb_migrate.deployment.settings.settings import AskedSettings
from airflow_ddb_migrate.permissions.scope import ALARMS

KEY = "arn:aws-cn:kms:cn-north-1:111122223333:key/1234"
TOPIC = "arn:aws-cn:sns:cn-north-1:111122223333:ops"
PLACE = StackPlace("aws-cn", "cn-north-1", "111122223333", "ddb-migrate")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests try the transforms that ship."""
    monkeypatch.setattr(artifacts, "check_transforms", lambda _: TransformCheck())


def write(folder: Path, *tables: str, **fields: Any) -> dict[str, bytes]:
    """Write a bundle; return the files of the folder."""
    known = {"stack_name": "ddb-migrate", "say": lambda _: None}
    Artifacts(folder=folder, tables=tables or ("orders",), **{**known, **fields}).write()
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def parameters(files: dict[str, bytes]) -> dict[str, str]:
    rows = json.loads(files["parameters.json"])
    return {row["ParameterKey"]: row["ParameterValue"] for row in rows}


def rendered(files: dict[str, bytes], place: StackPlace = PLACE) -> Rendering:
    return Rendering(
        files["template.yaml"].decode(), parameters(files), place, {"Bucket": "a-bucket"}
    )


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """Anywhere, and over what an earlier bundle left."""
    first = write(tmp_path / "a")
    write(tmp_path / "b", "customers")

    assert first == write(tmp_path / "b") == write(tmp_path / "a")


def test_what_an_earlier_bundle_left_goes(tmp_path: Path) -> None:
    """Other code has another name; what somebody put beside it stays."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "one.py").write_text("def transform(item, context):\n    return item\n")
    folder = tmp_path / "bundle"
    before = write(folder, transforms_dir=tmp_path / "mine")
    (folder / "README").write_text("ours")

    after = write(folder)

    old, new = (parameters(files)["CodeKey"] for files in (before, after))
    assert (True, True, b"ours") == (old not in after, new in after, after["README"])


def test_checksums_are_those_of_the_files(tmp_path: Path) -> None:
    """As sha256sum -c reads them; the zip's is what Lambda is told, too."""
    files = write(tmp_path / "bundle")

    sums = dict(
        reversed(line.split("  ")) for line in files.pop("SHA256SUMS").decode().splitlines()
    )
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert {parameters(files)["CodeKey"], parameters(files)["DefinitionKey"]} < files.keys()


def test_the_template_names_the_tables_of_whatever_account(tmp_path: Path) -> None:
    """It is made before anybody knows where it will be deployed."""
    files = write(tmp_path / "bundle", "orders", "customers")

    roles = rendered(files).made("AWS::IAM::Role")
    worker = roles["FunctionRole"]["Policies"][0]["PolicyDocument"]["Statement"][0]
    arns = [
        f"arn:aws-cn:dynamodb:cn-north-1:111122223333:table/{n}" for n in ("orders", "customers")
    ]
    assert arns == worker["Resource"]
    net = roles["RestoreRole"]["Policies"][0]["PolicyDocument"]["Statement"]
    (indexes,) = (row["Resource"] for row in net if row["Sid"] == "TheirIndexes")
    assert [f"{arn}/index/*" for arn in arns] == indexes
    assert "orders,customers" == parameters(files)["Tables"]


def test_every_parameter_is_one_of_the_template(tmp_path: Path) -> None:
    """CloudFormation refuses one that it does not know, and cfn-lint one that is not used."""
    for number, asked in enumerate(({}, {"--role-prefix": ["acme-"]})):
        files = write(tmp_path / str(number), asked=AskedSettings(asked))
        known = rendered(files)._template["Parameters"].keys()
        assert set() == parameters(files).keys() - known
        assert ("RolePrefix" in known, "TableArns" in known) == (bool(asked), False)


def test_options_are_those_of_deploy(tmp_path: Path) -> None:
    """Checked against each other: the ARNs say of which account they are."""
    asked = {
        "--kms-key": [KEY],
        "--tag": ["team=data"],
        "--architecture": ["x86_64"],
        "--alarm-topic": [TOPIC],
    }
    plain = write(tmp_path / "a")
    files = write(tmp_path / "b", asked=AskedSettings(asked), code_bucket="artifacts")

    found = parameters(files)
    assert (KEY, "x86_64", "artifacts", TOPIC) == (
        found["KmsKeyArn"],
        found["Architecture"],
        found["CodeBucket"],
        found["AlarmTopicArn"],
    )
    assert len(ALARMS) == len(rendered(files).made("AWS::CloudWatch::Alarm"))
    assert [{"Key": TAG, "Value": "ddb-migrate"}, {"Key": "team", "Value": "data"}] == json.loads(
        files["tags.json"]
    )
    assert plain["template.yaml"] != files["template.yaml"]  # another version of the function
    elsewhere = AskedSettings({**asked, "--restore-role": ["arn:aws:iam::111122223333:role/r"]})
    with pytest.raises(InvalidInputError, match="--restore-role is arn:aws:iam"):
        write(tmp_path / "c", asked=elsewhere)
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"stack_name": "1st"},
        {"tables": ["x"]},
        {"tables": []},
        {"transforms_dir": Path("/nowhere")},
        {"tables": [f"{'t' * 240}-{n:03d}" for n in range(100)]},
        {"asked": AskedSettings({"--tag": ["nothing"]})},
    ],
    ids=["stack", "table", "no table", "transforms", "too many", "tag"],
)
def test_what_is_wrong_is_refused_before_anything_is_written(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    known: dict[str, Any] = {"folder": tmp_path / "b", "stack_name": "s", "tables": ["orders"]}

    with pytest.raises(InvalidInputError):
        Artifacts(**{**known, **fields}, say=lambda _: None).write()

    assert not (tmp_path / "b").exists()


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    """And a file is no folder."""
    (tmp_path / "template.yaml").write_text("mine")

    for folder in (tmp_path, tmp_path / "template.yaml"):
        with pytest.raises(InvalidInputError, match="Nothing was written"):
            write(folder)

    assert "mine" == (tmp_path / "template.yaml").read_text()


def test_checksums_that_somebody_wrote_delete_nothing_elsewhere(tmp_path: Path) -> None:
    """Names lead nowhere but into the folder."""
    (tmp_path / "precious").write_text("x")
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "SHA256SUMS").write_text("0  ../precious\n0  /etc/hosts\n0  code/../../precious\n")

    write(folder)

    assert "x" == (tmp_path / "precious").read_text()


def test_no_credentials_are_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command says what was written and what to do with it."""
    monkeypatch.setattr(main, "_clients", None)
    output = tmp_path / "bundle"

    assert 0 == main.main(["bundle", "--output", str(output), "--table", "orders"])

    said = capsys.readouterr().out
    assert f"Wrote {output / 'template.yaml'}" in said
    assert "CAPABILITY_IAM" in said


def test_the_order_of_hashes_changes_nothing(tmp_path: Path) -> None:
    """Another process has another order of sets."""
    sums = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        command = [sys.executable, "-m", "airflow_ddb_migrate.cli.main", "bundle"]
        subprocess.run(
            [*command, "--output", folder, "--table", "orders", "--table", "customers"],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        sums.append((folder / "SHA256SUMS").read_text())

    assert sums[0] == sums[1]
