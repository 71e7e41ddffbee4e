"""What a user deployed stays deployed: read from the zip, and dropped only by name."""

import io
import json
import stat
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.core.errors import DeployError, InvalidInputError
from airflow_ddb_migrate.deployment.keeping.transform_set import (
    DeployedTransforms,
    deployed_transforms,
    judge_dropped,
    kept_part,
    require_none_lost,
)
from airflow_ddb_migrate.deployment.packaging.bundle import Bundle, build
from airflow_ddb_migrate.deployment.packaging.deployed_part import MANIFEST, UserPart
from airflow_ddb_migrate.deployment.packaging.packages import Packages
from airflow_ddb_migrate.deployment.packaging.runtime import Runtime
from moto import mock_aws
from tests.support.factories import SHIPPED_TRANSFORMS

BUCKET, IDENTITY = "bucket", "def transform(item, context):\n    return item\n"


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"mine.py": IDENTITY, "add_updated_at.py": IDENTITY, "_help.py": ""}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def deploy(s3: Any, bundle: Bundle) -> dict[str, str]:
    """Put a zip where it was deployed from; return the stack's outputs."""
    s3.put_object(Bucket=BUCKET, Key=f"code/{bundle.code_hash}.zip", Body=bundle.content)
    return {
        "Bucket": BUCKET,
        "CodeHash": bundle.code_hash,
        "CodeSha256": b64encode(sha256(bundle.content).digest()).decode(),
        "Transforms": ",".join(bundle.transforms),
    }


def look(
    s3: Any, outputs: dict[str, str], said: list[str] | None = None, *, has_folder: bool = False
) -> DeployedTransforms:
    clients = Clients({"s3": s3}.__getitem__)
    say = (said if said is not None else []).append
    return deployed_transforms(clients, outputs, has_folder=has_folder, say=say)


def test_what_is_deployed_is_deployed_again(s3: Any, folder: Path) -> None:
    """Byte by byte, with what takes the place of ours: nothing changes."""
    bundle = build(folder)
    deployed = look(s3, deploy(s3, bundle))

    assert {"mine", "add_updated_at"} == deployed.names
    assert bundle.content == build(deployed=kept_part(deployed, [])).content


def test_one_that_is_dropped_is_gone_and_the_others_stay(s3: Any, folder: Path) -> None:
    """One of ours takes its place again."""
    deployed = look(s3, deploy(s3, build(folder)))

    left = build(deployed=kept_part(deployed, ["add_updated_at"]))

    assert (("mine",), ()) == (left.own, left.replaced)
    assert {*SHIPPED_TRANSFORMS, "mine"} == set(left.transforms)


def test_with_the_last_transform_goes_what_helped_it(s3: Any, folder: Path) -> None:
    """No trace of it is left in the zip."""
    deployed = look(s3, deploy(s3, build(folder)))

    assert build() == build(deployed=kept_part(deployed, ["mine", "add_updated_at"]))


def test_a_stack_that_is_not_there_has_nothing(s3: Any) -> None:
    """Nor has one that holds the bucket alone."""
    assert DeployedTransforms() == look(s3, {}) == look(s3, {"Bucket": BUCKET})


@pytest.mark.parametrize("what", ["gone", "other"])
def test_what_is_not_as_it_was_deployed_is_not_deployed_again(
    s3: Any, folder: Path, what: str
) -> None:
    """Whoever may write to the bucket could have put it there. A folder does without."""
    bundle = build(folder)
    outputs = deploy(s3, bundle)
    key = f"code/{bundle.code_hash}.zip"
    if what == "gone":
        s3.delete_object(Bucket=BUCKET, Key=key)
    else:
        s3.put_object(Bucket=BUCKET, Key=key, Body=build().content)

    words = {
        "gone": "s3:GetObject on s3://bucket/code",
        "other": "has SHA-256 .*; the deployed code",
    }
    with pytest.raises(
        DeployError,
        match=rf"deployed transforms mine cannot be kept: .*{words[what]}.*--transforms",
    ):
        look(s3, outputs)
    assert frozenset({"mine"}) == look(s3, outputs, has_folder=True).names


def test_without_transforms_of_the_user_s_nothing_can_be_lost(s3: Any) -> None:
    """It is said, and the deployment goes on."""
    bundle, said = build(), list[str]()
    outputs = deploy(s3, bundle)
    s3.delete_object(Bucket=BUCKET, Key=f"code/{bundle.code_hash}.zip")

    assert DeployedTransforms(bindings=None) == look(s3, outputs, said)
    assert said[0].startswith("The deployed zip was not checked: s3:GetObject")


def test_dropping_what_is_not_there_is_told_and_one_of_ours_refused() -> None:
    """The same command can be given twice."""
    said: list[str] = []

    judge_dropped(DeployedTransforms(), ["mine"], said.append)

    assert ["--drop-transform mine: the stack does not have this, so nothing is dropped."] == (said)
    with pytest.raises(InvalidInputError, match="is part of the package and cannot be dropped"):
        judge_dropped(DeployedTransforms(), ["add_updated_at"], print)


def test_a_folder_that_lacks_a_deployed_transform_is_refused() -> None:
    """Unless that is dropped by name."""
    deployed = DeployedTransforms(frozenset({"a", "b", "mine"}))

    with pytest.raises(
        InvalidInputError,
        match=r"transforms: a, b\. Nothing was changed.*: --drop-transform a --drop-transform b$",
    ):
        require_none_lost(deployed, ["mine"], [])
    require_none_lost(deployed, ["mine", "new"], ["a", "b"])
    with pytest.raises(
        InvalidInputError, match="names mine, but the folder of --transforms has it"
    ):
        require_none_lost(deployed, ["mine"], ["mine", "a", "b"])


def test_a_zip_of_before_it_said_what_is_the_user_s_is_read_by_names(s3: Any, folder: Path) -> None:
    """What has the name of a transform of ours is taken for ours."""
    bundle = build(folder)
    content = without_manifest(bundle.content)
    outputs = deploy(s3, replace(bundle, content=content))

    deployed = look(s3, outputs)

    assert {"mine"} == deployed.names
    assert deployed.part
    assert {"transforms/mine.py", "transforms/_help.py"} == deployed.part.files.files.keys()


def without_manifest(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if name != MANIFEST:
                new.writestr(name, old.read(name))
    return buffer.getvalue()


def rewritten(content: bytes, said: dict[str, Any] | str, **more: str) -> bytes:
    """Return a zip with other entries in its manifest, and more files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == MANIFEST:
                text = (
                    said.encode()
                    if isinstance(said, str)
                    else json.dumps({**json.loads(text), **said}).encode()
                )
            new.writestr(name, text)
        for name, text in more.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK if text == "link" else stat.S_IFREG) << 16
            new.writestr(info, text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("said", "more", "why"),
    [
        ({}, {"../evil.py": ""}, r"'\.\./evil\.py' in the zip is not a plain path"),
        ({}, {"/evil.py": ""}, "'/evil.py' in the zip is not a plain path"),
        ({}, {"words/evil": "link"}, "'words/evil' in the zip is not a regular file"),
        ({}, {"transforms/Mine.py": ""}, ""),
        (
            {"files": ["transforms/mine.py", "transforms/Mine.py"]},
            {"transforms/Mine.py": ""},
            "one",
        ),
        ({"files": ["ddb_transform/handler.py"]}, {}, "is not below transforms/"),
        ({"files": ["transforms/gone.py"]}, {}, "is from another version of this package"),
        ({"files": []}, {}, "lacks the files of its transforms add_updated_at, mine"),
        ("[]", {}, "is from another version of this package"),
        ("{", {}, "is from another version of this package"),
    ],
)
def test_what_could_not_come_from_a_folder_is_not_kept(
    s3: Any, folder: Path, said: dict[str, Any] | str, more: dict[str, str], why: str
) -> None:
    """The same rules as for a folder; whoever wrote the zip."""
    bundle = build(folder)
    outputs = deploy(s3, replace(bundle, content=rewritten(bundle.content, said, **more)))

    if not why:
        assert look(s3, outputs).part
        return
    with pytest.raises(DeployError, match=rf"cannot be kept: .*{why}.*--transforms DIR"):
        look(s3, outputs)


def test_a_secret_that_was_deployed_once_does_not_ship_again(s3: Any, folder: Path) -> None:
    """By a version that knew fewer names; it is told by name."""
    bundle = build(folder)
    files = ["transforms/mine.py", "transforms/add_updated_at.py", "transforms/a/prod.tfstate"]
    content = rewritten(bundle.content, {"files": files}, **{files[2]: "hush-hush"})

    kept = build(deployed=look(s3, deploy(s3, replace(bundle, content=content))).part)

    assert b"hush-hush" not in kept.content
    assert "Left out: secrets (transforms/a/prod.tfstate)" in kept.notes


def test_packages_stay_with_the_transforms(s3: Any, folder: Path) -> None:
    """As they were resolved, with their versions; compiled ones for the same Lambda only."""
    files = {"words/__init__.py": b"", "words/fast.so": b"compiled"}
    packages = Packages(files=files, versions={"words": "1.0"}, sizes={"words": 8})
    read = UserPart(look(s3, deploy(s3, build(folder))).part.files, packages, "Python 3.12 on arm")  # type: ignore[union-attr]
    runtime = Runtime("3.12", "arm", 34)

    bundle = build(runtime=runtime, deployed=read)
    again = look(s3, deploy(s3, bundle)).part

    assert again
    assert (dict(packages.files), dict(packages.versions)) == (
        dict(again.packages.files),
        dict(again.packages.versions),
    )
    assert bundle.content == build(runtime=runtime, deployed=again).content
    with pytest.raises(
        InvalidInputError, match=r"compiled for Python 3\.12 on arm, but the Lambda now"
    ):
        build(runtime=Runtime("3.13", "arm", 34), deployed=again)
