"""The wheel deploys without a checkout: it carries what a checkout has beside the package."""

import json
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from airflow_ddb_migrate.deployment.packaging.bundle import build

ROOT = Path(__file__).parents[2]

# Looks at the package in the folder it is given, as if that were site-packages.
_LOOK = """
import json, sys
sys.path.insert(0, sys.argv[1])
from airflow_ddb_migrate import resources
from airflow_ddb_migrate.deployment.packaging.bundle import build

bundle = build()
print(json.dumps({
    "package": resources.__file__,
    "deploy": sorted(path.name for path in resources.folder("deploy").iterdir()),
    "dags": sorted(path.name for path in resources.folder("dags").iterdir()),
    "hash": bundle.code_hash,
    "bytes": bundle.content.hex(),
}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed: pip install 'airflow-ddb-migrate[dev]'")
    folder = tmp_path_factory.mktemp("wheel")
    answer = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == answer.returncode, answer.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what an installer would unpack."""
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_an_installed_package_deploys_exactly_what_a_checkout_does(installed: Path) -> None:
    """Same template and definition, and a zip of the same bytes."""
    seen = json.loads(
        subprocess.run(
            [sys.executable, "-c", _LOOK, str(installed)],
            capture_output=True,
            text=True,
            check=True,
            cwd=installed,
        ).stdout
    )

    ours = build()
    assert Path(seen["package"]).is_relative_to(installed)
    assert {"state_machine.asl.json", "template.yaml"} <= set(seen["deploy"])
    assert "ddb_migration.py" in seen["dags"]
    assert (ours.code_hash, ours.content.hex()) == (seen["hash"], seen["bytes"])


def test_everything_in_the_wheel_belongs_to_the_package(wheel: Path) -> None:
    """Nothing lands beside it in site-packages: no `lambda`, no `dags`, no tests."""
    tops = {name.partition("/")[0] for name in names_in(wheel)}

    assert {"airflow_ddb_migrate"} == {top for top in tops if not top.endswith(".dist-info")}


def test_the_wheel_holds_no_rubbish(wheel: Path) -> None:
    """No caches and no settings of our linters."""
    rubbish = ("__pycache__", ".pyc", "ruff.toml", ".ruff_cache", ".mypy_cache", "node_modules")

    assert [] == [name for name in sorted(names_in(wheel)) if any(r in name for r in rubbish)]


def test_the_wheel_announces_itself(wheel: Path) -> None:
    """To Airflow as a provider and a plugin, to the shell as a command, to mypy as typed."""
    with zipfile.ZipFile(wheel) as archive:
        entry_points = next(n for n in archive.namelist() if n.endswith("entry_points.txt"))
        text = archive.read(entry_points).decode()

    assert "airflow_ddb_migrate/py.typed" in names_in(wheel)
    assert "provider_info = airflow_ddb_migrate.provider_info:get_provider_info" in text
    assert "ddb_migrate = airflow_ddb_migrate.plugin.entry:MigrationPlugin" in text
    assert "ddb-migrate = airflow_ddb_migrate.cli.main:main" in text


def test_the_wheel_carries_the_pages_of_the_plugin(wheel: Path) -> None:
    """Every file that a checkout serves."""
    static = "airflow_ddb_migrate/plugin/static"
    files = {f"{static}/{path.name}" for path in (ROOT / static).iterdir()}

    assert f"{static}/page.html" in files
    assert set() == files - names_in(wheel)


_TEST_A_TRANSFORM = """
import sys
sys.path.insert(0, sys.argv[1])
from airflow_ddb_migrate import testing

print(testing.__file__, testing.run_transform(sys.argv[2], {"id": "1"}).outcome)
"""


def test_an_installed_package_tests_a_transform(installed: Path, tmp_path: Path) -> None:
    """The Lambda's code comes from the wheel, for a file of the user's."""
    mine = tmp_path / "mine.py"
    mine.write_text("from transforms import SKIP\ndef transform(item, context): return SKIP\n")

    done = subprocess.run(
        [sys.executable, "-c", _TEST_A_TRANSFORM, str(installed), str(mine)],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )

    assert f"{installed / 'airflow_ddb_migrate' / 'testing.py'} skipped\n" == done.stdout
