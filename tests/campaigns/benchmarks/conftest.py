"""One report for every benchmark of a run: a table at its end, and a record if asked for."""

import os
from collections.abc import Iterator

import pytest
from tests.campaigns.benchmarks import records
from tests.campaigns.benchmarks.goals import text_table
from tests.campaigns.benchmarks.measure import Report


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> Iterator[Report]:
    """What ``make bench`` leaves behind; in an ordinary run of the tests nothing."""
    report = Report()
    yield report
    if "BENCH" not in os.environ:
        return
    report.save()
    print(f"\n\n{text_table(report.figures, records.last())}")
    if os.environ.get("RECORD") == "1":
        records.append(report.figures)
        records.show_on_page()
        print(f"\nRecorded in {records.RECORDS.name} and {records.PAGE.name}.")
