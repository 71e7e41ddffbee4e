"""Imports go one way: core <- aws <- operators, sensors, triggers; core, aws <- lambda, deploy."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "airflow_ddb_migrate"
UPPER = (
    "operators",
    "sensors",
    "triggers",
    "links",
    "plugin",
    "provider_info",
    "_compat",
    "testing",
)


def imports(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield file and imported module of every import below a folder."""
    files = sorted(folder.rglob("*.py"))
    assert files, f"{folder} holds no modules"
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((path.name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield path.name, node.module or ""


def found(folder: Path, *forbidden: str) -> list[tuple[str, str]]:
    return [
        (file, name)
        for file, name in imports(folder)
        if any(name == bad or name.startswith(f"{bad}.") for bad in forbidden)
    ]


@pytest.mark.parametrize(
    "folder",
    [
        PACKAGE / "core",
        PACKAGE / "aws",
        PACKAGE / "deployment",
        PACKAGE / "local",
        ROOT / "lambda",
        ROOT / "deploy",
    ],
)
def test_no_airflow_below_the_operators(folder):
    """Core, aws, local, lambda and deploy import neither Airflow nor what is built on it."""
    assert [] == found(folder, "airflow", *(f"airflow_ddb_migrate.{name}" for name in UPPER))


def test_core_is_pure():
    """Core imports the standard library and itself, nothing else."""
    foreign = {
        (file, name)
        for file, name in imports(PACKAGE / "core")
        if name.split(".")[0] not in sys.stdlib_module_names
        and not name.startswith("airflow_ddb_migrate.core")
    }
    assert set() == foreign


def test_clients_are_injected():
    """The adapters make no clients and no sessions of their own."""
    assert [] == found(PACKAGE / "aws", "boto3", "airflow_ddb_migrate.local")
    assert [] == found(PACKAGE / "deployment", "boto3", "airflow_ddb_migrate.local")


def test_the_lambda_does_not_deploy():
    """What runs in AWS imports nothing of the deployment and nothing of the embedded stack."""
    forbidden = ("deployment", "aws.services.stack", "local")
    assert [] == found(ROOT / "lambda", *(f"airflow_ddb_migrate.{name}" for name in forbidden))
