"""Which versions are put together.

An older Airflow is resolved as of a date, soon after its release: it breaks with what came later.
"""

from dataclasses import dataclass
from pathlib import Path

PYTHONS = ("3.11", "3.12", "3.13")


@dataclass(frozen=True, slots=True)
class Release:
    """A version of Airflow; nothing that is newer than the date is installed beside it."""

    version: str
    as_of: str

    @property
    def minor(self) -> str:
        return self.version.rpartition(".")[0]


RELEASES = (
    Release("3.1.8", "2026-03-18"),
    Release("3.2.2", "2026-06-05"),
    Release("3.3.2", "2026-09-24"),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """An Airflow on a Python."""

    release: Release
    python: str

    @property
    def name(self) -> str:
        return f"{self.release.version}-{self.python}"


@dataclass(frozen=True, slots=True)
class Constrained:
    """An Airflow under the constraints of somebody who runs it."""

    airflow: str
    python: str

    @property
    def name(self) -> str:
        return f"mwaa-{self.airflow}"

    @property
    def file(self) -> Path:
        return Path(__file__).with_name("constraints") / f"{self.name}.txt"


CONSTRAINED = (Constrained("3.2.1", "3.12"), Constrained("3.3.1", "3.12"))


def pairs(pythons: tuple[str, ...] = PYTHONS) -> list[Pair]:
    return [Pair(release, python) for release in RELEASES for python in pythons]
