"""The folders that ship as data are found in a checkout and in a wheel."""

from pathlib import Path

import pytest
from airflow_ddb_migrate import resources

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["lambda", "deploy", "dags"])
def test_a_checkout_has_them_beside_the_package(name: str) -> None:
    """In a clone the folders are those that one edits."""
    assert ROOT / name == resources.folder(name)


@pytest.mark.parametrize("name", ["lambda", "deploy", "dags"])
def test_a_wheel_has_them_inside_the_package(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed package finds its own copy, wherever it is installed."""
    inside = Path("airflow_ddb_migrate/_data") / name
    (tmp_path / inside).mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "airflow_ddb_migrate")

    assert tmp_path / inside == resources.folder(name)
