"""Names of what is created for the questions. All of them begin with one prefix."""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from airflow_ddb_migrate.core.errors import InvalidInputError

TAG: Final = "airflow-ddb-migrate-prove"  # its value is the prefix

_PREFIX: Final = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")
_HASH_CHARS: Final = 12


@dataclass(frozen=True, slots=True)
class ScratchNames:
    """The names with one prefix, which are valid in every service."""

    prefix: str

    @property
    def table(self) -> str:
        """An on-demand table with one global index."""
        return f"{self.prefix}-prove"

    @property
    def slow_table(self) -> str:
        """A provisioned table of one write unit."""
        return f"{self.prefix}-prove-slow"

    @property
    def scan_table(self) -> str:
        """An on-demand table to scan."""
        return f"{self.prefix}-prove-scan"

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.table, self.slow_table, self.scan_table)

    @property
    def others(self) -> str:
        """The name of the function, the role and the state machine."""
        return f"{self.prefix}-prove"

    def bucket(self, account: str) -> str:
        """Return a name that no other account has and that does not reveal the account."""
        digest = hashlib.sha256(f"{account}/{self.prefix}".encode()).hexdigest()
        return f"{self.prefix}-prove-{digest[:_HASH_CHARS]}"


def scratch_names(prefix: str) -> ScratchNames:
    """Return the names; raises InvalidInputError if a bucket cannot have such a name."""
    if not _PREFIX.fullmatch(prefix) or "--" in prefix:
        raise InvalidInputError(
            f"--table-prefix is {prefix!r:.100}; it must be 3 to 40 characters of a-z, 0-9 and "
            "single '-', beginning with a letter and not ending with '-'."
        )
    return ScratchNames(prefix)
