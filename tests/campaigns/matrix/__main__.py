"""Install the wheel beside other versions, and look whether it works; ``make matrix``.

Ends with 1 when something does not.
"""

import argparse
import sys
from collections.abc import Iterable

from tests.campaigns.matrix import chain, pythons, rows
from tests.campaigns.matrix.environments import new_wheel
from tests.campaigns.matrix.table import Row, reasons, table
from tests.campaigns.matrix.versions import CONSTRAINED, PYTHONS, pairs


def main() -> int:
    options = _options()
    wheel = new_wheel()
    shown: list[Row] = []
    if not options.chain:
        pythons_of_all = (pythons.running(),) if options.quick else PYTHONS
        wanted = [one for one in pairs(pythons_of_all) if options.only in one.name]
        columns = (*(rows.QUICK_CHECKS if options.quick else rows.CHECKS), *rows.VERSIONS)
        done = (rows.tried(pair, wheel, is_quick=options.quick) for pair in wanted)
        shown += _show(rows.HEADS, columns, done)
    if not (options.chain or options.quick or options.only):
        resolved = (rows.constrained(one, wheel) for one in CONSTRAINED)
        shown += _show(rows.CONSTRAINED_HEADS, ("resolve", *rows.VERSIONS), resolved)
    if options.chain or options.all:
        chosen = [one for one in pairs((pythons.running(),)) if options.only in one.name]
        run = (chain.run(pair.release, wheel) for pair in chosen)
        shown += _show(chain.HEADS, chain.COLUMNS, run)
    return int(any(row.is_failed for row in shown) or not shown)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="matrix", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one Python, only the example DAGs")
    parser.add_argument("--chain", action="store_true", help="only the chain on a real Airflow")
    parser.add_argument("--all", action="store_true", help="everything, the chain too")
    parser.add_argument("--only", default="", help="part of a name, as 3.1.8-3.11 or 3.1.8")
    return parser.parse_args()


def _show(heads: tuple[str, ...], columns: tuple[str, ...], rows: Iterable[Row]) -> list[Row]:
    """Print the table when all of it is known, and each row's name before, for it takes time."""
    known = []
    for row in rows:
        known.append(row)
        print(f"{' '.join(row.names)}: {'FAILED' if row.is_failed else 'done'}", file=sys.stderr)
    print(f"\n{table(heads, columns, known)}", *reasons(known), sep="\n", flush=True)
    return known


if __name__ == "__main__":
    sys.exit(main())
