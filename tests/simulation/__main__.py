"""Simulate migrations at full size; ``make simulate``. Ends with 1 when a goal was missed."""

import argparse
import json
import sys
from pathlib import Path

from tests.simulation import agreement, ledger_load
from tests.simulation.agreement import Agreement
from tests.simulation.cases import ALL
from tests.simulation.ledger_load import LedgerLoad
from tests.simulation.model import Run, run
from tests.simulation.report import line, picture, table
from tests.simulation.results import Result, result_of
from tests.simulation.scenarios import Scenario
from tests.support.worlds.migration_world import moto_dynamodb

FOLDER = Path(__file__).parents[2] / ".simulate"
_TOGETHER = {
    "order": ("spread", "shuffled", "in-order"),
    "split": ("crowded", "splitting"),
    "skew": ("even", "skewed"),
    "gate": ("live", "live-throttles", "live-busy"),
}
_COMPARED = {name for names in _TOGETHER.values() for name in names}
_SHOWN = {*_TOGETHER, "retuned", "paused"}  # in docs/simulation.md


def main(names: list[str], pictures: Path | None) -> int:
    """Run the scenarios of these names, by default all; return the exit code."""
    _require_known(names)
    FOLDER.mkdir(exist_ok=True)
    folders = [FOLDER, *([pictures] if pictures else [])]
    agreed = _agreement() if not names or agreement.NAME in names else None
    loads = _ledger_loads() if not names or ledger_load.NAME in names else []
    compared: dict[str, Run] = {}
    results = [
        _simulated(scenario, compared, folders)
        for scenario in ALL
        if not names or scenario.name in names
    ]
    for title, together in _TOGETHER.items():
        if all(name in compared for name in together):
            _draw(title, picture(*(compared[name] for name in together)), folders)
    _keep({result.name: result.to_dict() for result in results})
    _keep({agreement.NAME: agreed.to_dict()} if agreed else {})
    _keep(
        {ledger_load.NAME: {str(load.workers): load.to_dict() for load in loads}} if loads else {}
    )
    print("\n".join(table(results)))
    return _verdict(results, agreed, loads)


def _require_known(names: list[str]) -> None:
    known = [agreement.NAME, ledger_load.NAME, *(scenario.name for scenario in ALL)]
    if unknown := set(names) - set(known):
        sys.exit(
            f"There is no scenario {', '.join(sorted(unknown))}; there are {', '.join(known)}."
        )


def _agreement() -> Agreement:
    with moto_dynamodb() as dynamodb:
        agreed = agreement.compare(dynamodb, agreement.MILLION)
    print(agreed, file=sys.stderr, flush=True)
    return agreed


def _ledger_loads() -> list[LedgerLoad]:
    loads = []
    for workers in ledger_load.WORKERS:
        loads.append(ledger_load.simulated(workers))
        print(f"ledger of {workers:,} workers: done", file=sys.stderr, flush=True)
    return loads


def _simulated(scenario: Scenario, compared: dict[str, Run], folders: list[Path]) -> Result:
    """Simulate one and draw it; only what is drawn together is kept whole."""
    done = run(scenario)
    if scenario.name in _COMPARED:
        compared[scenario.name] = done
    _draw(scenario.name, picture(done), folders)
    result = result_of(done)
    print(f"{line(result)} {result.real_seconds:.0f} s", file=sys.stderr, flush=True)
    return result


def _draw(name: str, svg: str, folders: list[Path]) -> None:
    """Write a picture to the first folder; to the others only if the docs show it."""
    own, *others = folders
    (own / f"{name}.svg").write_text(svg)
    for folder in others if name in _SHOWN else []:
        (folder / f"simulation-{name}.svg").write_text(svg)


def _keep(rows: dict[str, dict[str, object]]) -> None:
    """Put the figures of these runs in the place of former ones of the same scenarios."""
    latest = FOLDER / "latest.json"
    kept = json.loads(latest.read_text()) if latest.exists() else {}
    latest.write_text(json.dumps({**kept, **rows}, indent=1) + "\n")


def _verdict(results: list[Result], agreed: Agreement | None, loads: list[LedgerLoad]) -> int:
    """Say what was missed; return 1 then."""
    missed = [f"{result.name} ({', '.join(result.missed)})" for result in results if result.missed]
    if agreed:
        print(f"\n{agreed}")
        missed += [] if agreed.is_met else [agreement.NAME]
    if loads:
        print("\n" + "\n".join(ledger_load.table(loads)))
        missed += [f"{ledger_load.NAME} ({row.workers:,})" for row in loads if not row.is_met]
    if missed:
        print(f"\nMissed: {', '.join(missed)}.")
    return 1 if missed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", nargs="*", help="names; by default all")
    parser.add_argument("--pictures", type=Path, help="a folder for the pictures that docs show")
    chosen = parser.parse_args()
    sys.exit(main(chosen.scenario, chosen.pictures))
