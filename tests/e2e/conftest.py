"""A real Airflow beside the embedded stack, started once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.airflow_site import AirflowSite, airflow_site

DAGS = Path(__file__).parent / "dags"


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowSite]:
    folder = tmp_path_factory.mktemp("airflow-site")
    transforms = tmp_path_factory.mktemp("transforms")
    with airflow_site(folder, transforms, sorted(DAGS.glob("*.py"))) as site:
        yield site
