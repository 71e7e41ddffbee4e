"""What each of Airflow's processes loads, and where Airflow finds it."""

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from airflow_ddb_migrate.plugin import entry
from airflow_ddb_migrate.plugin.entry import PREFIX, MigrationPlugin
from starlette.applications import Starlette
from starlette.testclient import TestClient

ROOT = Path(__file__).parents[3]
STATIC = ROOT / "airflow_ddb_migrate" / "plugin" / "static"

_LOAD = """
import sys
from airflow.plugins_manager import AirflowPlugin
before = set(sys.modules)
import airflow_ddb_migrate.plugin.entry
print(*(set(sys.modules) - before))
"""


def test_airflow_finds_the_plugin_by_its_entry_point() -> None:
    """A plugin in provider info is not loaded."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, _, name = project["entry-points"]["airflow.plugins"]["ddb_migrate"].partition(":")

    assert MigrationPlugin is getattr(import_module(module), name)
    MigrationPlugin.validate()


def test_loading_the_plugin_imports_nothing_but_itself() -> None:
    """Scheduler, workers, DAG processor and triggerer load it as well."""
    done = subprocess.run(
        [sys.executable, "-c", _LOAD], capture_output=True, text=True, check=True, cwd=ROOT
    )

    package = "airflow_ddb_migrate"
    ours = {package, f"{package}.plugin", f"{package}.plugin.entry"}
    assert set() == set(done.stdout.splitlines()[-1].split()) - ours


def test_the_app_is_made_when_it_is_first_asked(database: None) -> None:
    """Mounted as Airflow mounts it, it answers; to nobody only that they are not signed in."""
    root = Starlette()
    for app in MigrationPlugin.fastapi_apps:
        root.mount(app["url_prefix"], app["app"])

    assert 401 == TestClient(root).get(f"{PREFIX}/ui").status_code


def test_the_views_lead_to_the_app() -> None:
    """A tab on every DAG run, and a page in the navigation."""
    views = {view["destination"]: view["href"] for view in MigrationPlugin.external_views}

    expected = {"dag_run": f"{PREFIX}/ui/{{DAG_ID}}/{{RUN_ID}}", "nav": f"{PREFIX}/ui"}
    assert expected == views


@pytest.mark.parametrize(
    ("base_url", "href"),
    [
        ("/", "/ddb-migrate/ui"),
        ("http://airflow:8080", "/ddb-migrate/ui"),
        ("https://host/team/airflow/", "/team/airflow/ddb-migrate/ui"),
    ],
)
def test_airflow_may_live_below_a_path(
    monkeypatch: pytest.MonkeyPatch, base_url: str, href: str
) -> None:
    """Behind a proxy that other services share."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base_url)

    assert href == entry._href("/ui")


def test_texts_enter_the_pages_as_texts_only() -> None:
    """No way in for markup or code from a key, an error or a name; nothing from elsewhere."""
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|srcdoc|"
        r"createContextualFragment|https?://|style=|\son\w+="
    )
    found = {path.name: forbidden.findall(path.read_text()) for path in STATIC.iterdir()}

    assert [] == [(name, words) for name, words in found.items() if words]
