"""Every Python block of README and docs runs as it is printed."""

import subprocess
import sys
from pathlib import Path

import airflow_ddb_migrate
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow_ddb_migrate import params
from tests.support.snippets import Snippet, snippets

RENAME = """def transform(item, context):
    if item.get("mail", "") is None:
        from transforms import DELETE
        return DELETE
    if "mail" in item:
        item["email"] = item.pop("mail")
    return item
"""
BLOCKS = snippets("python")


def _is_test(snippet: Snippet) -> bool:
    return "def test_" in snippet.text


def _name(snippet: Snippet) -> str:
    """Return the file that the first line names, as ``# transforms/full_name.py``."""
    first = snippet.text.partition("\n")[0]
    return first.removeprefix("# ") if first.startswith("# transforms/") else ""


@pytest.mark.parametrize("snippet", [one for one in BLOCKS if not _is_test(one)], ids=str)
def test_a_block_runs(snippet: Snippet, tmp_path: Path) -> None:
    """By itself, or, where it is a part of a DAG, within one and with our names imported."""
    if "with DAG(" in snippet.text:
        (tmp_path / "documented.py").write_text(snippet.text)
        bag = DagBag(tmp_path)
        assert ({}, True) == (bag.import_errors, bool(bag.dags))
        return
    ours = {name: getattr(airflow_ddb_migrate, name) for name in airflow_ddb_migrate.__all__}
    forms = {name: given for name, given in vars(params).items() if name.endswith("_params")}
    with DAG("documented", schedule=None):
        exec(compile(snippet.text, str(snippet), "exec"), {**ours, **forms})


@pytest.mark.parametrize("snippet", [one for one in BLOCKS if _is_test(one)], ids=str)
def test_a_documented_test_passes(snippet: Snippet, tmp_path: Path) -> None:
    """Beside the transforms of the same docs."""
    folder = tmp_path / "transforms"
    folder.mkdir()
    (folder / "rename.py").write_text(RENAME)
    for one in BLOCKS:
        if _name(one):
            (tmp_path / _name(one)).write_text(one.text)
    (tmp_path / "test_documented.py").write_text(snippet.text)

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_documented.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == ran.returncode, ran.stdout
