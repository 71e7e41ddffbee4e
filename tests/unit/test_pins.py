"""What the Makefile and the tests install is pinned by hash, and no lock names a host."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ("requirements.lock", ".ci/bootstrap.lock", ".ci/tools.lock")
NODE = ("tests/asl", "tests/live")


def pinned(lock: str) -> Iterator[str]:
    """Yield each requirement of a lock with what follows it, on one line."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    return (line for line in text.splitlines() if re.match(r"\w", line))


@pytest.mark.parametrize("lock", PYTHON)
def test_every_package_is_pinned_by_hash(lock: str) -> None:
    requirements = list(pinned(lock))

    assert requirements
    assert [] == [r for r in requirements if not re.match(r"[\w.-]+(\[.+\])?==.+--hash=sha256:", r)]
    assert "://" not in (ROOT / lock).read_text()


@pytest.mark.parametrize("source", [".ci/bootstrap", ".ci/tools"])
def test_a_lock_is_of_its_source(source: str) -> None:
    """`make lock` was run after it changed."""
    wanted = re.findall(r"^[\w.=-]+$", (ROOT / f"{source}.in").read_text(), re.MULTILINE)

    assert wanted
    assert set(wanted) <= {line.split()[0] for line in pinned(f"{source}.lock")}


@pytest.mark.parametrize("folder", NODE)
def test_every_package_of_node_is_pinned_by_hash(folder: str) -> None:
    wanted = json.loads((ROOT / folder / "package.json").read_text())["dependencies"]
    rows = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]

    assert wanted == rows.pop("")["dependencies"]
    assert [] == [n for n, row in rows.items() if not row["integrity"].startswith("sha512-")]
    assert [] == [name for name, row in rows.items() if "resolved" in row]


@pytest.mark.parametrize("path", ["Makefile", ".ci/run"])
def test_python_tools_are_installed_by_hash_alone(path: str) -> None:
    """Our own package has none: it is made here."""
    lines = (ROOT / path).read_text().splitlines()
    installs = [
        line for line in lines if re.search(r"pip (install|sync)|uvx|tool (run|install)", line)
    ]

    assert [] == [
        line for line in installs if "--require-hashes" not in line and "--editable ." not in line
    ]
