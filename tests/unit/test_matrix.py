"""The parts of ``make matrix`` that need no other Airflow: what is tried, judged and shown."""

import zipfile
from pathlib import Path

import pytest
from tests.campaigns.matrix import chain, pythons, rows
from tests.campaigns.matrix.environments import Environment, requirements
from tests.campaigns.matrix.table import Row, reasons, table
from tests.campaigns.matrix.versions import CONSTRAINED, RELEASES, Pair, pairs

REPORT = """<testsuites><testsuite>
<testcase name="test_kill"><properties><property name="note" value="stopped by restore"/>
</properties></testcase>
<testcase name="test_tab"><failure message="assert 200 == 500&#10;more"/></testcase>
<testcase name="test_links"><skipped message="make matrix runs it"/></testcase>
</testsuite></testsuites>"""


def test_a_table_shows_every_row_and_what_was_not_reached() -> None:
    fine, broken, skipped = Row(("3.3.2",)), Row(("3.1.8",)), Row(("3.2.2",), skipped="no Python")
    fine.passed("resolve", "kept")
    fine.passed("message")
    broken.failed("resolve", ["no solution"])

    assert [
        "| Airflow | resolve   | message |",
        "| ------- | --------- | ------- |",
        "| 3.3.2   | ok, kept  | ok      |",
        "| 3.1.8   | FAILED    | -       |",
        "| 3.2.2   | no Python | -       |",
    ] == table(("Airflow",), ("resolve", "message"), [fine, broken, skipped]).splitlines()


def test_what_is_skipped_is_no_failure_but_both_are_said() -> None:
    broken, skipped = Row(("3.1.8", "3.11")), Row(("3.2.2", "3.13"), skipped="no Python 3.13 found")
    broken.failed("DAG message", ["a.py: not sent", "b.py: not sent"])

    assert (True, False) == (broken.is_failed, skipped.is_failed)
    assert [
        "3.1.8 3.11: DAG message: a.py: not sent",
        "3.1.8 3.11: DAG message: b.py: not sent",
        "3.2.2 3.13: skipped: no Python 3.13 found",
    ] == reasons([broken, skipped])


def test_a_machine_without_a_python_skips_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pythons, "find", lambda _: None)

    row = rows.tried(Pair(RELEASES[0], "3.13"), Path("no.whl"), is_quick=True)

    assert "no Python 3.13 found" == row.skipped


def test_the_running_python_is_found_and_one_that_is_not_there_is_not() -> None:
    assert pythons.find(pythons.running())
    assert pythons.find("3.99") is None


def test_every_release_is_tried_with_every_python() -> None:
    names = [pair.name for pair in pairs(("3.11", "3.12"))]

    assert ["3.1.8-3.11", "3.1.8-3.12", "3.2.2-3.11", "3.2.2-3.12"] == names[:4]
    assert ["3.1", "3.2", "3.3"] == [release.minor for release in RELEASES]


@pytest.mark.parametrize("one", CONSTRAINED, ids=lambda one: one.name)
def test_constraints_are_pins_and_name_no_host(one) -> None:
    lines = one.file.read_text().splitlines()

    assert "MWAA" in lines[0]
    assert f"Airflow {one.airflow} on Python {one.python}" in lines[0]
    assert [] == [line for line in lines[1:] if "==" not in line or "/" in line]


def test_requirements_are_those_of_the_extras_that_are_asked_for(tmp_path: Path) -> None:
    wheel = tmp_path / "made.whl"
    wanted = ("boto3>=1.40", "moto[server]==5 ; extra == 'local'", "ruff ; extra == 'dev'")
    with zipfile.ZipFile(wheel, "w") as archive:
        lines = "".join(f"Requires-Dist: {one}\n" for one in wanted)
        archive.writestr("made-1.dist-info/METADATA", f"Name: made\n{lines}")

    assert ["boto3>=1.40"] == requirements(wheel)
    assert ["boto3>=1.40", "moto[server]==5"] == requirements(wheel, "local")


def test_an_environment_is_kept_until_it_would_be_made_from_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.campaigns.matrix.environments.FOLDER", tmp_path)
    made = Environment("one", Path("python"), ("boto3",), ("--exclude-newer", "2026-03-18"))
    other = Environment("one", Path("python"), ("boto3",), ("--exclude-newer", "2026-03-19"))
    made.folder.mkdir()
    made.keep()

    assert (True, False) == (made.is_kept, other.is_kept)


def test_a_provider_is_found_after_what_airflow_warns_of() -> None:
    ours = '[{"package_name": "airflow-ddb-migrate", "version": "1"}]'

    assert [] == rows.provider_missing(f"[warning] old\n{ours}")
    assert ["airflow-ddb-migrate is not among 1 providers"] == rows.provider_missing(
        '[{"package_name": "apache-airflow-providers-amazon"}]'
    )


def test_what_the_other_airflow_found_is_judged() -> None:
    row = Row(("3.1.8",))
    found = {
        "dags": 4,
        "parse": [],
        "message": ["a.py: not sent"],
        "metrics": [],
        "versions": {"amazon": "9.23"},
    }

    rows.dags_judged(row, found)

    assert {
        "DAGs parse": "ok, 4 DAGs",
        "DAG message": "FAILED",
        "metrics": "ok",
        "amazon": "9.23",
    } == row.cells


def test_a_report_of_pytest_becomes_columns() -> None:
    """A test that was skipped proved nothing."""
    assert [
        ("kill", [], "stopped by restore"),
        ("tab", ["assert 200 == 500"], ""),
        ("links", ["make matrix runs it"], ""),
    ] == list(chain.outcomes(REPORT))
    assert [] == list(chain.outcomes(""))
