"""What is told about a migration: of its end, and of a hold."""

from typing import Any

from airflow_ddb_migrate.core.execution.hold import Hold, ended_by
from airflow_ddb_migrate.core.limits import NOTICE_TITLE_CHARS
from airflow_ddb_migrate.core.report.migration_report import Report
from airflow_ddb_migrate.core.report.notice import hold_notice, report_notice

THROTTLED = "writes were throttled"


def report(**fields: Any) -> Report:
    known: dict[str, Any] = {
        "migration_id": "orders-0123456789ab",
        "table": "orders",
        "segments": 1_000,
        "transform": "full_name",
        "status": "SUCCEEDED",
        "reason": "1,000 of 1,000 segments done (100 %).",
        "attempts": 2,
        "tries": [{"number": 1}],
        "seconds": 1_234.5,
        "counts": {"seen": 5_000, "changed": 4_990, "quarantined": 10, "gone": 0},
        "counts_words": "Every one of 5,000 items seen is accounted for.",
        "cost": {"planned_total": 0.5, "measured_total": 0.004},
        "quarantine": {"count": 10, "where": "s3://b/quarantine/", "replay": "Replay it."},
        "undo": {"how": "Trigger ddb_migration_undo."},
        "links": {"execution": "https://console.example/x"},
    }
    return Report(**{**known, **fields})  # type: ignore[typeddict-item]  # what a notice reads


def nothing_more(**fields: Any) -> Report:
    return report(quarantine={"count": 0}, undo={"how": ""}, links={"execution": ""}, **fields)


def test_a_success_is_summed_up() -> None:
    """What happened, counts, cost, what is left to do, and where to look."""
    assert {
        "state": "SUCCEEDED",
        "title": "SUCCEEDED: migration orders-0123456789ab",
        "text": "1,000 of 1,000 segments done (100 %).\n"
        "Table orders, 1,000 segments, transform full_name; 2 attempts, 1,234 s.\n"
        "Items: 5,000 seen, 4,990 changed, 10 quarantined. "
        "Every one of 5,000 items seen is accounted for.\n"
        "Cost: $0.0040 measured, $0.50 planned, on list prices.\n"
        "Quarantined: 10 items, s3://b/quarantine/.\n"
        "Replay it.\n"
        "Undo: Trigger ddb_migration_undo.\n"
        "Execution: https://console.example/x",
    } == report_notice(report())


def test_a_red_run_is_a_failure_whatever_the_migration_did() -> None:
    """The cause comes first: nobody is told of a success when the run is red."""
    notice = report_notice(report(), "Tasks of this run failed: verify (failed).")

    assert "FAILED" == notice["state"]
    assert notice["title"].startswith("FAILED: ")
    assert notice["text"].startswith("Tasks of this run failed: verify (failed).\nTable orders")


def test_what_was_never_started_has_no_figures() -> None:
    """Nothing was counted, so nothing is claimed."""
    notice = report_notice(nothing_more(status="NOT_STARTED", reason="Rejected.", tries=[]))

    assert "Rejected.\nTable orders, 1,000 segments, transform full_name." == notice["text"]


def test_without_a_plan_only_the_measured_cost_is_told() -> None:
    """What was not planned is not made up."""
    notice = report_notice(report(cost={"planned_total": None, "measured_total": 2.0}))

    assert "\nCost: $2.00 measured, on list prices.\n" in notice["text"]


def test_a_hold_by_itself_says_that_nothing_has_to_be_done() -> None:
    """The reason says what makes it better; it goes on anyway."""
    notice = hold_notice("orders-0", Hold(THROTTLED, since=1.0, until=301.0))

    assert ("ON_HOLD", "ON_HOLD: migration orders-0") == (notice["state"], notice["title"])
    assert f"On hold: {THROTTLED}\nNothing is lost, and nothing has to be done" in notice["text"]


def test_a_hold_by_a_person_says_how_it_goes_on() -> None:
    """And how far it was, where that is known."""
    notice = hold_notice("orders-0", Hold("paused by ann", since=1.0), nothing_more())

    first, how, what, *_ = notice["text"].splitlines()
    assert ("On hold: paused by ann", True) == (first, "ddb-migrate resume" in how)
    assert "after 60 minutes on hold its execution ends by itself" in how
    assert what.startswith("Table orders")


def test_a_hold_for_money_says_how_far_the_limit_can_be_raised() -> None:
    """Whoever reads it may not be the author of the DAG."""
    spent = Hold("$5.00 was spent; the limit is $5.00.", since=1.0, kind="money")

    assert (
        "raises the limit (Migration tab, or ddb-migrate retune), as far as the DAG's "
        in (hold_notice("orders-0", spent)["text"])
    )
    assert "(retune), as far as the DAG's author allows." in ended_by(spent)


def test_a_title_fits_into_a_subject() -> None:
    """The longest id, too."""
    notice = report_notice(report(migration_id="m" * 90))

    assert NOTICE_TITLE_CHARS == len(notice["title"])
