"""A report as markdown, for the task's log and the command line."""

from collections.abc import Sequence

from airflow_ddb_migrate.core.ledger.events import named
from airflow_ddb_migrate.core.ledger.throttles import as_sentence
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.report.migration_report import Part, Report, ResourceCapacity
from airflow_ddb_migrate.core.text.bills import bill_part
from airflow_ddb_migrate.core.text.figures import dollars_words
from airflow_ddb_migrate.core.text.markdown import code, prose, table, visible_lines
from airflow_ddb_migrate.core.text.words import word_of

_STAGES = ("before", "during", "after")


def report_markdown(report: Report) -> str:
    """Return the whole report, without its empty parts."""
    sections = (_head, _items, _cost, _capacity, _way_back, _steered, _others, _where)
    texts = (text for section in sections if (text := section(report)))
    return visible_lines("\n\n".join(texts)) + "\n"


def _head(report: Report) -> str:
    aim = f" of {report['of']}" if report["of"] else ""
    what = f" ({report['mode']}{aim})" if report["mode"] else ""
    lines = [
        f"# Migration {report['migration_id']}: {report['status']}",
        "",
        prose(report["reason"]),
        "",
        f"Table {code(report['table'])}{what}, {report['segments']:,} segments, transform "
        f"{code(report['transform'])}.",
    ]
    if report["tries"]:
        lines.append(
            f"Started by {prose(report['started_by'])} on {report['started_at']}; "
            f"{report['seconds']:,.0f} s. {_tries(report)}."
        )
    return "\n".join(lines)


def _steered(report: Report) -> str:
    """Return the steering; older reports have none."""
    lines = [
        f"- {one['at']} {one['what'].lower()} by {prose(named(one['by'], one['caller']))}: "
        f"{prose(one['words'])}"
        for one in report.get("steered", ())
    ]
    return "\n".join(["## Steered", "", *lines]) if lines else ""


def _tries(report: Report) -> str:
    tries = [
        f"{one['number']}{' (canary)' if one['canary'] else ''} {one['result'] or 'not ended'}"
        for one in report["tries"]
    ]
    return f"Attempt{'s' if len(tries) > 1 else ''} {', '.join(tries)}"


def _items(report: Report) -> str:
    if not report["tries"]:
        return ""
    units = report["units"]
    return (
        f"{table(('items', ''), report['counts'].items())}\n{report['counts_words']} "
        f"Units: {units['read']:,.1f} read, {units['written']:,.1f} written.{_trouble(report)}\n\n"
        f"{report['writer']}{_runtime(report)}{_quarantine(report)}"
    )


def _runtime(report: Report) -> str:
    """Return Lambda's Python and botocore; older reports have none."""
    words = report.get("runtime", "")
    return f"\n\n{words}" if words else ""


def _trouble(report: Report) -> str:
    """Return throttled requests and conflicts; older reports have none."""
    words = report.get("trouble", "")
    return f" {as_sentence(words)}" if words else ""


def _quarantine(report: Report) -> str:
    quarantine = report["quarantine"]
    if not quarantine["count"]:
        return ""
    replays = "".join(f"\n- {_part_words(part)}" for part in quarantine["replays"])
    return (
        f"\n\n{quarantine['count']:,} items are quarantined: {quarantine['where']}. "
        f"{quarantine['replay']}{replays}"
    )


def _cost(report: Report) -> str:
    cost = report["cost"]
    names = list(dict.fromkeys((*cost["planned"], *cost["measured"])))
    rows: list[Sequence[str]] = [
        (bill_part(name), _dollars(cost["planned"].get(name)), _dollars(cost["measured"].get(name)))
        for name in names
    ]
    if not names:
        return ""
    rows.append(("total", _dollars(cost["planned_total"]), _dollars(cost["measured_total"])))
    rows.append(("time", _seconds(cost["planned_seconds"]), _seconds(report["seconds"])))
    return (
        f"{table(('cost', 'planned', 'measured'), rows)}\nAt list prices ({cost['prices']}): a "
        "guide, not a bill; - means not planned or not measured."
    )


def _capacity(report: Report) -> str:
    if not any(report["capacity"][stage] for stage in _STAGES):  # type: ignore[literal-required]
        return ""
    rows = [(stage, _capacity_words(report["capacity"][stage])) for stage in _STAGES]  # type: ignore[literal-required]
    return table(("capacity", "units per second"), rows).rstrip()


def _way_back(report: Report) -> str:
    backup, undo = report["backup"], report["undo"]
    lines = []
    if backup:
        restore = (
            f" To restore it into a new table: {code(backup['restore'], 500)}"
            if backup["restore"]
            else ""
        )
        late = " It was made after the migration had begun." if backup["late"] else ""
        lines.append(f"Backup: {backup['words']}{late}{restore}")
    elif report["tries"]:
        lines.append("Backup: the backup gate did not run for this migration.")
    if undo["how"]:
        lines.append(f"Undo: {undo['how']}")
    lines += [f"- {_part_words(part)}" for part in undo["undos"]]
    return "\n".join(lines)


def _others(report: Report) -> str:
    return "\n".join(f"- {_part_words(part)}" for part in report["parts"])


def _part_words(part: Part) -> str:
    changed = part["counts"].get("changed", 0) + part["counts"].get("deleted", 0)
    seen = part["counts"].get("seen", 0)
    verb = "changed" if word_of(Mode, part["mode"]).writes else "would change"
    who = prose(part["started_by"])
    by = f", started by {who} on {part['started_at']}" if who else ""
    return (
        f"{part['mode']} {part['migration_id']}: {part['status']}, {seen:,} items seen, "
        f"{changed:,} {verb}{by}."
    )


def _where(report: Report) -> str:
    names = {
        "execution": "Execution",
        "map_run_arn": "Map run",
        "bucket": "Undo log, quarantine and this report",
        "log_group": "Logs of the Lambda",
    }
    shown = ((words, report["links"][name]) for name, words in names.items())  # type: ignore[literal-required]
    return "\n".join(f"- {words}: {where}" for words, where in shown if where)


def _capacity_words(shown: ResourceCapacity | None) -> str:
    if shown is None:
        return "-"
    parts = {"table": shown["table"], **shown["indexes"]}
    words = (f"{name} {u['read']:,} read / {u['write']:,} write" for name, u in parts.items())
    return f"{shown['billing_mode']}: {', '.join(words)}"


def _dollars(amount: float | None) -> str:
    return "-" if amount is None else dollars_words(amount)


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:,.0f} s"
