"""``python -m tests.conformance``, which ``make conformance`` runs: every engine, every case."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests import conftest

assert conftest.ROOT  # it has set the environment, for processes of their own, too

from tests.conformance.engines import ENGINES
from tests.conformance.known import known, remember
from tests.conformance.score import differences, score_table


def main(said: Mapping[str, str]) -> int:
    """Print what each engine does otherwise, and the table; RECORD=1 keeps it."""
    found = {}
    for name, engine in ENGINES.items():
        with (
            tempfile.TemporaryDirectory(prefix="conformance-") as folder,
            engine(Path(folder)) as bench,
        ):
            differs = differences(bench)
        print(f"{name}: {len(differs)} differ")
        for case, difference in differs.items():
            print(f"  {case}: {' '.join(difference.split())[:160]}")
        found[name] = list(differs)
    print(f"\n{score_table(found)}")
    if said.get("RECORD"):
        remember(found)
    return int(found != known())


if __name__ == "__main__":
    sys.exit(main(os.environ))
