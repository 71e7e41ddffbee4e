"""``python -m tests.faults``, which ``make faults`` runs: every kind of fault with many seeds."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence

from tests import conftest

assert conftest.ROOT  # it has set the environment, for processes of their own, too

from tests.faults.crew import crew
from tests.faults.kinds import KINDS
from tests.faults.results import LATEST, Result, keep, kept, line, table


def main(said: Mapping[str, str]) -> int:
    """Run what the environment says; see the Makefile."""
    names = _names(said.get("FAULTS_ONLY") or "")
    seed = said.get("FAULT_SEED") or ""
    seeds = [int(seed)] if seed else range(int(said.get("FAULT_SEEDS") or 50))
    outage = float(said.get("FAULT_OUTAGE_SECONDS") or 30)
    jobs = int(said.get("FAULT_JOBS") or os.cpu_count() or 1)
    if not names:
        known = ", ".join(("wire", "worker", "control", *KINDS))
        print(f"FAULTS_ONLY={said['FAULTS_ONLY']} names none of: {known}")
        return 2
    # Seed after seed: a campaign cut short has been everywhere.
    tasks = [(name, seed) for seed in seeds for name in names]
    results = [one for one in kept() if one.task in tasks] if said.get("FAULT_RESUME") else []
    done = {one.task for one in results}
    left = [task for task in tasks if task not in done]
    for result in _until_cut_short(crew(left, jobs, outage)):
        results.append(result)
        print(line(result), flush=True)
        keep(results)
    print(f"\n{table(results)}\n\n{len(results)} of {len(tasks)} runs. Kept in {LATEST}.")
    return int(len(results) < len(tasks) or any(result.violations for result in results))


def _names(only: str) -> Sequence[str]:
    """Return the kinds that are named, by themselves or by where they strike."""
    wanted = set(only.split(","))
    return [name for name, kind in KINDS.items() if not only or wanted & {name, str(kind.where)}]


def _until_cut_short(results: Iterator[Result]) -> Iterator[Result]:
    """Give what there is when a person has had enough."""
    try:
        yield from results
    except KeyboardInterrupt:
        print("\nCut short.")


if __name__ == "__main__":
    sys.exit(main(os.environ))
