"""Test what runs in Lambda on the botocores and Pythons that it may have; ``make botocore``.

Ends with 1 when a row fails.
"""

import argparse
import sys

from tests.campaigns.botocore.rows import COLUMNS, HEADS, QUICK, RUNTIMES, tried
from tests.campaigns.matrix import pythons
from tests.campaigns.matrix.table import reasons, table


def main() -> int:
    parser = argparse.ArgumentParser(prog="botocore", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one Python, the ends, fewer tests")
    parser.add_argument("--only", default="", help="part of a row's name, as 1.34 or 3.13")
    options = parser.parse_args()
    wanted = [(pythons.running(), one) for one in QUICK] if options.quick else RUNTIMES
    rows = []
    for python, botocore in wanted:
        if options.only in f"{botocore}-{python}":
            rows.append(tried(python, botocore, is_quick=options.quick))
            print(f"{botocore} on {python}: done", file=sys.stderr)
    print(f"\n{table(HEADS, COLUMNS, rows)}", *reasons(rows), sep="\n", flush=True)
    return int(any(row.is_failed for row in rows) or all(row.skipped for row in rows))


if __name__ == "__main__":
    sys.exit(main())
