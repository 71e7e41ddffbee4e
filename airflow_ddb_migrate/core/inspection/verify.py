"""The result of the check after a migration."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airflow_ddb_migrate.core.inspection.findings import CHECK
from airflow_ddb_migrate.core.inspection.report import InspectionReport
from airflow_ddb_migrate.core.text.markdown import code, codes, table

_SHOWN = 5
_KEY_CHARS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport(InspectionReport):
    """A check without writes: a transform is a fixed point, so it should change nothing.

    An item that is wrong in two ways counts twice.
    """

    @property
    def would_change(self) -> int:
        """Items that the transform would still change or delete."""
        return self.counts.changed + self.counts.deleted

    @property
    def check_failed(self) -> int:
        """Items that fail the transform's own check."""
        return self.findings.errors.get(CHECK, 0)

    @property
    def errors(self) -> dict[str, int]:
        """Items for which transform or check raised, by error class."""
        return {name: n for name, n in self.findings.errors.items() if name != CHECK}

    @property
    def left(self) -> int:
        return self.would_change + self.check_failed + sum(self.errors.values())

    def is_within(self, max_left: int) -> bool:
        """Return whether everything was checked, and no more is left than is allowed."""
        return self.is_complete and self.left <= max_left

    def failure(self, max_left: int) -> str:
        """Return what is left and where, what is allowed, and what to do."""
        unfinished = self.lanes_wanted - self.lanes_done
        return " ".join(
            part
            for part in (
                f"{unfinished:,} of {self.lanes_wanted:,} segments are not checked."
                if unfinished > 0
                else "",
                f"Of {self.counts.seen:,} items {self.would_change:,} would still change, "
                f"{self.check_failed:,} fail the transform's check and "
                f"{sum(self.errors.values()):,} fail with an error{self._classes()}; "
                f"{max_left:,} are allowed.",
                self._keys(),
                "Such items come from live traffic in the old format, an unfinished migration or "
                "quarantined items. Fix the cause and run the migration again: it changes only "
                "the items that are left.",
            )
            if part
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the figures and keys as plain data; never a value of an item."""
        return {
            **self.head(),
            "would_change": self.would_change,
            "check_failed": self.check_failed,
            "errors": self.errors,
        }

    def to_markdown(self) -> str:
        """Return the check's page for a person; keys only."""
        rows = (
            ("seen", self.counts.seen),
            ("would still change", self.would_change),
            ("fail the transform's check", self.check_failed),
            *((code(name), count) for name, count in self.errors.items()),
        )
        keys = "".join(
            f"- {code(name)}: {codes(some[:_SHOWN], _KEY_CHARS)}\n"
            for name, some in self.findings.examples.items()
        )
        return (
            f"# Check of {code(self.transform)} on table {code(self.table)}\n\n"
            f"{self.lanes_done:,} of {self.lanes:,} segments were checked.\n\n"
            f"{table(('items', ''), rows)}" + (f"\n## Keys\n\n{keys}" if keys else "")
        )

    def _classes(self) -> str:
        words = ", ".join(f"{name} {count:,}" for name, count in self.errors.items())
        return f" ({words})" if words else ""

    def _keys(self) -> str:
        parts = "; ".join(
            f"{name}: {_listed(keys)}" for name, keys in self.findings.examples.items() if keys
        )
        return f"Keys: {parts}." if parts else ""


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(keys[:_SHOWN])
