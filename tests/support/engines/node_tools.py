"""Tools of node that tests use: installed by hash beside their package.json on first use.

Without node the tests are skipped, unless REQUIRE_NODE=1.
"""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest


def commands_of(folder: Path, command: str) -> Path:
    """Return the folder of the commands of a folder's package.json, ``command`` among them."""
    modules = folder / "node_modules"
    done = modules / ".made-from.json"  # an installation that was killed has none
    lock = folder / "package-lock.json"
    with (folder / "package.json").open() as package:
        fcntl.flock(package, fcntl.LOCK_EX)  # two test processes may need it at once
        wanted = package.read() + lock.read_text()
        if not done.exists() or done.read_text() != wanted:
            shutil.rmtree(modules, ignore_errors=True)
            _install(folder)
            done.write_text(wanted)
    commands = modules / ".bin"
    assert (commands / command).exists()
    return commands


def require_node() -> None:
    """Skip a test that needs no more than node itself."""
    if shutil.which("node") is None:
        _give_up("node is not installed")


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        _give_up("npm is not installed")
    answer = subprocess.run(
        [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        _give_up(f"npm ci failed: {answer.stderr.strip()[-500:]}")


def _give_up(reason: str) -> None:
    if os.environ.get("REQUIRE_NODE") == "1":
        pytest.fail(f"REQUIRE_NODE=1, but {reason}")
    pytest.skip(reason)
