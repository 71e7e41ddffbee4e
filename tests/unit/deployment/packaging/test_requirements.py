"""What requirements.txt may hold, and that no message shows a password."""

import os
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
    assert () == read_requirements(tmp_path, LAMBDA).asked
    assert () == read_requirements(written(tmp_path, "# none\n\n--pre\n"), LAMBDA).asked


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

    assert found.asked
    assert has_hashes == found.has_hashes
    assert "requirements.txt" in found.texts


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-e .", "'-e .' is not an option for a Lambda's packages"),
        ("--no-binary=:all:", "is not an option"),
        ("--only-binary=:none:", "is not an option"),
        ("-r ../outside.txt", "'-r ../outside.txt' does not name a file in the folder"),
        ("--requirement=https://host/r.txt", "does not name a file in the folder"),
        ("./wheels/a.whl", "is an address or a path"),
        ("git+https://host/a.git", "is an address or a path"),
        (
            "a @ https://me:secret@host/a.whl?token=secret",
            r"'a @ https://\*\*\*@host/a.whl\?\*\*\*' is",
        ),
        ("a b c", "'a b c' is not a valid requirement"),
        ("--pre -r ../outside.txt", "has more than one option"),
        ("--no-index -e .", "has more than one option"),
        ("--index-url https://host -e .", "has more than one option"),
        ("--index-url", "is not an option"),
        ("-r 'a", "cannot be read: No closing quotation"),
        ("-r ${HOME}/x", "does not name a file in the folder"),
        ("-r /etc/hostname", "does not name a file in the folder"),
        ("-r sub", "does not name a file in the folder"),
        ("-r link.txt", r"^link\.txt is a symbolic link\. It must be a regular file"),
        ("-c sub/pipe.txt", r"^sub/pipe\.txt is a pipe\. It must be a regular file"),
        (
            "a; python_version == '3.12' and platform_machine == 'aarch64'",
            "means something else here than for Python 3.12 on aarch64",
        ),
    ],
)
def test_what_cannot_be_resolved_from_wheels_alone_is_refused(
    tmp_path: Path, line: str, message: str
) -> None:
    """With the line, and without what is secret in it."""
    (tmp_path / "mine" / "sub").mkdir(parents=True)
    (tmp_path / "outside.txt").write_text("a\n")
    (tmp_path / "mine" / "link.txt").symlink_to("requirements.txt")
    os.mkfifo(tmp_path / "mine" / "sub" / "pipe.txt")

    with pytest.raises(InvalidInputError, match=message) as refused:
        read_requirements(written(tmp_path / "mine", f"good==1\n{line}\n"), LAMBDA)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("target", ["../outside.txt", "inside.txt", "nowhere", None])
def test_what_is_no_regular_file_is_refused(tmp_path: Path, target: str | None) -> None:
    """A link, also to a file inside, or a pipe; no message shows a line of another file."""
    (tmp_path / "mine").mkdir()
    for path in (tmp_path / "outside.txt", tmp_path / "mine" / "inside.txt"):
        path.write_text("secret word\n")
    path = tmp_path / "mine" / "requirements.txt"
    path.symlink_to(target) if target else os.mkfifo(path)

    kind = "a symbolic link" if target else "a pipe"
    with pytest.raises(InvalidInputError, match=rf"^requirements\.txt is {kind}\.") as refused:
        read_requirements(tmp_path / "mine", LAMBDA)

    assert "secret" not in str(refused.value)


def test_a_file_without_end_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with written(tmp_path, "").joinpath("requirements.txt").open("wb") as file:
        file.truncate(5 * 1024**3)  # a hole: it takes no room

    with pytest.raises(InvalidInputError, match=r"5,368,709,120 bytes; the limit is 1,000,000"):
        read_requirements(tmp_path, LAMBDA)


def test_pip_reads_what_was_checked(tmp_path: Path) -> None:
    """From a copy: what is changed meanwhile counts for nothing. Folders are found from there."""
    mine, copy = tmp_path / "mine", tmp_path / "copy"
    (mine / "more" / "my wheels").mkdir(parents=True)
    (mine / "more" / "all.txt").write_text(
        "b==1  # two\n--find-links=my\\ wheels\n-c ../pins.txt\n"
    )
    (mine / "pins.txt").write_text("b==1\n")
    found = read_requirements(written(mine, "-r more/all.txt\na==1 \\\n --hash=x\n"), LAMBDA)

    assert "-r more/all.txt\na==1   --hash=x\n" == found.written_to(copy).read_text()
    assert "b==1\n" == (copy / "pins.txt").read_text()
    assert [
        "b==1",
        f"--find-links {mine.as_uri()}/more/my%20wheels",
        "-c ../pins.txt",
    ] == (copy / "more" / "all.txt").read_text().splitlines()


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(b"\xff\xfea\x00")

    with pytest.raises(InvalidInputError, match=r"requirements\.txt cannot be read.*UTF-8"):
        read_requirements(tmp_path, LAMBDA)


def test_credentials_of_an_address_are_not_shown() -> None:
    said = "Looking in indexes: https://me:secret@host/simple, https://token@host/?key=secret now"

    assert "Looking in indexes: https://***@host/simple, https://***@host/?*** now" == redacted(
        said
    )
