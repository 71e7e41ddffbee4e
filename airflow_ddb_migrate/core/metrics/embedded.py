"""CloudWatch's embedded metric format: a line of a Lambda's log that carries metrics.

CloudWatch reads the metrics from the line: the function needs no permission and makes no call.
Source: "Specification: Embedded metric format", Amazon CloudWatch.
"""

import json
from collections.abc import Mapping, Sequence

from airflow_ddb_migrate.core.metrics.catalog import NAMESPACE, Metric

_DIGITS = 3


def embedded_line(
    values: Mapping[Metric, float],
    dimensions: Mapping[str, str],
    sets: Sequence[Sequence[str]],
    *,
    at: float,
    facts: Mapping[str, object],
) -> str:
    """Return one line of JSON.

    :param dimensions: the value of each dimension that ``sets`` name.
    :param at: seconds since the epoch.
    :param facts: what CloudWatch Logs can search for, but is not a metric.
    """
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": sets,
        "Metrics": [{"Name": metric.name, "Unit": metric.unit} for metric in values],
    }
    figures = {metric.name: round(value, _DIGITS) for metric, value in values.items()}
    root = {"_aws": {"Timestamp": round(at * 1000), "CloudWatchMetrics": [directive]}}
    return json.dumps({**facts, **root, **dimensions, **figures}, separators=(",", ":"))
