"""The input of the Distributed Map: constants once, segments as integers."""

import json
from collections.abc import Collection

from airflow_ddb_migrate.core.errors import InvalidInputError, PayloadTooLargeError
from airflow_ddb_migrate.core.execution.segments import lane_count, spread, validate_total_segments
from airflow_ddb_migrate.core.limits import DEFAULT_CONCURRENCY, MAP_CHILDREN, MAP_INPUT_BYTES
from airflow_ddb_migrate.core.names import slug, validate_migration_id, validate_table_name
from airflow_ddb_migrate.core.validation import is_number, is_whole

_DEFAULT_ID_CHARS = 60
_PERCENT = 100


def build_segment_payload(  # noqa: PLR0913 # one parameter for each field of the input
    table_name: str,
    total_segments: int,
    *,
    migration_id: str | None = None,
    attempt: int = 1,
    segments: Collection[int] | None = None,
    max_concurrency: int | None = None,
    tolerated_failure_percentage: float = 0,
) -> str:
    """Build the Distributed Map's input as compact JSON.

    :param total_segments: 1 ... 1,000,000. Beyond 10,000 the map gets 10,000 lanes, each of which
        works through every 10,000th segment.
    :param migration_id: seeds the order of the segments; by default it is made from the table's
        name.
    :param attempt: number of the execution within its migration, from 1.
    :param segments: only these lanes (each named by its first segment); by default all.
    :param max_concurrency: children at a time, 1 ... 10,000; by default 100.
    :param tolerated_failure_percentage: 0 ... 100, the percentage of lanes that may fail before
        Step Functions stops the rest. It does not decide whether the migration succeeded.
    :raises InvalidInputError: an argument is out of its range.
    :raises PayloadTooLargeError: the JSON is larger than StartExecution takes.
    """
    validate_table_name(table_name)
    lanes = lane_count(validate_total_segments(total_segments))
    name = validate_migration_id(migration_id or slug(table_name, _DEFAULT_ID_CHARS))
    workers = validate_max_concurrency(max_concurrency, lanes)
    payload = {
        "migration_id": name,
        "attempt": attempt,
        "table_name": table_name,
        "total_segments": total_segments,
        "lanes": lanes,
        "max_concurrency": workers,
        "tolerated_failure_percentage": validate_tolerated_failure(tolerated_failure_percentage),
        "segments": spread(_checked_lanes(segments, lanes), seed=name, workers=workers),
    }
    return _checked_size(json.dumps(payload, separators=(",", ":"), ensure_ascii=False))


def validate_max_concurrency(value: object, lanes: int = MAP_CHILDREN) -> int:
    """Return how many children run at a time: by default 100, and never more than lanes."""
    if value is None:
        return min(lanes, DEFAULT_CONCURRENCY)
    if not is_whole(value) or not 1 <= value <= MAP_CHILDREN:
        raise InvalidInputError(
            f"max_concurrency is {value!r}; it must be a whole number from 1 to {MAP_CHILDREN:,} "
            f"(Step Functions reads 0 as {MAP_CHILDREN:,}). Leave it out for {DEFAULT_CONCURRENCY}."
        )
    return value


def validate_tolerated_failure(value: object) -> float:
    """Return the tolerated percentage of failed lanes."""
    if not is_number(value) or not 0 <= value <= _PERCENT:
        raise InvalidInputError(
            f"tolerated_failure_percentage is {value!r}; it must be a number from 0 to 100."
        )
    return value


def _checked_lanes(segments: Collection[int] | None, lanes: int) -> Collection[int]:
    if segments is None:
        return range(lanes)
    wrong = next((s for s in segments if type(s) is not int or not 0 <= s < lanes), None)
    if wrong is not None:
        raise InvalidInputError(
            f"segments holds {wrong!r}; it must be a list of segment numbers from 0 to "
            f"{lanes - 1:,}."
        )
    if not segments or len(set(segments)) != len(segments):
        raise InvalidInputError("segments must have at least one lane, and each lane only once.")
    return segments


def _checked_size(payload: str) -> str:
    size = len(payload.encode())
    if size > MAP_INPUT_BYTES:
        raise PayloadTooLargeError(
            f"Map input is {size:,} bytes; Step Functions allows {MAP_INPUT_BYTES:,}. "
            "Lower total_segments or name fewer segments."
        )
    return payload
