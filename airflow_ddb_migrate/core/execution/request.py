"""The request for a migration, which is checked before anything is touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_ddb_migrate.core.approval.author_rules import NO_RULES, AuthorRules
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.execution.payload import (
    validate_max_concurrency,
    validate_tolerated_failure,
)
from airflow_ddb_migrate.core.execution.segments import validate_total_segments
from airflow_ddb_migrate.core.health.alarms import (
    joined_alarms,
    validate_alarms,
    validate_healthy_for,
)
from airflow_ddb_migrate.core.hours.windows import Hours, hours_of, validate_windows
from airflow_ddb_migrate.core.limits import (
    HEALTHY_SECONDS,
    QUARANTINE_ITEMS,
    QUARANTINE_PERCENTAGE,
)
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.validation import (
    validate_at_least_zero,
    validate_count,
    validate_params,
    validate_switch,
)

_PLANNED = frozenset({"read_units_per_second", "write_units_per_second"})
_AT_LEAST_ZERO = (
    "read_units_per_second",
    "write_units_per_second",
    "max_quarantined_percentage",
    "slice_seconds",
)
_SWITCHES = ("once", "show_values", "single_writer_region")


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """What a migration should do. None leaves a figure to the plan.

    - ``params`` reach the transform as ``context.params``.
    - The budgets are units per second of the whole migration; 0: none.
    - ``of``: see MigrationRecord. UNDO and REPLAY use that migration's segments.
    - ``sample_lanes``: how many lanes a mode without writes reads, or a canary of a MIGRATE
      migrates; 0: all.
    - ``started_at_iso`` and ``context_id``: the start and the id that the transform sees; empty:
      this migration's own.
    - ``once``: refuse a migration that has already succeeded on this table.
    - ``single_writer_region``: nothing writes to a replica in another region meanwhile.
    - ``hold_while``: alarms that hold the migration; ``healthy_for``: seconds for which all alarms
      have to be OK before it resumes.
    - ``limits``: the rules of the DAG's author, which a run's configuration cannot give; ``asked``:
      the approvals that the run itself asked for.
    - ``windows``: the hours in which it may work, within those of ``limits``; none: always.
    """

    total_segments: int | None
    transform: str
    params: Mapping[str, Any]
    max_concurrency: int | None
    tolerated_failure_percentage: float
    started_by: str
    mode: Mode = Mode.MIGRATE
    of: str = ""
    sample_lanes: int = 0
    started_at_iso: str = ""
    context_id: str = ""
    read_units_per_second: float | None = None
    write_units_per_second: float | None = None
    max_quarantined: int = QUARANTINE_ITEMS
    max_quarantined_percentage: float = QUARANTINE_PERCENTAGE
    slice_seconds: float = 0
    show_values: bool = False
    once: bool = False
    single_writer_region: bool = False
    hold_while: Sequence[str] = ()
    healthy_for: float = HEALTHY_SECONDS
    limits: AuthorRules = NO_RULES
    asked: tuple[str, ...] = ()
    windows: Sequence[str] = ()

    @property
    def hours(self) -> Hours:
        """Return when it may work; ``validate`` refuses invalid windows."""
        return hours_of(self.windows, *self.limits.windows)

    @property
    def alarms(self) -> tuple[str, ...]:
        """Return the alarms of the request and of the DAG's author; raises InvalidInputError."""
        return joined_alarms(validate_alarms(self.hold_while), self.limits.hold_while)

    def validate(self) -> None:
        """Raise InvalidInputError if the migration cannot be started like this; touches nothing."""
        if self.total_segments is not None:
            validate_total_segments(self.total_segments)
        validate_max_concurrency(self.max_concurrency)
        validate_tolerated_failure(self.tolerated_failure_percentage)
        validate_params(self.params)
        validate_healthy_for(self.healthy_for)
        validate_alarms(self.alarms)
        for name in _AT_LEAST_ZERO:
            value = getattr(self, name)
            if value is not None or name not in _PLANNED:
                validate_at_least_zero(name, value)
        for name in ("max_quarantined", "sample_lanes"):
            validate_count(name, getattr(self, name))
        for name in _SWITCHES:
            validate_switch(name, getattr(self, name))
        self._validate_of()
        validate_windows(self.windows)

    def _validate_of(self) -> None:
        if self.mode not in {*Mode}:
            raise InvalidInputError(
                f"mode is {self.mode}, which this version does not know: a later version wrote it "
                "to the ledger. Upgrade this one."
            )
        needs = self.mode in {Mode.UNDO, Mode.REPLAY}
        if needs and not self.of:
            raise InvalidInputError(
                f"mode is {self.mode} and of is empty; of must be the id of the migration to undo "
                "or replay."
            )
        if self.mode is Mode.MIGRATE and self.of:
            raise InvalidInputError(
                f"mode is {self.mode} and of is {self.of!r}; of must be empty, since only an undo "
                "or a replay is about another migration."
            )

    def require_transform(self) -> None:
        """Raise InvalidInputError without a transform, which everything that starts work needs."""
        if not isinstance(self.transform, str) or not self.transform:
            raise InvalidInputError(
                f"transform is {self.transform!r}; it must be the name of a deployed transform, "
                "as in add_updated_at."
            )
