"""A real Airflow beside the embedded stack, started once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.browser.browser import require_browser
from tests.browser.cdp import browser
from tests.e2e.steered import Steered, steered
from tests.support.worlds.airflow_site import AirflowSite, airflow_site

DAGS = Path(__file__).parent / "dags"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a whole Airflow is a story."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.story)


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowSite]:
    folder = tmp_path_factory.mktemp("airflow-site")
    transforms = tmp_path_factory.mktemp("transforms")
    with airflow_site(folder, transforms, sorted(DAGS.glob("*.py"))) as site:
        yield site


@pytest.fixture(name="steered", scope="session")
def _steered(request: pytest.FixtureRequest) -> Iterator[Steered]:
    """A migration that a person watched and paused; skipped without a browser."""
    require_browser()
    site = request.getfixturevalue("airflow")
    with browser() as connection, steered(site, connection) as seen:
        yield seen
