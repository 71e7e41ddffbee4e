"""What of a user's folder is deployed, what is left out, and what is refused."""

import os
import shutil
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
    "pip.conf",
    "x/pip.ini",
    "netrc",
    ".pypirc",
    "npmrc",
]


def test_secrets_stay_behind_each_told_by_name(folder: Path) -> None:
    """However many: a person has to see that a transform goes without them."""
    write(folder, **dict.fromkeys(SECRETS, "secret"), **{f"{i}.p12": "" for i in range(20)})

    shipped, left = read_folder(folder).notes

    assert "Shipped: mine.py (46 bytes)" == shipped
    assert [] == [name for name in [*SECRETS, "19.p12"] if name not in left]


def test_keys_in_a_shipped_text_are_warned_of_and_never_shown(folder: Path) -> None:
    """By file and line, for a person to remove; what only resembles one is not named."""
    key, secret = "AKIA" + "Q" * 16, "w" * 39 + "/"
    write(
        folder,
        **{
            "a.json": f'{{\n"id": "{key}"}}',
            "b.ini": f"[default]\naws_secret_access_key = {secret}\n",
            "c.txt": "-----BEGIN RSA PRIVATE KEY-----",
            "d.txt": f"X{key} {key}X AKIA secret_key = {'w' * 41}",
        },
    )

    notes = read_folder(folder).notes

    assert ["a.json, line 2", "b.ini, line 2", "c.txt, line 1"] == [
        note.removeprefix("Warning: ").partition(" looks like ")[0] for note in notes[1:]
    ]
    assert not [note for note in notes if key in note or secret in note]


@pytest.mark.parametrize(
    ("url", "is_told"),
    [
        ("https://tok:S3cr3tValue@host/simple", True),
        ("postgresql://app:pa$$word@db:5432/x", True),
        ("redis://:S3cr3tValue@host", True),
        ("https://host:8443/a@b", False),
        ("ssh://git@host/a.git", False),
        ("https://{user}:{password}@host", False),
        ("https://u:${PASSWORD}@host", False),
        ("https://u:$PASSWORD@host", False),
        ("https://u:<password>@host", False),
        ("https://%s:%s@host", False),
        ("https://u:***@host", False),
        ("https://[::1]:80/ ann@host", False),
        (r"https?://[^:]+:[^@]+@", False),
    ],
)
def test_a_password_in_an_address_is_warned_of(folder: Path, url: str, *, is_told: bool) -> None:
    """In whatever file; a place that is filled later is none."""
    notes = read_folder(write(folder, **{"a.txt": f'\n--index-url "{url}"'})).notes

    told = [note for note in notes if "a.txt, line 2 looks like a password in a URL" in note]
    assert is_told == bool(told)
    assert "S3cr3tValue" not in "".join(notes)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(path.parent)  # a socket's whole path may be too long
        one.bind(path.name)
        os.chdir(here)


@pytest.mark.parametrize("name", ["odd", "odd.py", "sub/odd", "requirements.txt", "a.whl"])
@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda path: path.symlink_to("/etc/hostname"), "a symbolic link"),
        (lambda path: path.symlink_to("/etc"), "a symbolic link"),
        (lambda path: path.symlink_to("nowhere"), "a symbolic link"),
        (lambda path: path.symlink_to("."), "a symbolic link"),
        (lambda path: path.symlink_to(path.name), "a symbolic link"),
        (lambda path: path.symlink_to(path.parents[1] / "mine" / "mine.py"), "a symbolic link"),
        (os.mkfifo, "a pipe"),
        (_socket, "a socket"),
    ],
    ids=["outside", "folder-outside", "nowhere", "loop", "itself", "inside", "pipe", "socket"],
)
def test_what_is_no_regular_file_is_refused(
    folder: Path, make: Callable[[Path], None], kind: str, name: str
) -> None:
    """A sentence with its name, before anything is read, and without waiting for a pipe."""
    (folder / "sub").mkdir()
    make(folder / name)

    with pytest.raises(
        InvalidInputError, match=f"'{name}' is {kind}, but only regular files are dep"
    ):
        read_folder(folder)


@pytest.mark.parametrize("name", [".env", "server.key", ".#mine.py", "test_a.py"])
def test_a_link_that_would_be_left_out_is_left_out(folder: Path, name: str) -> None:
    """It is not followed; editors leave links to nothing."""
    (folder / name).symlink_to("nowhere")

    read = read_folder(folder)

    assert [(name,)] == list(read.left_out.values())
    assert ["transforms/mine.py"] == list(read.files)


def test_a_hard_link_is_a_regular_file_and_the_folder_may_be_a_link(
    folder: Path, tmp_path: Path
) -> None:
    """A person names the folder; nothing in it names another one."""
    os.link(folder / "mine.py", folder / "other.py")
    (tmp_path / "current").symlink_to(folder)

    assert ("mine", "other") == read_folder(tmp_path / "current").transforms


@pytest.mark.parametrize("name", ["x.py", "sub/x.py", "x.so", "x.pyc"])
def test_a_folder_that_looks_like_a_module_is_refused(folder: Path, name: str) -> None:
    """Python would not import it, and a person would think so."""
    (folder / name).mkdir(parents=True)

    with pytest.raises(InvalidInputError, match=f"'{name}' is a folder with the name of a Python"):
        read_folder(folder)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Mine.py", "mine.py"), ("data/a", "Data/b"), ("caf\u00e9", "cafe\u0301"), ("a/B", "a/b")],
)
def test_names_that_differ_by_case_alone_are_refused(folder: Path, one: str, other: str) -> None:
    """On other systems they are one file, and the zip another one."""
    write(folder, **{one: IDENTITY, other: IDENTITY})

    with pytest.raises(InvalidInputError, match="are the same name on systems that ignore case"):
        read_folder(folder)


def test_a_folder_that_never_ends_is_refused(folder: Path) -> None:
    (folder / "/".join("d" * 40)).mkdir(parents=True)

    with pytest.raises(InvalidInputError, match="is more than 32 folders deep"):
        read_folder(folder)


def _replaced(path: Path) -> None:
    path.rename(path.with_name("away.txt"))
    path.write_text("x" * 4)


def _linked(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def _piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _parent_linked(path: Path) -> None:
    shutil.move(path.parent, path.parents[2] / "away")
    path.parent.symlink_to(path.parents[2] / "away")


@pytest.mark.parametrize(
    "change",
    [
        _replaced,
        _linked,
        _piped,
        _parent_linked,
        Path.unlink,
        lambda path: path.write_text("other"),
        lambda path: path.write_text("text and more"),
    ],
    ids=["replaced", "link", "pipe", "parent-link", "gone", "rewritten", "longer"],
)
def test_a_file_that_changes_between_look_and_read_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object]
) -> None:
    """What was looked at is what ships, or nothing is."""
    write(folder, **{"sub/data.txt": "text"})

    def changed_then(sizes: object) -> None:
        change(folder / "sub" / "data.txt")

    monkeypatch.setattr(user_files, "require_size", changed_then)

    with pytest.raises(InvalidInputError, match=r"'sub/data\.txt' changed while it was read"):
        read_folder(folder)


@pytest.mark.parametrize("name", [b"\xff\xfe.txt", b"two\nlines.txt"])
def test_a_name_that_cannot_be_shown_is_refused(folder: Path, name: bytes) -> None:
    """Bytes that are no UTF-8 have no name in a zip."""
    (folder / os.fsdecode(name)).write_text("")

    with pytest.raises(InvalidInputError, match="Rename it") as refused:
        read_folder(folder)

    assert str(refused.value).isprintable()


@pytest.mark.parametrize("name", ["sub", "sub/data.txt"])
def test_what_cannot_be_read_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write(folder, **{"sub/data.txt": "text"})
    opened = os.open

    def denied(path: str, flags: int, *, dir_fd: int | None = None) -> int:
        if path == Path(name).name:
            raise PermissionError(13, "Permission denied", path)
        return opened(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", denied)

    with pytest.raises(InvalidInputError, match=f"'{name}' cannot be read: Permission denied"):
        read_folder(folder)


def test_too_many_files_are_refused_as_soon_as_they_are_seen(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home folder, or `/`: the walk ends at the limit."""
    write(folder, **{f"{i}.txt": "" for i in range(20)})
    monkeypatch.setattr(user_files, "TRANSFORM_FILES", 10)

    with pytest.raises(InvalidInputError, match="has more than 10 files and folders"):
        read_folder(folder)


def test_gigabytes_are_refused_before_they_are_read(folder: Path) -> None:
    """The largest are named, with the limit."""
    with (folder / "dump.bin").open("wb") as file:
        file.truncate(5 * 1024**3)  # a hole: it takes no room

    with pytest.raises(
        InvalidInputError, match=r"5,368,709,166 bytes unzipped; Lambda allows 262,144,000"
    ):
        read_folder(folder)


def test_the_largest_three_are_named() -> None:
    with pytest.raises(
        InvalidInputError, match=r"largest parts: b 200,000,000, d 90,000,000, c 2\. R"
    ):
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
        InvalidInputError, match=r"'add-name\.py', which is not a valid name of a Python mod"
    ):
        read_folder(write(folder, **{"add-name.py": IDENTITY}))
