"""No vulnerability, an unknown package, and a database that was not reached are three things."""

import json

import pytest
from tests.campaigns.audit.answers import Answer, answer_of, in_words, knows

GOOD = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
UNFIXED = {"name": "c", "version": "4", "vulns": [{"id": "CVE-2", "fix_versions": []}]}
UNKNOWN = {"name": "d", "skip_reason": "Dependency not found on PyPI and could not be audited"}


def said(*rows: object, code: int = 0) -> Answer:
    return answer_of(code, json.dumps({"dependencies": rows, "fixes": []}), "")


def test_a_vulnerable_package_is_named_with_what_fixes_it() -> None:
    text = in_words([said(GOOD, BAD), said(UNFIXED, BAD, code=1)], "pypi")

    assert [
        "audit: VULNERABLE. b 2: CVE-1 (fixed in 3)",
        "audit: VULNERABLE. c 4: CVE-2 (fixed in no version yet)",
        "Raise what has a fix: in constraints.in or pyproject.toml, then make lock.",
    ] == text.splitlines()


def test_what_the_database_does_not_know_is_not_called_well() -> None:
    """It is counted apart, by name."""
    assert [
        "audit: no known vulnerability in 2 pinned packages, says osv.",
        "osv does not know: d.",
    ] == in_words([said(GOOD, UNKNOWN), said(GOOD)], "osv").splitlines()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said(BAD), ""),
        (said(UNKNOWN), "it has no advisory of b==2, which has some"),  # a mirror of packages
        (said({**BAD, "vulns": []}), "it has no advisory of b==2, which has some"),
        (
            answer_of(1, "", "Traceback\n\nConnectionError: no route\n"),
            "pip-audit ended with 1 and said: ConnectionError: no route",
        ),
        (answer_of(1, "", ""), "pip-audit ended with 1 and said: nothing"),
        (answer_of(0, "[]", "x"), "pip-audit ended with 0 and said: x"),
    ],
)
def test_a_database_is_what_knows_a_vulnerable_package(answer: Answer, why: str) -> None:
    """pip-audit itself ends with 0 where all is unknown: "no known vulnerabilities found"."""
    assert why == knows(answer, "b==2")


def test_no_answer_is_no_all_clear() -> None:
    text = in_words([], "pypi: no route")

    assert text.startswith("audit: COULD NOT LOOK. ")
    assert text.endswith(" is unknown. pypi: no route")
    assert "audit: FAILED. broken" in in_words([Answer(problem="broken"), said(GOOD)], "pypi")
