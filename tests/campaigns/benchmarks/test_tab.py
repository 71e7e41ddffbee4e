"""The migration tab in a real browser; skipped without one."""

import os

import pytest
from tests.browser.browser import require_browser
from tests.browser.measuring import drawn
from tests.campaigns.benchmarks.measure import Report

pytestmark = [
    pytest.mark.skipif("BENCH" not in os.environ, reason="make bench runs it"),
    pytest.mark.timeout(0),
]


def test_first_picture_and_update(report: Report) -> None:
    """With 10,000 lanes, as the page itself measures it."""
    require_browser()

    first_picture, update = drawn()

    report.keep("page_first_picture_ms", first_picture)
    report.keep("page_update_ms", update)
