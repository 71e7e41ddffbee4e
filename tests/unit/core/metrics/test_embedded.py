"""Lines of a log in CloudWatch's embedded metric format."""

import json
from typing import Any

import jsonschema
import pytest
from airflow_ddb_migrate.core.limits import MAP_CHILDREN, TABLE_NAME_CHARS
from airflow_ddb_migrate.core.metrics import catalog
from airflow_ddb_migrate.core.metrics.catalog import Detail, Metric
from airflow_ddb_migrate.core.metrics.embedded import embedded_line
from tests.support.embedded_metrics import checked, metric_names

NAMES = {"Stack": "ddb-migrate", "Table": "orders", "Migration": "orders-0123456789ab"}


def line(**changes: Any) -> str:
    given: dict[str, Any] = {
        "values": dict.fromkeys(catalog.WORKER, 1.5),
        "dimensions": NAMES,
        "sets": Detail.MIGRATION.sets,
        "at": 1_700_000_000.1234,
        "facts": {"mode": "MIGRATE", "attempt": 1},
    }
    values, dimensions, sets = (
        {**given, **changes}.pop(k) for k in ("values", "dimensions", "sets")
    )
    rest = {k: v for k, v in {**given, **changes}.items() if k in {"at", "facts"}}
    return embedded_line(values, dimensions, sets, **rest)


@pytest.mark.parametrize("detail", [Detail.TABLE, Detail.MIGRATION])
def test_a_line_is_what_the_specification_asks_for(detail: Detail) -> None:
    """With every metric that there is, by each dimension set."""
    document = checked(line(sets=detail.sets))

    assert {metric.name for metric in catalog.WORKER} == metric_names(document)
    assert list(map(list, detail.sets)) == document["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
    assert 1_700_000_000_123 == document["_aws"]["Timestamp"]


def test_the_longest_names_make_a_small_line() -> None:
    """A log event has 1 MB; AWS charges by the byte."""
    names = {"Stack": "s" * 50, "Table": "t" * TABLE_NAME_CHARS[1], "Migration": "m" * 75}
    document = line(
        values=dict.fromkeys(catalog.WORKER, 123_456_789.123),
        dimensions=names,
        facts={"lane": MAP_CHILDREN, "throttle_reasons": dict.fromkeys(map(str, range(12)), 1)},
    )

    assert checked(document)
    assert len(document.encode()) < 3_000


def test_figures_have_three_digits() -> None:
    """A unit of DynamoDB's is a half at least."""
    document = checked(line(values={catalog.READ_UNITS: 0.1 + 0.2}))

    assert 0.3 == document["ReadUnits"]


@pytest.mark.parametrize(
    "broken",
    [
        line().replace('"Count"', '"Items"', 1),
        line().replace('"Table":"orders"', '"Table":7'),
        line().replace('"Table":"orders"', '"Table":":orders"'),
        line().replace('"Table":"orders"', '"Table":"bestellungen-\\u00fc"'),
        line().replace('"ItemsSeen":1.5', '"ItemsSeen":"many"'),
        line().replace('"ItemsSeen":1.5', '"ItemsSeen":NaN'),
        line(values={Metric("n" * 256): 1}),
        line(values={}),
        line(values={Metric(f"n{i}"): 1 for i in range(101)}),
        line(sets=[[f"d{i}" for i in range(31)]], dimensions={f"d{i}": "x" for i in range(31)}),
        line().replace('"Timestamp":', '"Time":'),
        json.dumps({**json.loads(line()), "ItemsSeen": [1] * 101}),
        json.dumps({**json.loads(line()), "pad": "x" * 1_048_576}),
    ],
)
def test_the_check_finds_what_cloudwatch_would_drop(broken: str) -> None:
    """It would drop the metrics, and say so nowhere."""
    with pytest.raises((jsonschema.ValidationError, ValueError)):
        checked(broken)


def test_what_is_off_has_no_dimension_set() -> None:
    """And so no metrics."""
    assert () == Detail.OFF.sets


def test_names_are_told_apart_in_any_case() -> None:
    """Two metrics of one name would be one, in dashboards as well."""
    names = [metric.name.lower() for metric in (*catalog.WORKER, *catalog.SAFETY_NET)]

    assert len(names) == len(set(names))
