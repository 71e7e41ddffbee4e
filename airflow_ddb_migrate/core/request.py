"""What a migration is asked to do, checked before anything is touched."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import QUARANTINE_ITEMS, QUARANTINE_PERCENTAGE
from airflow_ddb_migrate.core.payload import validate_max_concurrency, validate_tolerated_failure
from airflow_ddb_migrate.core.records import Mode
from airflow_ddb_migrate.core.segments import validate_total_segments

_AT_LEAST_ZERO = (
    "read_units_per_second",
    "write_units_per_second",
    "max_quarantined",
    "max_quarantined_percentage",
    "slice_seconds",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """What a migration should do. ``params`` reach the transform as ``context.params``.

    The budgets are units per second of the whole migration, 0 for none. UNDO reverts the migration
    ``undo_of``, whose segments it takes. For the rest see MigrationRecord.
    """

    total_segments: int
    transform: str
    params: Mapping[str, Any]
    max_concurrency: int | None
    tolerated_failure_percentage: float
    started_by: str
    mode: Mode = Mode.MIGRATE
    undo_of: str = ""
    read_units_per_second: float = 0
    write_units_per_second: float = 0
    max_quarantined: int = QUARANTINE_ITEMS
    max_quarantined_percentage: float = QUARANTINE_PERCENTAGE
    slice_seconds: float = 0
    show_values: bool = False

    def validate(self) -> None:
        """Raise InvalidInputError for whatever cannot be started; touches nothing."""
        validate_total_segments(self.total_segments)
        validate_max_concurrency(self.max_concurrency)
        validate_tolerated_failure(self.tolerated_failure_percentage)
        if not isinstance(self.params, Mapping):
            raise InvalidInputError(
                f"params is {self.params!r}; it must be an object, as in "
                '{"table": "orders", "params": {"attribute": "updatedAt"}}.'
            )
        for name in _AT_LEAST_ZERO:
            validate_at_least_zero(name, getattr(self, name))
        if (self.mode is Mode.UNDO) != bool(self.undo_of):
            raise InvalidInputError(
                f"mode is {self.mode} and undo_of is {self.undo_of!r}; an UNDO names the migration "
                "that it reverts, and nothing else does."
            )

    def require_transform(self) -> None:
        """Raise InvalidInputError without a transform; only what starts nothing needs none."""
        if not isinstance(self.transform, str) or not self.transform:
            raise InvalidInputError(
                f"transform is {self.transform!r}; it must be the name of a module of the deployed "
                "stack, as in add_updated_at."
            )


def validate_at_least_zero(name: str, value: object) -> None:
    """Raise InvalidInputError unless the value is a finite number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise InvalidInputError(f"{name} is {value!r}; it must be a number of at least 0.")
