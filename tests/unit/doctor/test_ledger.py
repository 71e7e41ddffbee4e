"""What the doctor says of leases."""

from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.doctor.check_results import CheckResult
from airflow_ddb_migrate.core.ledger.records import CapacityState, LeaseState
from airflow_ddb_migrate.doctor.ledger import check_leases
from airflow_ddb_migrate.doctor.patient import Patient
from tests.support.factories import NOW, TABLE, lease
from tests.support.worlds.site_world import SiteWorld
from tests.unit.doctor.test_caller import access


def judged(world: SiteWorld, table: str = "", **fields: Any) -> list[CheckResult]:
    site = world.site
    key = site.table.key
    record = lease(table_arn=key.arn, table_id=key.table_id, **fields)
    site.leases.change(key, lambda now: replace(record, version=now.version if now else 0))
    patient = Patient(
        access=access(),
        probing=site.clients,
        clients=site.clients,
        stack_name=site.stack.name,
        table_name=table,
        clock=Clock(now=lambda: NOW),
    )
    return list(check_leases(patient, site.stack))


RAISED = {"capacity_state": CapacityState.RAISED}
PAST, FUTURE = {"expires_at": NOW - 1}, {"expires_at": NOW + 900}


@pytest.mark.parametrize(
    ("fields", "level", "words"),
    [
        (FUTURE, "warning", "holds table orders until"),
        (PAST, "ok", "has expired"),
        ({**RAISED, **PAST}, "failed", "still has the raised capacity of migration"),
        ({**RAISED, **FUTURE}, "warning", "which is not running now"),
        ({"state": LeaseState.FREE, **PAST}, "ok", "No table is held"),
        ({"state": LeaseState.FREE, **RAISED, **PAST}, "failed", "raised capacity"),
    ],
)
def test_a_lease_is_told_by_what_it_means(
    world: SiteWorld, fields: dict[str, Any], level: str, words: str
) -> None:
    """Capacity that is owed, and that nobody is about to bring back, is a failure."""
    (result,) = judged(world, **fields)

    assert (level, True) == (result.level, words in result.found), result


@pytest.mark.parametrize(("table", "level"), [(TABLE, "warning"), ("customers", "ok"), ("", "ok")])
def test_a_migration_that_runs_matters_to_its_own_table(
    world: SiteWorld, table: str, level: str
) -> None:
    """Another one of it would be refused; other tables are free."""
    world.start()
    held = world.lease

    (result,) = judged(world, table, execution_arn=held.execution_arn, attempt=held.attempt)

    assert (level, True) == (result.level, "is running" in result.found)


def test_an_empty_ledger_is_well(world: SiteWorld) -> None:
    clients: Clients = world.site.clients
    patient = Patient(access=access(), probing=clients, clients=clients, stack_name="x")

    assert ["ok"] == [result.level for result in check_leases(patient, world.site.stack)]
