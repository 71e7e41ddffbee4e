"""Let the deployed Lambda look at some items: Airflow never touches the data."""

from typing import Any

from airflow_ddb_migrate.aws.facts import Questions
from airflow_ddb_migrate.aws.preflight import invoke
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import AwsRequestError, TransformError
from airflow_ddb_migrate.core.estimate import total_segments
from airflow_ddb_migrate.core.limits import QUARANTINE_JUDGED
from airflow_ddb_migrate.core.request import StartRequest
from airflow_ddb_migrate.core.sampled import Sampled
from airflow_ddb_migrate.core.table_facts import TableFacts

_WHAT = "what the transform does to the items (no sample); the plan takes every one for changed"


def sample(
    site: Site, request: StartRequest, facts: TableFacts, questions: Questions, started_at: str
) -> Sampled | None:
    """Return what the transform would do to some items; None when nobody could look.

    :raises TransformError: it cannot be used, or fails for every item.
    """
    event = {
        "action": "sample",
        "migration_id": site.migration_id,
        "transform": request.transform,
        "params": dict(request.params),
        "started_at": started_at,
        "table_name": facts.name,
        "key_names": list(facts.key_names),
        "total_segments": total_segments(facts.size_bytes, 1),
    }
    said = questions.ask(_WHAT, lambda: _asked(site, event), None)
    if said is None:
        return None
    if not said["ok"]:
        raise TransformError(said["error"])
    sampled = Sampled.from_dict(said)
    if sampled.failed == sampled.seen >= QUARANTINE_JUDGED:
        _refuse(request.transform, facts.name, sampled)
    return sampled


def _asked(site: Site, event: dict[str, Any]) -> dict[str, Any]:
    said = invoke(site, event)
    if "ok" not in said:
        raise AwsRequestError(f"The Lambda could not sample table {site.table.name}: {said}")
    return said


def _refuse(transform: str, table_name: str, sampled: Sampled) -> None:
    classes = ", ".join(f"{name} {count:,}" for name, count in sorted(sampled.errors.items()))
    raise TransformError(
        f"Transform {transform!r} fails for all of the {sampled.seen:,} items of table "
        f"{table_name} that were looked at ({classes}). Try it with airflow_ddb_migrate.testing."
        "run_transform, mend it, and run ddb-migrate deploy --transforms DIR."
    )
