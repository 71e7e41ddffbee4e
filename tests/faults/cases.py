"""All that is known of a run with violations, kept for whoever looks for the cause."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

from airflow_ddb_migrate.aws.services.bucket import Bucket
from tests.faults.checker import Violation
from tests.faults.run import Run

CASES = Path(__file__).parents[2] / ".faults" / "cases"


def keep_case(run: Run, violations: Sequence[Violation]) -> Path:
    """Write a file with what live traffic did, what the bucket holds and what was said."""
    CASES.mkdir(parents=True, exist_ok=True)
    paths = (CASES / f"{run.name}-{run.seed}-{number}.json" for number in count(1))
    path = next(path for path in paths if not path.exists())
    case = {
        "violations": list(map(str, violations)),
        "ends": run.ends,
        "said": run.said,
        "history": [asdict(operation) for operation in run.application.history],
        "at_end": [asdict(operation) for operation in run.application.read_all()],
        "migrations": {site.migration_id: _migration(site) for site in run.sites},
    }
    path.write_text(json.dumps(case, indent=1, default=str) + "\n")
    return path


def _migration(site: Any) -> dict[str, Any]:
    return {
        "objects": dict(_objects(site.bucket)),
        "lanes": [asdict(row) for row in site.lanes.all(site.migration_id)],
    }


def _objects(bucket: Bucket) -> Iterator[tuple[str, Any]]:
    """Every object with rows: the undo log with its voids, the quarantine, what an undo kept."""
    for folder in ("undo/", "quarantine/", "kept/"):
        for path in bucket.paths(folder):
            yield path, bucket.get(path)
