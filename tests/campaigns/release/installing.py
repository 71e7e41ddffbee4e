"""A release as others get it: built again from its source archive, and installed by itself."""

import sys
import tarfile
from pathlib import Path

from tests.campaigns.release import bare, contents
from tests.campaigns.release.commands import FOLDER, ROOT, build_wheel, printed, uv

# They need the extra `local`.
_NEED_AN_EXTRA = ("airflow_ddb_migrate.local.emulated_aws.launcher",)


def rebuilt(sdist: Path, wheel: Path) -> list[str]:
    """Return how the wheel that the source archive makes differs from the tree's."""
    with tarfile.open(sdist) as archive:
        archive.extractall(FOLDER / "unpacked", filter="data")
    (source,) = (FOLDER / "unpacked").iterdir()
    again = build_wheel(source, FOLDER / "again")
    return contents.differences(contents.wheel_files(wheel), contents.wheel_files(again))


def imported(wheel: Path) -> list[str]:
    """Return what cannot be imported where the wheel and its dependencies are, and nothing else.

    The lock gives their versions.
    """
    python = FOLDER / "venv" / "bin" / "python"
    uv("venv", "--quiet", "--python", sys.executable, FOLDER / "venv")
    constraint = ("--constraint", ROOT / "requirements.lock")
    uv("pip", "install", "--quiet", "--python", python, *constraint, wheel)
    return printed(python, "-I", bare.__file__, *_NEED_AN_EXTRA, cwd=FOLDER).splitlines()
