"""The reports of many tables on one page."""

from collections.abc import Sequence
from typing import Any

from airflow_ddb_migrate.core.report.migration_report import Report
from airflow_ddb_migrate.core.text.figures import dollars_words
from airflow_ddb_migrate.core.text.markdown import code, table

_HEAD = ("table", "migration", "status", "changed", "quarantined", "cost", "reason")


def many_reports_markdown(reports: Sequence[Report]) -> str:
    """Return a page with a row for each table, and the totals."""
    sums = totals(reports)
    last = (
        "**in all**",
        "",
        f"{sums['succeeded']:,} of {sums['tables']:,} succeeded",
        f"{sums['changed']:,}",
        f"{sums['quarantined']:,}",
        dollars_words(sums["cost_usd"]),
        "",
    )
    return f"# Report of {len(reports):,} tables\n\n" + table(_HEAD, [*map(_row, reports), last])


def totals(reports: Sequence[Report]) -> dict[str, Any]:
    """Return the totals of all tables: ``tables``, ``succeeded``, items and measured dollars."""
    return {
        "tables": len(reports),
        "succeeded": sum(report["status"] == "SUCCEEDED" for report in reports),
        "changed": sum(report["counts"].get("changed", 0) for report in reports),
        "quarantined": sum(report["counts"].get("quarantined", 0) for report in reports),
        "cost_usd": round(sum(report["cost"]["measured_total"] for report in reports), 6),
    }


def _row(report: Report) -> tuple[str, ...]:
    counts = report["counts"]
    return (
        code(report["table"]),
        code(report["migration_id"]),
        report["status"],
        f"{counts.get('changed', 0):,}",
        f"{counts.get('quarantined', 0):,}",
        dollars_words(report["cost"]["measured_total"]),
        report["reason"],
    )
