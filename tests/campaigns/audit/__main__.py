"""Ask an advisory database about every package that is pinned; ``make audit``.

Ends with 0 if none has a known vulnerability, with 1 if one has. Where no database could be asked
it says so, and ends with 0, which is no answer; with 1 if REQUIRE_AUDIT=1.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.campaigns.audit.answers import Answer, answer_of, in_words, knows
from tests.campaigns.pinned_tools import LOCK, ROOT, ToolsError, pinned_tool

LOCKS = (ROOT / "requirements.lock", LOCK, ROOT / ".ci" / "bootstrap.lock")
SERVICES = ("pypi", "osv")
# A package with advisories. A database that has none of it is none: a mirror of packages answers
# "not found" for all of them, of which pip-audit says "no known vulnerabilities found".
CANARY = "urllib3==1.24.1"
_SECONDS = 600


def main() -> int:
    try:
        tool = pinned_tool("pip-audit")
    except ToolsError as error:
        if "hash" in str(error).lower():
            print(f"audit: FAILED. pip-audit is not what {LOCK.name} pins: {error}")
            return 1
        return _unanswered(f"pip-audit cannot be installed: {error}")
    unreached = []
    for service in SERVICES:
        problem = _problem_of(tool, service)
        if not problem:
            answers = [_asked(tool, service, "--require-hashes", "-r", lock) for lock in LOCKS]
            print(in_words(answers, service))
            return int(any(answer.found or answer.problem for answer in answers))
        unreached.append(f"{service}: {problem}")
    return _unanswered("; ".join(unreached))


def _unanswered(why: str) -> int:
    print(in_words([], why))
    return int(os.environ.get("REQUIRE_AUDIT") == "1")


def _problem_of(tool: Path, service: str) -> str:
    """Say why a service is no advisory database here; empty when it is one."""
    with tempfile.TemporaryDirectory() as folder:
        canary = Path(folder) / "canary.txt"
        canary.write_text(CANARY)
        return knows(_asked(tool, service, "--no-deps", "-r", canary), CANARY)


def _asked(tool: Path, service: str, *arguments: object) -> Answer:
    options = ("--disable-pip", "--format=json", "--progress-spinner=off", "--timeout=10")
    command = [tool, "--vulnerability-service", service, *options, *arguments]
    try:
        done = subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Answer(problem=f"no answer within {_SECONDS} s")
    return answer_of(done.returncode, done.stdout, done.stderr)


if __name__ == "__main__":
    sys.exit(main())
