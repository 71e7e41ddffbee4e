"""A notification about a migration: a title and a text, for any channel. Pure.

It is plain text without markup, so that mail, chat and SNS show it alike. It has keys and figures,
never an item's values.
"""

from collections.abc import Iterable
from typing import TypedDict

from airflow_ddb_migrate.core.execution.hold import Hold
from airflow_ddb_migrate.core.ledger.holds import HoldKind
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.limits import HOLD_SECONDS, NOTICE_TITLE_CHARS
from airflow_ddb_migrate.core.report.migration_report import Report
from airflow_ddb_migrate.core.text.figures import dollars_words
from airflow_ddb_migrate.core.text.markdown import visible_lines

ON_HOLD = "ON_HOLD"
_HOW_ON = {
    HoldKind.PERSON.value: "It continues when it is resumed (Migration tab, or ddb-migrate resume)",
    HoldKind.MONEY.value: (
        "It continues when a person raises the limit (Migration tab, or ddb-migrate retune), as "
        "far as the DAG's author allows"
    ),
}


class Notice(TypedDict):
    """``state`` is FAILED, ON_HOLD or a report's status; ``text`` has several lines."""

    state: str
    title: str
    text: str


def report_notice(report: Report, why_failed: str = "") -> Notice:
    """Return a notice about a report. ``why_failed`` is why the run failed; empty if it did not."""
    state = Outcome.FAILED.value if why_failed else report["status"]
    return _notice(state, report["migration_id"], [why_failed or report["reason"], *_facts(report)])


def hold_notice(migration_id: str, hold: Hold, report: Report | None = None) -> Notice:
    """Return a notice on why a migration waits; ``report`` has its progress."""
    facts = _facts(report) if report else ()
    return _notice(ON_HOLD, migration_id, [f"On hold: {hold.reason}", _how_on(hold), *facts])


def _how_on(hold: Hold) -> str:
    if hold.until and hold.until - hold.since <= HOLD_SECONDS:
        return "Nothing is lost, and nothing has to be done for it to continue."
    how = _HOW_ON.get(hold.kind, "It resumes by itself")
    return (
        f"Nothing is lost. {how}; after {HOLD_SECONDS // 60} minutes on hold its execution ends "
        "by itself."
    )


def _notice(state: str, migration_id: str, lines: Iterable[str]) -> Notice:
    title = f"{state}: migration {migration_id}"[:NOTICE_TITLE_CHARS]
    text = visible_lines("\n".join(line for line in lines if line))
    return {"state": state, "title": title, "text": text}


def _facts(report: Report) -> Iterable[str]:
    yield _what(report)
    if report["tries"]:
        yield _items(report)
        yield _cost(report)
    quarantine = report["quarantine"]
    if quarantine["count"]:
        yield f"Quarantined: {quarantine['count']:,} items, {quarantine['where']}."
        yield quarantine["replay"]
    if report["undo"]["how"]:
        yield f"Undo: {report['undo']['how']}"
    if report["links"]["execution"]:
        yield f"Execution: {report['links']['execution']}"


def _what(report: Report) -> str:
    what = (
        f"Table {report['table']}, {report['segments']:,} segments, transform "
        f"{report['transform'] or 'none'}"
    )
    if not report["tries"]:
        return f"{what}."
    number = report["attempts"]
    attempts = f"{number:,} attempt{'s' * (number != 1)}"
    return f"{what}; {attempts}, {report['seconds']:,.0f} s."


def _items(report: Report) -> str:
    counts = ", ".join(f"{number:,} {name}" for name, number in report["counts"].items() if number)
    return f"Items: {counts or 'none seen'}. {report['counts_words']}"


def _cost(report: Report) -> str:
    planned = report["cost"]["planned_total"]
    expected = "" if planned is None else f", {dollars_words(planned)} planned"
    measured = dollars_words(report["cost"]["measured_total"])
    return f"Cost: {measured} measured{expected}, on list prices."
