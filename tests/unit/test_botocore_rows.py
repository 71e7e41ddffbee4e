"""The parts of ``make botocore`` that need no other botocore: what is tried, and judged."""

import pytest
from packaging.requirements import Requirement
from tests.campaigns.botocore import rows
from tests.campaigns.matrix import pythons

REPORT = """<testsuites><testsuite>
<testcase classname="tests.a" name="test_one"/>
<testcase classname="tests.a" name="test_two"><skipped message="no CBOR"/></testcase>{more}
</testsuite></testsuites>"""


def test_a_report_tells_what_failed() -> None:
    """Failures, and errors of fixtures; else how many ran."""
    more = """<testcase classname="tests.b" name="test_three"><failure message="1 == 2"/></testcase>
<testcase classname="tests.b" name="test_four"><error message="no fixture"/></testcase>"""

    assert ([], "1, 1 skipped") == rows.outcome(REPORT.format(more=""))
    assert ["tests.b: test_three", "tests.b: test_four"] == rows.outcome(REPORT.format(more=more))[
        0
    ]


def test_a_row_in_which_nothing_ran_fails() -> None:
    """All was skipped, or nothing was found."""
    nothing = REPORT.replace('<testcase classname="tests.a" name="test_one"/>', "").format(more="")

    assert ["no test ran"] == rows.outcome(nothing)[0]


def test_a_machine_without_a_python_skips_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the table says so."""
    monkeypatch.setattr(pythons, "find", lambda _: None)

    row = rows.tried("3.13", rows.NEWEST, is_quick=True)

    assert (False, "no Python 3.13 found") == (row.is_failed, row.skipped)


def test_every_botocore_is_tried_on_every_python() -> None:
    """Those between which something changed, and whatever is newest."""
    assert 8 == len(set(rows.RUNTIMES))
    assert {"3.12", "3.13"} == {python for python, _ in rows.RUNTIMES}
    assert set(rows.QUICK) < set(rows.BOTOCORES)


@pytest.mark.parametrize("botocore", rows.BOTOCORES)
def test_an_environment_has_that_botocore_and_what_the_tests_need(botocore: str) -> None:
    """With the bounds of the project's own metadata."""
    wanted = {one.name: str(one.specifier) for one in map(Requirement, rows.wanted_for(botocore))}

    assert {"botocore", "boto3", "moto", "packaging", *rows.TESTS} == wanted.keys()
    assert ("" if botocore == rows.NEWEST else f"=={botocore}") == wanted["botocore"]
    assert all(wanted[name] for name in rows.TESTS)
