"""Packages from a folder of tiny wheels: what ships of them, the same each time, and what fails."""

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.deployment.packaging import packages
from airflow_ddb_migrate.deployment.packaging.packages import Packages, resolve_packages
from airflow_ddb_migrate.deployment.packaging.requirements import read_requirements
from airflow_ddb_migrate.deployment.packaging.runtime import Runtime, this_runtime
from tests.support.wheels import make_wheel

LAMBDA = Runtime("3.12", "aarch64", 34)

pytestmark = pytest.mark.skipif(find_spec("pip") is None, reason="pip is not installed")


@pytest.fixture
def resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Packages]:
    """A function that resolves lines from the folder ``wheels``; no index is asked."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    (tmp_path / "wheels").mkdir()

    def resolve_lines(*lines: str, runtime: Runtime = LAMBDA) -> Packages:
        (tmp_path / "requirements.txt").write_text("\n".join(lines))
        requirements = read_requirements(tmp_path, runtime)
        return resolve_packages(requirements, runtime)

    return resolve_lines


@pytest.mark.story
def test_a_package_and_what_it_needs_lie_at_the_root(
    resolved: Callable[..., Packages], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With their metadata, but without what an installer writes of itself and this machine."""
    files = {
        "money/__init__.py": "",
        "money/rates.json": "{}",
        "money-1.0.data/scripts/rates": "#!python",
    }
    make_wheel(tmp_path / "wheels", "money", needs=("words>=2",), files=files)
    make_wheel(tmp_path / "wheels", "words", "2.5")

    for name in ("PIP_USER", "PIP_NO_BINARY", "PIP_PREFIX", "PIP_TARGET", "PIP_DRY_RUN"):
        monkeypatch.setenv(name, ":all:" if "BINARY" in name else "1")

    found = resolved("money")

    assert [
        "money-1.0.dist-info/METADATA",
        "money-1.0.dist-info/WHEEL",
        "money/__init__.py",
        "money/rates.json",
        "words-2.5.dist-info/METADATA",
        "words-2.5.dist-info/WHEEL",
        "words.py",
    ] == sorted(found.files)
    assert ("money==1.0", "words==2.5") == found.pins
    assert ("Packages for Python 3.12 on aarch64: money==1.0, words==2.5",) == found.notes(LAMBDA)
    assert {"money", "words"} == found.sizes.keys()
    assert found == resolved("money")


def test_wheels_are_for_lambda_not_for_this_machine(
    resolved: Callable[..., Packages], tmp_path: Path
) -> None:
    """The newest that Lambda's system can load."""
    for tag in (
        "cp312-cp312-manylinux_2_28_aarch64",
        "cp312-cp312-manylinux2014_x86_64",
        "cp311-cp311-manylinux2014_aarch64",
        "cp312-cp312-manylinux_2_39_aarch64",
    ):
        make_wheel(tmp_path / "wheels", "fast", tag=tag, files={"fast.cpython.so": tag})

    found = resolved("fast")

    assert b"cp312-cp312-manylinux_2_28_aarch64" == found.files["fast.cpython.so"]
    assert found.is_compiled


def test_lambda_s_own_boto3_stays(resolved: Callable[..., Packages], tmp_path: Path) -> None:
    """The engine is made for the runtime's; that it is not shipped is said."""
    make_wheel(tmp_path / "wheels", "boto3", "1.0")
    make_wheel(tmp_path / "wheels", "tool", needs=("boto3",))

    found = resolved("tool")

    assert [] == [name for name in found.files if "boto3" in name]
    packages_line, left = found.notes(LAMBDA)
    assert packages_line.endswith(": tool==1.0")
    assert "Not shipped: boto3. Lambda's runtime has its own." == left


@pytest.mark.story
@pytest.mark.parametrize("name", ["transforms", "ddb_transform", "airflow_ddb_migrate"])
def test_a_package_of_our_name_is_refused(
    resolved: Callable[..., Packages], tmp_path: Path, name: str
) -> None:
    """It would take the place of the engine."""
    make_wheel(tmp_path / "wheels", "evil", files={f"{name}/__init__.py": ""})

    with pytest.raises(InvalidInputError, match=f"installs '{name}', which the zip already has"):
        resolved("evil")


@pytest.mark.story
def test_what_this_machine_does_not_need_but_lambda_does_is_named(
    resolved: Callable[..., Packages], tmp_path: Path
) -> None:
    """pip asks the machine that it runs on."""
    there = Runtime("3.99", "aarch64", 34)
    make_wheel(tmp_path / "wheels", "tool", needs=('words; python_version == "3.99"',))

    with pytest.raises(InvalidInputError, match=r"tool needs words.* for Python 3\.99.*Add words"):
        resolved("tool", runtime=there)


def test_what_only_an_older_pip_could_read_is_no_need() -> None:
    assert ["a"] == [found.name for found in packages._readable(("a", "b (>1.*)", "c d"))]


def test_hashes_are_compared(resolved: Callable[..., Packages], tmp_path: Path) -> None:
    """By pip itself."""
    make_wheel(tmp_path / "wheels", "tool")

    with pytest.raises(InvalidInputError, match="DO NOT MATCH THE HASHES"):
        resolved("tool==1.0 --hash=sha256:" + 64 * "0")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["nothing"],
            r"satisfies the requirement nothing.*It needs a wheel for Python 3",
        ),
        (["tool==9"], r"requirement tool==9 \(from versions: 1\.0\)\. It needs a wheel"),
        (["source"], r"requirement source .*a version with only a source distribution"),
        (["tool==1.0", "other"], r"Cannot install.*conflicting dependencies\. Correct it"),
    ],
    ids=["no-such-package", "no-such-version", "source-only", "conflict"],
)
def test_what_pip_cannot_resolve_is_told_in_its_words(
    resolved: Callable[..., Packages], tmp_path: Path, lines: list[str], message: str
) -> None:
    """One sentence of its many lines, and what to do."""
    make_wheel(tmp_path / "wheels", "tool")
    make_wheel(tmp_path / "wheels", "other", needs=("tool>1",))
    (tmp_path / "wheels" / "source-1.0.tar.gz").write_bytes(b"")

    with pytest.raises(InvalidInputError, match=message) as refused:
        resolved(*lines)

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (
            "Using CPython\nerror: No solution found\n  cause: Because a has no usable wheels\n",
            "Because a has no usable wheels. It needs a wheel",
        ),
        (
            "  \u00d7 No solution found:\n  \u2570\u2500\u25b6 Because b was not found in it.\n",
            "Because b was not found in it. Correct it",
        ),
        (
            "error: Failed to fetch: http://x\n  cause: refused",
            "Failed to fetch: http://x. The pack",
        ),
        ("ERROR: Exception:\nTraceback:\n  File x\nOSError: disk full\n", "OSError: disk full. C"),
        (
            "ERROR: a (from versions: 1, 2, 3, 4, 5, 6)",
            "a (from versions: ... 2, 3, 4, 5, 6). It needs",
        ),
        ("", "nothing. Correct it"),
    ],
    ids=["uv", "older-uv", "uv-unreached", "crash", "many-versions", "silent"],
)
def test_the_telling_line_of_many_is_found(output: str, message: str) -> None:
    """Of pip's and uv's words."""
    assert packages._why(output, LAMBDA).startswith(
        f"requirements.txt cannot be resolved: {message}"
    )


def test_an_index_that_is_not_reached_is_told_so_without_its_password(
    resolved: Callable[..., Packages], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not as a package that does not exist."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_INDEX_URL", "http://me:secret@127.0.0.1:9/simple")

    with pytest.raises(InvalidInputError, match="index could not be reached") as refused:
        resolved("nothing")

    assert "secret" not in str(refused.value)


def test_an_installer_that_hangs_is_ended(
    resolved: Callable[..., Packages], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "_SECONDS", 0.01)

    with pytest.raises(InvalidInputError, match=r"took over 0 s"):
        resolved("tool")


def test_too_large_a_package_is_refused_by_name(
    resolved: Callable[..., Packages], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is uploaded."""
    make_wheel(tmp_path / "wheels", "big", files={"big.bin": "x" * 300_000})
    monkeypatch.setattr(
        "airflow_ddb_migrate.deployment.packaging.user_files.LAMBDA_UNZIPPED_BYTES", 200_000
    )

    with pytest.raises(
        InvalidInputError, match=r"Lambda allows 200,000\. The largest parts: big 300,"
    ):
        resolved("big")


def _without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda _: None)


def test_without_pip_uv_is_asked_for_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A virtual environment of uv's has no pip."""
    _without_pip(monkeypatch)
    monkeypatch.setattr(packages.shutil, "which", lambda *_, **__: "/bin/uv")

    theirs, here = (packages._tool(tmp_path, each) for each in (LAMBDA, this_runtime()))

    assert ["--python-version", "3.12", "--python-platform", "aarch64-manylinux_2_34"] == theirs[
        -4:
    ]
    assert (["/bin/uv", "pip", "install", "--python", sys.executable], False) == (
        here[:5],
        "--python-platform" in here,
    )


def test_without_pip_and_uv_it_says_how_to_get_one(
    resolved: Callable[..., Packages], monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_pip(monkeypatch)
    monkeypatch.setattr(packages.shutil, "which", lambda *_, **__: None)

    with pytest.raises(InvalidInputError, match=r"needs pip or uv.*python -m ensurepip"):
        resolved("tool")
