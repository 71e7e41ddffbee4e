"""A real Airflow beside the embedded stack, whose parts may be killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.campaigns.kills.processes import Parts
from tests.support.worlds.airflow_site import AirflowSite, airflow_site

STEADY = """
import time

def transform(item, context):
    if "done" not in item:
        time.sleep(context.params["seconds"])
    item["done"] = True
    return item
"""


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowSite]:
    folder = tmp_path_factory.mktemp("kills")
    transforms = tmp_path_factory.mktemp("transforms")
    with airflow_site(folder, transforms, [Path(__file__).parent / "dags" / "held.py"]) as site:
        site.deploy(steady=STEADY)
        yield site


@pytest.fixture(scope="session")
def parts(airflow: AirflowSite) -> Iterator[Parts]:
    parts = Parts(airflow.airflow)
    yield parts
    parts.stop()
