"""What a migration has cost so far, in dollars by part: pure. The plan names its parts alike.

Capacity that was raised, the undo log and the ledger's own requests are not measured.
"""

from collections.abc import Mapping
from typing import Final

from airflow_ddb_migrate.core.prices import Prices
from airflow_ddb_migrate.core.progress import Progress

LAMBDA_MEMORY_MB: Final = 1_769  # as in the template, which a test compares
_LAP_TRANSITIONS: Final = 2  # Work, More?
_CHILD_TRANSITIONS: Final = 1  # Done
_CENT: Final = 0.01
_MILLION: Final = 1_000_000
_THOUSAND: Final = 1_000
_MB: Final = 1_024  # of a gigabyte


def measured_cost(progress: Progress, prices: Prices, *, is_on_demand: bool) -> Mapping[str, float]:
    """Return dollars by part, from what workers have counted.

    Requests to a PROVISIONED table cost nothing more than its capacity, which is paid anyway.
    """
    units, laps = progress.units, progress.total_laps
    transitions = laps * _LAP_TRANSITIONS + min(laps, progress.lanes) * _CHILD_TRANSITIONS
    gb_seconds = progress.worked_seconds * LAMBDA_MEMORY_MB / _MB
    return {
        "writes": is_on_demand * units.written / _MILLION * prices.write_request_million,
        "reads": is_on_demand * units.read / _MILLION * prices.read_request_million,
        "lambda": gb_seconds * prices.lambda_gb_second
        + laps / _MILLION * prices.lambda_request_million,
        "step_functions": transitions / _THOUSAND * prices.step_functions_transition_thousand,
    }


def dollars_words(amount: float) -> str:
    """Return an amount to the cent, and less than one in words: nothing is not free."""
    return "under $0.01" if 0 < amount < _CENT else f"${amount:,.2f}"
