"""What is tried with each botocore on each Python of Lambda."""

import subprocess
from datetime import UTC, datetime
from importlib.metadata import requires, version
from xml.etree import ElementTree as ET

from packaging.requirements import Requirement
from tests.campaigns.botocore import inside
from tests.campaigns.matrix import pythons
from tests.campaigns.matrix.commands import environment, told
from tests.campaigns.matrix.environments import Environment
from tests.campaigns.matrix.rows import prepared
from tests.campaigns.matrix.table import Row
from tests.campaigns.release.commands import ROOT

NEWEST = "newest"
# The first emits no `before-parse`, the second knows no reasons for throttling, the third does.
BOTOCORES = ("1.34.145", "1.37.*", "1.40.10", NEWEST)
RUNTIMES = tuple((python, one) for python in ("3.12", "3.13") for one in BOTOCORES)
QUICK = (BOTOCORES[0], NEWEST)
HEADS = ("botocore", "Python")
COLUMNS = ("resolve", "install", "is", "shortcuts", "tests")

_PACKAGE = "airflow-ddb-migrate"
TESTS = ("hypothesis", "pytest", "pytest-timeout", "pytest-xdist")
_ALL = ("tests/unit/lambda_",)
_WRONG = ("failure", "error")
_FEW = tuple(f"tests/unit/lambda_/test_{name}.py" for name in ("botocore_shortcuts", "failures"))


def tried(python: str, botocore: str, *, is_quick: bool) -> Row:
    """Try one botocore; the environment is kept, that of the newest one for a day."""
    row = Row((botocore, python))
    interpreter = pythons.find(python)
    if interpreter is None:
        row.skipped = f"no Python {python} found"
        return row
    env = Environment(
        f"botocore-{botocore.replace('*', 'x')}-{python}",
        interpreter,
        tuple(wanted_for(botocore)),
        ("--exclude-newer", datetime.now(UTC).date().isoformat()) if botocore == NEWEST else (),
    )
    if prepared(row, env):
        row.cells.update(_found(env))
        _test(row, env, _FEW if is_quick else _ALL)
    return row


def wanted_for(botocore: str) -> list[str]:
    """Return this botocore, and what the tests need, as far as it is ours to say."""
    ours = {one.name: one for one in map(Requirement, requires(_PACKAGE) or ())}
    pins = [f"botocore{'' if botocore == NEWEST else f'=={botocore}'}", "boto3", "packaging"]
    return [*pins, f"moto[dynamodb]=={version('moto')}", *(_plain(ours[name]) for name in TESTS)]


def _plain(requirement: Requirement) -> str:
    return f"{requirement.name}{requirement.specifier}"


def _found(env: Environment) -> dict[str, str]:
    botocore, shortcuts = told(env.python, inside.__file__, ROOT, home=env.home).splitlines()
    return {"is": botocore, "shortcuts": shortcuts}


def _test(row: Row, env: Environment, tests: tuple[str, ...]) -> None:
    report = env.folder / "tests.xml"
    report.unlink(missing_ok=True)
    options = ("-q", "-n", "2", "-p", "no:cacheprovider", f"--junitxml={report}")
    done = subprocess.run(
        [env.python, "-m", "pytest", *options, f"--basetemp={env.folder / 'tmp'}", *tests],
        cwd=ROOT,
        env=environment(env.home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if not report.exists():
        row.failed("tests", [done.stdout.strip()[-500:] or done.stderr.strip()[-500:]])
        return
    row.judge("tests", *outcome(report.read_text()))


def outcome(report: str) -> tuple[list[str], str]:
    """Return the tests that failed in a report of pytest, and how many there were."""
    cases = list(ET.fromstring(report).iter("testcase"))
    skipped = sum(case.find("skipped") is not None for case in cases)
    failed = [_name(one) for one in cases if any(one.find(kind) is not None for kind in _WRONG)]
    wrong = failed or ([] if len(cases) > skipped else ["no test ran"])
    return wrong, f"{len(cases) - skipped}, {skipped} skipped"


def _name(case: ET.Element) -> str:
    return f"{case.attrib['classname']}: {case.attrib['name']}"
