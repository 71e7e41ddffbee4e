"""What is tried with each pair of versions, and with each file of constraints."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from tests.campaigns.matrix import inside, pythons
from tests.campaigns.matrix.commands import FOLDER, told
from tests.campaigns.matrix.environments import Environment, compile_them, requirements
from tests.campaigns.matrix.table import Row
from tests.campaigns.matrix.versions import Constrained, Pair
from tests.campaigns.release import bare
from tests.campaigns.release.commands import CommandError

PROVIDER = "airflow-ddb-migrate"
NEED_AN_EXTRA = ("airflow_ddb_migrate.local.emulated_aws.launcher",)
VERSIONS = ("amazon", "standard")
HEADS = ("Airflow", "as of", "Python")
CHECKS = ("resolve", "install", "import", "provider", "DAGs parse", "DAG message", "metrics")
QUICK_CHECKS = ("resolve", "install", "DAGs parse", "DAG message", "metrics")
CONSTRAINED_HEADS = ("constraints", "Python")


def tried(pair: Pair, wheel: Path, *, is_quick: bool) -> Row:
    """Try everything, or only what is quick, up to what makes the rest impossible."""
    row = Row((pair.release.version, pair.release.as_of, pair.python))
    interpreter = pythons.find(pair.python)
    if interpreter is None:
        row.skipped = f"no Python {pair.python} found"
        return row
    env = Environment(
        pair.name,
        interpreter,
        (f"apache-airflow=={pair.release.version}", *requirements(wheel)),
        ("--exclude-newer", pair.release.as_of),
    )
    if made(row, env, wheel):
        if not is_quick:
            _try(row, "import", lambda: _unimportable(env))
            _try(row, "provider", lambda: _unknown_provider(env))
        _try_dags(row, env)
    return row


def made(row: Row, env: Environment, wheel: Path) -> bool:
    """Make the environment, unless it is there, and put the wheel into it."""
    if not prepared(row, env):
        return False
    how = row.cells["install"].partition(", ")[2]
    return _try(row, "install", lambda: env.install_ours(wheel) or [], how)


def prepared(row: Row, env: Environment) -> bool:
    """Make the environment, unless it is there."""
    how = "kept" if env.is_kept else ""
    steps: dict[str, Callable[[], None]] = {"resolve": env.resolve, "install": env.install}
    for column, step in steps.items():
        if not (how or _try(row, column, lambda step=step: step() or [])):
            return False
        row.passed(column, how)
    return True


def constrained(one: Constrained, wheel: Path) -> Row:
    """Resolve only: the wheel under the constraints of somebody who runs Airflow."""
    row = Row((one.name, one.python))
    folder = FOLDER / one.name
    folder.mkdir(parents=True, exist_ok=True)
    wanted, locked = folder / "wanted.txt", folder / "locked.txt"
    wanted.write_text(f"apache-airflow=={one.airflow}\n{wheel}\n")
    options = ("--python-version", one.python, "--constraint", one.file)
    if _try(row, "resolve", lambda: compile_them(wanted, locked, *options) or []):
        row.cells.update(_pinned(locked.read_text()))
    return row


def _try(row: Row, column: str, step: Callable[[], list[str]], what: str = "") -> bool:
    """Note how a step ended; return whether it went well."""
    try:
        found = step()
    except CommandError as error:
        found = [_shortened(str(error))]
    row.judge(column, found, what)
    return not found


def _unimportable(env: Environment) -> list[str]:
    said = told(env.python, "-I", bare.__file__, *NEED_AN_EXTRA, home=env.home)
    return said.splitlines()


def _unknown_provider(env: Environment) -> list[str]:
    airflow = env.python.with_name("airflow")
    said = told(airflow, "providers", "list", "--output", "json", home=env.home)
    return provider_missing(said)


def provider_missing(said: str) -> list[str]:
    """Find ours in what ``airflow providers list`` says, after whatever it warns of."""
    listed = json.loads(said[max(said.find("[\n"), said.find("[{")) :])
    names = {canonicalize_name(row["package_name"]) for row in listed}
    return [] if PROVIDER in names else [f"{PROVIDER} is not among {len(names)} providers"]


def _try_dags(row: Row, env: Environment) -> None:
    answer = env.folder / "answer.json"
    answer.unlink(missing_ok=True)
    found: dict[str, Any] = {}

    def parse() -> list[str]:
        told(env.python, "-I", inside.__file__, answer, home=env.home)
        found.update(json.loads(answer.read_text()))
        return list(found["parse"])

    _try(row, "DAGs parse", parse)
    if found:
        dags_judged(row, found)


def dags_judged(row: Row, found: dict[str, Any]) -> None:
    """Note what ``inside`` answered; it lets nothing be sent of a file that cannot be parsed."""
    row.judge("DAGs parse", found["parse"], f"{found['dags']} DAGs")
    if found["message"] or not found["parse"]:
        row.judge("DAG message", found["message"])
    row.judge("metrics", found["metrics"])
    row.cells.update(found["versions"])


def _pinned(locked: str) -> dict[str, str]:
    pins = dict(line.split(" ")[0].split("==") for line in locked.splitlines() if "==" in line)
    return {name: pins[f"apache-airflow-providers-{name}"] for name in VERSIONS}


def _shortened(text: str, characters: int = 1_500) -> str:
    """Keep the end of what a tool says: that is where it gives the reason."""
    return text if len(text) <= characters else f"... {text[-characters:]}"
