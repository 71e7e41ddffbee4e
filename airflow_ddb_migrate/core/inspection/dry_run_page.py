"""The markdown page of a dry run, narrow enough for Airflow's UI and limited in length."""

from collections.abc import Iterator, Mapping

from airflow_ddb_migrate.core.inspection.dry_run import (
    ITEM_TOO_LARGE,
    NOT_A_FIXED_POINT,
    DryRunReport,
    Example,
)
from airflow_ddb_migrate.core.text.markdown import code, codes, quoted, table

_SHOWN = 20  # the most attributes, types and error classes; the JSON has all
_SHOWN_ATTRIBUTES = 8  # the most attributes of one example
_NAME_CHARS = 60
_KEY_CHARS = 300
_VALUE_CHARS = 100
_WHAT_TO_DO = {
    NOT_A_FIXED_POINT: "the transform changes its own result again. Let it recognise items that "
    "it has changed already; otherwise, a page that is processed twice is "
    "changed twice",
    ITEM_TOO_LARGE: "the item is over 400 KB after the change. Add less, or remove something",
}


def dry_run_markdown(report: DryRunReport) -> str:
    """Return the page by which a person decides.

    It has item values only if the report's examples have.
    """
    parts = (
        f"# Dry run of {code(report.transform)} on table {code(report.table)}\n",
        _looked_at(report),
        _items(report),
        _cost(report),
        _sizes(report),
        _counted("Attributes that would change", "attribute", report.attributes),
        _counted("Types that would change", "attribute", report.findings.type_changes),
        _errors(report),
        _examples(report),
        f"Kept differences: {code(report.diff_uri, _KEY_CHARS)}\n",
    )
    return "\n".join(part for part in parts if part)


def _looked_at(report: DryRunReport) -> str:
    share = f"{report.lanes_done:,} of {report.lanes:,} segments were checked"
    text = f"**Nothing was written.** {share}{'' if report.is_sample else ', the whole table'}.\n"
    if not report.is_complete:
        missing = report.lanes_wanted - report.lanes_done
        text += f"\n**It is not finished**: {missing:,} segments are missing from these figures.\n"
    if not report.seen:
        text += "\n**It saw no items**: the table is empty, or no item passes the filter.\n"
    return text


def _items(report: DryRunReport) -> str:
    counts = report.counts
    rows = (
        ("seen", counts.seen),
        ("would be changed", counts.changed),
        ("would be deleted", counts.deleted),
        ("would be quarantined", counts.quarantined),
        ("stay as they are", counts.unchanged + counts.already + counts.gone),
        ("skipped by the transform", counts.skipped),
    )
    return table(("items", ""), rows)


def _cost(report: DryRunReport) -> str:
    text = (
        f"**{report.write_units:,} write units** on the table; each index that holds a changed "
        f"attribute costs its own. The dry run used {report.read_units:,.0f} read units.\n"
    )
    if report.is_sample and report.lanes_done:
        changed, deleted, units = map(
            report.for_the_whole_table, (report.changed, report.deleted, report.write_units)
        )
        text += (
            f"\nFor the whole table, that is about {changed:,} changed items, {deleted:,} deleted "
            f"items and {units:,} write units.\n"
        )
    return text


def _sizes(report: DryRunReport) -> str:
    before, after = report.findings.before, report.findings.after
    if not before:
        return ""
    rows = (
        (_size(bound), before.get(bound, 0), after.get(bound, 0))
        for bound in sorted({*before, *after})
    )
    return (
        "## Sizes\n\n"
        + table(("item up to", "before", "after"), rows)
        + "\nItems that grow past a multiple of 1 KB, so that each later write costs more: "
        f"{report.larger_step:,}. Items that would exceed 400 KB: {report.too_large:,}.\n"
    )


def _size(size: int) -> str:
    return f"{size // 1024:,} KB" if size >= 1024 else f"{size:,} bytes"  # noqa: PLR2004  # a KB


def _counted(title: str, what: str, counter: Mapping[str, int]) -> str:
    if not counter:
        return ""
    rows = [(code(quoted(name), _NAME_CHARS), count) for name, count in counter.items()]
    return f"## {title}\n\n{table((what, 'items'), rows[:_SHOWN])}{_more(len(rows))}"


def _more(number: int) -> str:
    return f"\nAnd {number - _SHOWN:,} more.\n" if number > _SHOWN else ""


def _errors(report: DryRunReport) -> str:
    errors = report.findings.errors
    if not errors:
        return "## Errors\n\nNone.\n"
    rows = sorted(errors.items(), key=lambda item: -item[1])
    lines = "".join(_error(report, name, count) for name, count in rows[:_SHOWN])
    return f"## Errors\n\n{lines}{_more(len(rows))}"


def _error(report: DryRunReport, name: str, count: int) -> str:
    advice = f": {_WHAT_TO_DO[name]}." if name in _WHAT_TO_DO else ""
    keys = report.findings.examples.get(name, ())
    where = f"\n  - {codes(keys, _KEY_CHARS)}" if keys else ""
    return f"- {code(quoted(name), _NAME_CHARS)} {count:,}{advice}{where}\n"


def _examples(report: DryRunReport) -> str:
    if not report.examples:
        return f"## Examples\n\n{report.examples_missing or 'None.'}\n"
    missing = f"Types only. Values: {report.examples_missing}\n\n" * bool(report.examples_missing)
    lines = (line for one in report.examples for line in _example(one))
    return f"## Examples\n\n{missing}{''.join(lines)}"


def _example(example: Example) -> Iterator[str]:
    after = f" to {example.after_bytes:,}" if example.after_bytes else ""
    yield (
        f"- {code(example.key, _KEY_CHARS)} {example.outcome}, "
        f"{example.before_bytes:,}{after} bytes\n"
    )
    for diff in example.attributes[:_SHOWN_ATTRIBUTES]:
        name = code(quoted(diff.name), _NAME_CHARS)
        before, after = code(diff.before, _VALUE_CHARS), code(diff.after, _VALUE_CHARS)
        yield f"  - {name}: {before} → {after}\n"
    if len(example.attributes) > _SHOWN_ATTRIBUTES:
        yield f"  - and {len(example.attributes) - _SHOWN_ATTRIBUTES:,} more attributes\n"
