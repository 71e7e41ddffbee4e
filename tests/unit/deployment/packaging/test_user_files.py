"""What of a user's folder is deployed, what is left out, and what is refused."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.deployment.packaging import user_files
from airflow_ddb_migrate.deployment.packaging.user_files import read_folder, require_size

IDENTITY = "def transform(item, context):\n    return item\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "mine", **{"mine.py": IDENTITY})


def write(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def test_everything_ships_under_transforms(folder: Path) -> None:
    """Data, packages, helpers under any name: nothing there can take the place of ours."""
    names = ["lookup.json", "money/__init__.py", "money/data/rates.csv", "helper.py", "_own.py"]
    names += ["ddb_transform/handler.py", "a b.txt", "README"]
    write(folder, **dict.fromkeys(names, "x = 1"))

    read = read_folder(folder)

    assert {"transforms/mine.py", *(f"transforms/{name}" for name in names)} == read.files.keys()
    assert (b"x = 1", ("mine",)) == (read.files["transforms/money/data/rates.csv"], read.transforms)


def test_tests_caches_and_hidden_files_stay_behind(folder: Path) -> None:
    """At any depth; none of it is needed by a transform."""
    left = {
        "tests": ["test_mine.py", "mine_test.py", "conftest.py", "a/tests/x.json"],
        "caches": [
            "__pycache__/mine.cpython-312.pyc",
            "a/b.pyc",
            ".ruff_cache/x",
            "venv/pyvenv.cfg",
        ],
        "hidden": [".git/config", ".DS_Store", "a/.idea/x"],
        "packages": ["requirements.txt", "wheels/a-1-py3-none-any.whl"],
        "replaced by ours": ["__init__.py"],
    }
    write(folder, **{name: "" for names in left.values() for name in names})

    read = read_folder(folder)

    assert {"transforms/mine.py"} == read.files.keys()
    assert left.keys() == read.left_out.keys()
    assert (".DS_Store", ".git", "a/.idea") == read.left_out["hidden"]
    assert "caches (.ruff_cache, __pycache__, a/b.pyc, venv)" in read.notes[1]


SECRETS = [
    "prod.pem",
    "x/server.KEY",
    "id_rsa",
    "id_ed25519.pub",
    "credentials",
    ".env",
    ".env.prod",
]


def test_secrets_stay_behind_each_told_by_name(folder: Path) -> None:
    """However many: a person has to see that a transform goes without them."""
    write(folder, **dict.fromkeys(SECRETS, "secret"), **{f"{i}.p12": "" for i in range(20)})

    shipped, left = read_folder(folder).notes

    assert "Shipped: mine.py (46 bytes)" == shipped
    assert [] == [name for name in [*SECRETS, "19.p12"] if name not in left]


def test_a_link_does_not_hide_a_secret(folder: Path) -> None:
    """Its target's name counts, too."""
    write(folder, **{".env": "TOKEN=x"})
    (folder / "settings.txt").symlink_to(".env")

    assert (".env", "settings.txt") == read_folder(folder).left_out["secrets"]


def test_a_link_to_a_file_inside_ships_as_a_copy(folder: Path) -> None:
    """So a mounted ConfigMap works, whose files are links into a hidden folder."""
    write(folder, **{"..data/lookup.json": "{}"})
    (folder / "lookup.json").symlink_to("..data/lookup.json")

    files = read_folder(folder).files

    assert {"transforms/mine.py", "transforms/lookup.json"} == files.keys()
    assert b"{}" == files["transforms/lookup.json"]


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(path.parent)  # a socket's whole path may be too long
        one.bind(path.name)
        os.chdir(here)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.symlink_to("/etc/hostname"), "is a link out of the folder"),
        (lambda path: path.symlink_to("/etc"), "is a link out of the folder"),
        (lambda path: path.symlink_to("nowhere"), "is a link to a folder or to nothing"),
        (lambda path: path.symlink_to("."), "is a link to a folder or to nothing"),
        (lambda path: path.symlink_to(path.name), "is a link to a folder or to nothing"),
        (os.mkfifo, "is no regular file"),
        (_socket, "is no regular file"),
    ],
    ids=["outside", "folder-outside", "nowhere", "loop", "itself", "pipe", "socket"],
)
def test_what_is_no_regular_file_of_the_folder_is_refused(
    folder: Path, make: Callable[[Path], None], message: str
) -> None:
    """A sentence with its name, before anything is read."""
    make(folder / "odd")

    with pytest.raises(InvalidInputError, match=f"'odd' {message}"):
        read_folder(folder)


@pytest.mark.parametrize("name", [b"\xff\xfe.txt", b"two\nlines.txt"])
def test_a_name_that_cannot_be_shown_is_refused(folder: Path, name: bytes) -> None:
    """Bytes that are no UTF-8 have no name in a zip."""
    (folder / os.fsdecode(name)).write_text("")

    with pytest.raises(InvalidInputError, match="Rename it") as refused:
        read_folder(folder)

    assert str(refused.value).isprintable()


@pytest.mark.parametrize("method", ["read_bytes", "stat"])
def test_what_cannot_be_read_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def denied(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(user_files, "_walk", lambda root: ({"mine.py": root / "mine.py"}, {}))
    monkeypatch.setattr(Path, "is_dir", lambda _: True)
    monkeypatch.setattr(Path, method, denied)

    with pytest.raises(InvalidInputError, match=r"mine\.py' cannot be read: Permission denied"):
        read_folder(folder)


def test_a_folder_that_cannot_be_listed_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(user_files.os, "scandir", denied)

    with pytest.raises(InvalidInputError, match="cannot be read: Permission denied"):
        read_folder(folder)


def test_too_many_files_are_refused_as_soon_as_they_are_seen(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home folder, or `/`: the walk ends at the limit."""
    write(folder, **{f"{i}.txt": "" for i in range(20)})
    monkeypatch.setattr(user_files, "TRANSFORM_FILES", 10)

    with pytest.raises(InvalidInputError, match="holds more than 10 files and folders"):
        read_folder(folder)


def test_gigabytes_are_refused_before_they_are_read(folder: Path) -> None:
    """The largest are named, with the limit."""
    with (folder / "dump.bin").open("wb") as file:
        file.truncate(5 * 1024**3)  # a hole: it takes no room

    with pytest.raises(InvalidInputError, match=r"5,368,709,166 bytes; Lambda takes 262,144,000"):
        read_folder(folder)


def test_the_largest_three_are_named() -> None:
    with pytest.raises(InvalidInputError, match=r"largest: b 200,000,000, d 90,000,000, c 2\. R"):
        require_size({"a": 1, "b": 200_000_000, "c": 2, "d": 90_000_000})


@pytest.mark.parametrize(
    ("source", "is_transform"),
    [
        ("async def transform(): ...", True),
        ("transform = 1", True),
        ("if 1:\n  from a import b as transform\nelse:\n  transform = None", True),
        ("import transform", True),
        ("def (", True),
        ("x = 1", False),
        ("def f():\n  def transform(): ...", False),
        ("class A:\n  def transform(self): ...", False),
        ("from a import transform as b; b.transform; print(transform)", False),
    ],
)
def test_a_transform_is_told_from_a_helper_by_what_it_defines(
    folder: Path, source: str, is_transform: bool
) -> None:
    """Without running it. A broken file counts: the import check says where it is broken."""
    read = read_folder(write(folder, **{"other.py": source, "_hidden.py": IDENTITY}))

    assert (("mine", "other") if is_transform else ("mine",)) == read.transforms


def test_a_helper_may_have_any_name(folder: Path) -> None:
    """A name that is no Python identifier keeps a transform alone from being found."""
    read_folder(write(folder, **{"load-rates.py": "x = 1", "2fa.py": "def ("}))

    with pytest.raises(
        InvalidInputError, match=r"'add-name\.py', which is no name of a Python mod"
    ):
        read_folder(write(folder, **{"add-name.py": IDENTITY}))
