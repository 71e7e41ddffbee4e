"""Where the environments are kept, and how commands are run in them."""

import os
import subprocess
from pathlib import Path

from tests.campaigns.release.commands import ROOT, CommandError

FOLDER = ROOT / ".matrix"
_FOREIGN = ("AIRFLOW", "_AIRFLOW", "AWS_", "PYTHON", "PYTEST", "VIRTUAL_ENV")


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a process of another Airflow: nothing of this one's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return kept | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "NO_COLOR": "1",
    }


def told(*command: object, home: Path) -> str:
    """Return what a command says on standard output.

    :raises CommandError: it failed; with what it said.
    """
    home.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [str(part) for part in command],
        cwd=home,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError((done.stderr or done.stdout).strip())
    return done.stdout
