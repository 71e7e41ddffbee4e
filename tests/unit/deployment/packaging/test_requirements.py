"""What requirements.txt may hold, and that no message shows a password."""

from pathlib import Path

import pytest
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.deployment.packaging.requirements import read_requirements, redacted
from airflow_ddb_migrate.deployment.packaging.runtime import Runtime

LAMBDA = Runtime("3.12", "aarch64", 34)


def written(folder: Path, text: str) -> Path:
    (folder / "requirements.txt").write_text(text)
    return folder


def test_without_a_file_or_with_an_empty_one_nothing_is_resolved(tmp_path: Path) -> None:
    assert read_requirements(tmp_path, LAMBDA) is None
    assert read_requirements(written(tmp_path, "# none\n\n--pre\n"), LAMBDA) is None


@pytest.mark.parametrize(
    ("text", "has_hashes"),
    [
        ("pydantic\nnumpy[x]>=2,<3  # a comment\n", False),
        (
            "--index-url https://u:p@host/simple\n-f wheels\n--only-binary=:all:\npydantic==2\n",
            False,
        ),
        ("a==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n", True),
        ('a; python_version >= "3.8"\n', False),
        ("-r more.txt\n-c more.txt\n", False),
    ],
)
def test_names_versions_hashes_and_indexes_are_taken(
    tmp_path: Path, text: str, has_hashes: bool
) -> None:
    (tmp_path / "more.txt").write_text("-r requirements.txt\nb==1\n")  # it may go in a circle

    found = read_requirements(written(tmp_path, text), LAMBDA)

    assert found
    assert (tmp_path / "requirements.txt", has_hashes) == (found.path, found.has_hashes)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-e .", "'-e .' is no option for a Lambda's packages"),
        ("--no-binary=:all:", "is no option"),
        ("--only-binary=:none:", "is no option"),
        ("-r ../outside.txt", "'-r ../outside.txt' names no file in the folder"),
        ("--requirement=https://host/r.txt", "names no file in the folder"),
        ("./wheels/a.whl", "is an address or a path"),
        ("git+https://host/a.git", "is an address or a path"),
        (
            "a @ https://me:secret@host/a.whl?token=secret",
            r"'a @ https://\*\*\*@host/a.whl\?\*\*\*' is",
        ),
        ("a b c", "'a b c' is no requirement"),
        (
            "a; python_version == '3.12' and platform_machine == 'aarch64'",
            "means another thing here than for Python 3.12 on aarch64",
        ),
    ],
)
def test_what_cannot_be_resolved_from_wheels_alone_is_refused(
    tmp_path: Path, line: str, message: str
) -> None:
    """With the line, and without what is secret in it."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "outside.txt").write_text("a\n")

    with pytest.raises(InvalidInputError, match=message) as refused:
        read_requirements(written(tmp_path / "mine", f"good==1\n{line}\n"), LAMBDA)

    assert "secret" not in str(refused.value)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """No message shows a line of another file."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "outside.txt").write_text("secret word\n")
    (tmp_path / "mine" / "requirements.txt").symlink_to("../outside.txt")

    with pytest.raises(InvalidInputError, match="is a link out of the folder") as refused:
        read_requirements(tmp_path / "mine", LAMBDA)

    assert "secret" not in str(refused.value)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(b"\xff\xfea\x00")

    with pytest.raises(InvalidInputError, match=r"requirements\.txt cannot be read.*UTF-8"):
        read_requirements(tmp_path, LAMBDA)


def test_credentials_of_an_address_are_not_shown() -> None:
    said = "Looking in indexes: https://me:secret@host/simple, https://token@host/?key=secret now"

    assert "Looking in indexes: https://***@host/simple, https://***@host/?*** now" == redacted(
        said
    )
