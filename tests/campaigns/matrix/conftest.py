"""A real Airflow beside the embedded stack: that of the interpreter that runs this."""

from collections.abc import Iterator

import pytest
from tests.e2e.conftest import DAGS
from tests.support.worlds.airflow_site import AirflowSite, airflow_site


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowSite]:
    folder = tmp_path_factory.mktemp("site")
    transforms = tmp_path_factory.mktemp("transforms")
    with airflow_site(folder, transforms, sorted(DAGS.glob("*.py"))) as site:
        yield site
