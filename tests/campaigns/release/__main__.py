"""Build what would be released, and doubt it; ``make release-check``. Ends with 1 on a doubt."""

import shutil
import sys
from collections.abc import Callable

from tests.campaigns.release import contents, installing
from tests.campaigns.release.commands import (
    FOLDER,
    ROOT,
    CommandError,
    build_sdist,
    build_wheel,
    printed,
    run_tool,
)


def main() -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    sdist = build_sdist(ROOT, FOLDER / "dist")
    wheel = build_wheel(ROOT, FOLDER / "dist")
    names = contents.names_in_sdist(sdist)
    tracked = set(printed("git", "ls-files").splitlines())
    print(
        f"{sdist.name}, {len(names)} files\n{wheel.name}, {len(contents.wheel_files(wheel))} files"
    )

    checks: dict[str, Callable[[], list[str]]] = {
        "the index takes the metadata and the description": lambda: run_tool(
            "twine", "check", "--strict", sdist, wheel
        ),
        "the wheel's contents are in order": lambda: run_tool("check-wheel-contents", wheel),
        "the source archive holds what git has, and no litter": lambda: (
            contents.strays(names, tracked) + contents.litter(names)
        ),
        "the source archive makes the same wheel": lambda: installing.rebuilt(sdist, wheel),
        "every module imports without extras": lambda: installing.imported(wheel),
    }
    return int(sum(_doubts(what, check) for what, check in checks.items()) > 0)


def _doubts(what: str, check: Callable[[], list[str]]) -> int:
    """Say how a check ended; return how much it found."""
    try:
        found = check()
    except CommandError as error:
        found = [str(error)]
    print(f"{'FAILED' if found else 'ok':6} {what}", *found, sep="\n       ", flush=True)
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
