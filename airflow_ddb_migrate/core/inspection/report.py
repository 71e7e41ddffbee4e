"""What the reports of all modes without writes have in common."""

from dataclasses import dataclass
from typing import Any

from airflow_ddb_migrate.core.inspection.findings import Findings
from airflow_ddb_migrate.core.ledger.counts import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionReport:
    """The common part: ``lanes_done`` of the ``lanes_wanted`` lanes were checked, of ``lanes``.

    ``of`` is the migration to which it belongs.
    """

    migration_id: str
    of: str
    table: str
    transform: str
    lanes_done: int
    lanes_wanted: int
    lanes: int
    counts: Counts
    findings: Findings

    @property
    def is_complete(self) -> bool:
        """Whether everything that should be checked was checked."""
        return self.lanes_done >= self.lanes_wanted

    def head(self) -> dict[str, Any]:
        """Return the common fields and the keys of examples; never a value."""
        return {
            "migration_id": self.migration_id,
            "of": self.of,
            "table": self.table,
            "transform": self.transform,
            "lanes_done": self.lanes_done,
            "lanes_wanted": self.lanes_wanted,
            "lanes": self.lanes,
            "counts": self.counts.to_dict(),
            "keys": {name: list(keys) for name, keys in self.findings.examples.items()},
        }
