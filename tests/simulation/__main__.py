"""Simulate migrations at full size; ``make simulate``."""

import argparse
import json
import sys
from pathlib import Path

from tests.simulation.model import Run, run
from tests.simulation.report import line, picture, table
from tests.simulation.results import Result, result_of
from tests.simulation.scenarios import ALL, Scenario

FOLDER = Path(__file__).parents[2] / ".simulate"
_COMPARED = frozenset({"spread", "shuffled", "in-order"})


def main(names: list[str]) -> None:
    chosen = [scenario for scenario in ALL if not names or scenario.name in names]
    if unknown := set(names) - {scenario.name for scenario in chosen}:
        known = ", ".join(scenario.name for scenario in ALL)
        sys.exit(f"There is no scenario {', '.join(sorted(unknown))}; there are {known}.")
    FOLDER.mkdir(exist_ok=True)
    compared: list[Run] = []
    results = [_simulated(scenario, compared) for scenario in chosen]
    if len(compared) > 1:
        (FOLDER / "order.svg").write_text(picture(*compared))
    rows = {result.name: result.to_dict() for result in results}
    (FOLDER / "latest.json").write_text(json.dumps(rows, indent=1) + "\n")
    print("\n".join(table(results)))


def _simulated(scenario: Scenario, compared: list[Run]) -> Result:
    """Simulate one; only what is drawn together is kept whole."""
    done = run(scenario)
    if scenario.name in _COMPARED:
        compared.append(done)
    (FOLDER / f"{scenario.name}.svg").write_text(picture(done))
    result = result_of(done)
    print(f"{line(result)} {result.real_seconds:.0f} s", file=sys.stderr, flush=True)
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", nargs="*", help="names; by default all")
    main(parser.parse_args().scenario)
