"""What parsing an example DAG imports: Airflow does it again and again, each time anew."""

import subprocess
import sys

import pytest
from tests.conftest import ROOT

DAG_FILES = sorted(path.stem for path in (ROOT / "dags").glob("*.py"))
PACKAGE = "airflow_ddb_migrate."
BELOW = ("aws.", "core.", "triggers.")  # what the operators call
NEEDED = {
    "core.approval.author_rules",
    "core.health.alarms",
    "core.health.higher_limit",
    "core.ledger.owners",
    "core.text.console_urls",
    "core.errors",
    "core.limits",
    "core.validation",
    "core.version",
    "core.mode",
    "core.plan.many",
    "core.text.figures",
    "core.text.markdown",
    "core.text.times",
    "core.names",
    "core.hours.windows",
    "core.execution.payload",
    "core.execution.request",
    "core.execution.segments",
    "triggers._events",
    "core.execution.on_kill",
}


def parsed(dag_file: str) -> set[str]:
    """Return the modules, not packages, of ours that an interpreter has after a DAG file."""
    code = (
        f"import sys, dags.{dag_file}; "
        "print(*(name for name, module in sys.modules.items() if not hasattr(module, '__path__')))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.removeprefix(PACKAGE) for name in done.stdout.split() if name.startswith(PACKAGE)}


@pytest.mark.parametrize("dag_file", DAG_FILES)
def test_parsing_imports_only_what_makes_the_tasks(dag_file: str) -> None:
    """What only a running task needs, such as the adapters to AWS, is imported when it runs."""
    modules = parsed(dag_file)

    assert "operators.base.task" in modules
    assert set() == {name for name in modules if name.startswith(BELOW)} - NEEDED
