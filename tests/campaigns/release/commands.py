"""Where a release is made, and the commands that make it and look at it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.campaigns.pinned_tools import ToolsError, pinned_tool

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / ".release"
_UV = Path(sys.executable).with_name("uv")


class CommandError(Exception):
    """A command failed; the message is what it printed."""


def printed(*command: object, cwd: Path = ROOT) -> str:
    """Return what a command printed.

    :raises CommandError: it failed.
    """
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | {"NO_COLOR": "1", "AIRFLOW_HOME": str(FOLDER / "airflow")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"{done.stdout}{done.stderr}".strip())
    return done.stdout


def uv(*arguments: object) -> str:
    return printed(_UV, *arguments)


def run_tool(tool: str, *arguments: object) -> list[str]:
    """Run a tool that is pinned by hash; what it says is a doubt when it fails."""
    try:
        printed(pinned_tool(tool), *arguments)
    except ToolsError as error:
        raise CommandError(str(error)) from error
    return []


def build_sdist(source: Path, folder: Path) -> Path:
    return _build("sdist", source, folder)


def build_wheel(source: Path, folder: Path) -> Path:
    return _build("wheel", source, folder)


def _build(target: str, source: Path, folder: Path) -> Path:
    build = ("-m", "hatchling", "build", "--target", target, "--directory", folder)
    printed(sys.executable, *build, cwd=source)
    (made,) = folder.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return made
