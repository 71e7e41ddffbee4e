"""The live test is able to fail: migrations with one fault each, through the same rush."""

from functools import partial
from typing import Any

import pytest
from tests.live import broken
from tests.live.checker import Rule
from tests.live.endpoints import Endpoint
from tests.live.rush import manner_of, rush

_SEEDS = 6

_FAULTS = [
    pytest.param({"write": broken.put_back}, {Rule.LOST, Rule.RESURRECTED}, id="put-back"),
    pytest.param({"write": broken.set_blindly}, {Rule.STALE, Rule.RESURRECTED}, id="set-blindly"),
    pytest.param({"delete": broken.delete_blindly}, {Rule.VANISHED}, id="delete-blindly"),
]


@pytest.mark.parametrize(("fault", "rules"), _FAULTS)
def test_a_migration_that_writes_without_a_condition_is_found_out(
    ministack: Endpoint, fault: dict[str, Any], rules: set[Rule]
) -> None:
    """Whatever a missing condition does to live traffic is reported, and by its right name.

    When a live write comes between is up to threads, so that a fault may harm nothing in one run.
    """
    found: set[Rule] = set()
    for seed in range(_SEEDS):
        result = rush(ministack, seed, partial(broken.run, **fault))
        found |= {violation.rule for violation in result.violations}
        if rules <= found:
            break

    assert rules == rules & found


def test_a_migration_that_takes_a_lost_race_for_a_deleted_item_is_found_out(
    ministack: Endpoint,
) -> None:
    """Items that live traffic leaves in the old format have to be migrated after the conflict."""
    old_format = next(seed for seed in range(10) if not manner_of(seed).has_totals)

    result = rush(ministack, old_format, partial(broken.run, write=broken.give_up))

    assert {Rule.UNMIGRATED} == {violation.rule for violation in result.violations}
