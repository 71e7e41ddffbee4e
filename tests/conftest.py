"""What every test needs before anything is imported: no real AWS, no real Airflow home.

And how the suites are shared among xdist's workers.
"""

import atexit
import functools
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import HealthCheck, settings
from xdist.scheduler.loadscope import LoadScopeScheduling

ROOT = Path(__file__).parents[1]

# `lambda` is a keyword of Python: a source root, never a package.
sys.path.insert(0, str(ROOT / "lambda"))

for _name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[_name]
_home = tempfile.mkdtemp(prefix="airflow-home-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
os.environ.update(
    AIRFLOW_HOME=_home,
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "dags"),
    AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS="True",
    AIRFLOW_CONN_AWS_DEFAULT="aws://",  # credentials and region from the environment below
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
)

# botocore reads its models, megabytes of JSON, anew for every session: a third of many tests' time.
_load = functools.lru_cache(functools.partial(JSONFileLoader.load_file, JSONFileLoader()))
JSONFileLoader.load_file = lambda _, path: _load(path)

# A busy machine is slow, and no property is about time.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# The suites that take longest begin first; all others follow in the order of their names.
_FIRST = ("e2e", "integration", "faults", "live", "dags")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _rank(item.path.relative_to(ROOT / "tests").parts[0]))


def _rank(suite: str) -> int:
    return _FIRST.index(suite) if suite in _FIRST else len(_FIRST)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """Give a worker whole files, and one worker all of ``tests/e2e``, which one Airflow serves."""
    return _BySuite(config, log)


class _BySuite(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "tests/e2e" if file.startswith("tests/e2e/") else file
