"""Tools that run beside the project: ``.ci/tools.lock`` pins them by hash, ``.tools`` has them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = ROOT / ".ci" / "tools.lock"
FOLDER = ROOT / ".tools"
_UV = Path(sys.executable).with_name("uv")


class ToolsError(Exception):
    """The tools cannot be installed; the message is what uv said."""


def pinned_tool(name: str) -> Path:
    """Return the path of a tool, installed if it is not there as the lock has it.

    :raises ToolsError: it cannot be installed.
    """
    python = FOLDER / "bin" / "python"
    if not python.exists():
        _uv("venv", "--quiet", "--clear", "--python", sys.executable, FOLDER)
    _uv("pip", "sync", "--quiet", "--require-hashes", "--python", python, LOCK)
    return FOLDER / "bin" / name


def _uv(*arguments: object) -> None:
    command = [str(part) for part in (_UV, *arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolsError(done.stderr.strip())
