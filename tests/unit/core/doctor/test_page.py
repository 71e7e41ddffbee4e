"""How the doctor's results are shown."""

import json

from airflow_ddb_migrate.core.doctor.check_results import broken, is_healthy, ok, unknown, warning
from airflow_ddb_migrate.core.doctor.page import results_json, results_page

RESULTS = [
    ok("region", "us-east-1."),
    broken("stack-version", "It is old.", "Run:\n ddb-migrate deploy"),
    unknown("clock", "No Date."),
]


def test_columns_are_aligned_and_a_result_is_one_line() -> None:
    """A program reads the lines by their columns."""
    lines = results_page(RESULTS).splitlines()

    assert [
        "ok       region         us-east-1.",
        "failed   stack-version  It is old. Run: ddb-migrate deploy",
        "unknown  clock          No Date.",
        "3 checks: 1 ok, 0 warning, 1 failed, 1 unknown.",
    ] == lines


def test_a_terminal_gets_the_text_wrapped_beside_its_check() -> None:
    """Never under 40 columns of text; words and URLs stay whole."""
    lines = results_page([warning("table", "word " * 20)], columns=30).splitlines()

    assert "warning  table  word word word word word word word word" == lines[0]
    assert {"                word"} == {line[:20] for line in lines[1:3]}


def test_the_document_has_what_a_program_needs() -> None:
    """Its fields are promised: no others go, none changes."""
    document = json.loads(results_json(RESULTS, {"region": "us-east-1"}))

    assert ["region", "healthy", "counts", "checks"] == list(document)
    assert document["healthy"] is False
    assert {"ok": 1, "warning": 0, "failed": 1, "unknown": 1} == document["counts"]
    assert {
        "check": "region",
        "level": "ok",
        "found": "us-east-1.",
        "advice": "",
    } == document["checks"][0]


def test_what_is_unknown_is_not_a_failure() -> None:
    assert is_healthy([unknown("clock", "?"), warning("table", "!")])
    assert not is_healthy(RESULTS)
