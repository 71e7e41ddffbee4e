"""The simulated load of the ledger: the product's rules keep it within the limits."""

import pytest
from airflow_ddb_migrate.core.limits import CONTROL_SECONDS
from tests.simulation import ledger_load
from tests.simulation.ledger_load import simulated

pytestmark = pytest.mark.story  # half a minute of two processors


def test_a_thousand_workers_stay_within_what_a_new_ledger_takes() -> None:
    """Beginning, at work, held, returning all at once, and stopped."""
    load = simulated(1_000)

    assert load.is_met
    assert 0 < load.migration_writes < 1_000
    assert 0 < load.obeyed_seconds <= CONTROL_SECONDS


def test_it_tells_when_workers_save_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the simulation can fail."""
    monkeypatch.setattr(ledger_load, "save_seconds", lambda _: 0.1)

    assert not simulated(300).is_met
