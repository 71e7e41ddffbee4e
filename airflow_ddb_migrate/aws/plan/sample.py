"""Let the deployed Lambda read some items, since Airflow never touches the data."""

from typing import Any

from airflow_ddb_migrate.aws.plan.table_facts import Questions
from airflow_ddb_migrate.aws.services.function import invoke, refusal_of
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import AwsRequestError, TransformError
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.inspection.sample import SampleResult
from airflow_ddb_migrate.core.limits import QUARANTINE_JUDGED, TOTAL_SEGMENTS
from airflow_ddb_migrate.core.plan.planner import is_stale
from airflow_ddb_migrate.core.plan.segmentation import total_segments
from airflow_ddb_migrate.core.plan.table_facts import TableFacts

_WHAT = "what the transform does to the items (no sample); the plan assumes that every item changes"
_SMALLER = 16  # times as many segments, so at most five tries for any size of table


def take_sample(
    site: Site, request: StartRequest, facts: TableFacts, questions: Questions, started_at: str
) -> SampleResult | None:
    """Return what the transform would do to some items; None if they could not be read.

    If AWS's item count is clearly wrong, as for a table that was just loaded, smaller and smaller
    segments are read until most of them fit into one page. That gives the number of items.

    :raises TransformError: the transform cannot be used, or fails for every item.
    """
    event = {
        "action": "sample",
        "migration_id": site.migration_id,
        "transform": request.transform,
        "params": dict(request.params),
        "started_at": started_at,
        "table_name": facts.name,
        "key_names": list(facts.key_names),
    }
    segments = total_segments(facts.size_bytes, 1)
    sampled = _sampled(site, {**event, "total_segments": segments}, questions)
    while sampled and sampled.is_dense and is_stale(facts, sampled) and segments < TOTAL_SEGMENTS:
        segments = min(_SMALLER * segments, TOTAL_SEGMENTS)
        finer = _sampled(site, {**event, "total_segments": segments}, questions)
        if finer is None:
            break
        sampled = finer
    if sampled and sampled.failed == sampled.seen >= QUARANTINE_JUDGED:
        _refuse(request.transform, facts.name, sampled)
    return sampled


def _sampled(site: Site, event: dict[str, Any], questions: Questions) -> SampleResult | None:
    said = questions.ask(_WHAT, lambda: _asked(site, event), None)
    if said is None:
        return None
    if not said["ok"]:
        raise refusal_of(said)
    return SampleResult.from_dict(said)


def _asked(site: Site, event: dict[str, Any]) -> dict[str, Any]:
    said = invoke(site.clients.lambda_, site.stack.function_arn, event)
    if "ok" not in said:
        raise AwsRequestError(f"The Lambda could not sample table {site.table.name}: {said}")
    return said


def _refuse(transform: str, table_name: str, sampled: SampleResult) -> None:
    classes = ", ".join(f"{name} {count:,}" for name, count in sorted(sampled.errors.items()))
    raise TransformError(
        f"Transform {transform!r} fails for all of the {sampled.seen:,} sampled items of table "
        f"{table_name} ({classes}). Try it with airflow_ddb_migrate.testing.run_transform, fix "
        "it, and run ddb-migrate deploy --transforms DIR."
    )
