"""A real plan: the deployed Lambda looks at the items of a real table, and writes nothing."""

from typing import Any

import pytest
from airflow_ddb_migrate.aws.ledger.notes import known_plan
from airflow_ddb_migrate.aws.plan.planner import PlanOptions, make_plan
from airflow_ddb_migrate.core.errors import InvalidInputError, TransformError
from airflow_ddb_migrate.core.items.sizes import item_bytes
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan
from tests.support.worlds.chain_world import ChainWorld, begin, finish, request

_ITEMS = 60


def plan(world: ChainWorld, table: str, options: PlanOptions | None = None, **fields: Any) -> Any:
    site = world.site(table)
    wanted = request(**{"segments": None, **fields})
    return make_plan(site, wanted, options or PlanOptions())


def test_a_plan_is_what_the_migration_then_does(world):
    """Half of the items change; counts, sizes and attributes are the table's own."""
    table = world.table(_ITEMS)
    before = world.items(table)
    made: MigrationPlan = plan(world, table, transform="mark")

    assert before == world.items(table)
    assert (_ITEMS, sum(map(item_bytes, before.values()))) == (made.load.items, made.load.bytes)
    assert (0.5, 1, 1) == (
        made.load.changed_share,
        made.load.units_per_item,
        made.load.writes_per_change,
    )
    assert (_ITEMS / 2, made.max_concurrency) == (made.load.write_units, 4)
    assert made == known_plan(world.site(table).ledger, made.migration_id)

    site = world.site(table)
    started = begin(site, request(segments=None, transform="mark"))
    seen = finish(site)
    assert Outcome.SUCCEEDED is seen.verdict.outcome
    assert made.total_segments == started.lanes
    assert made.load.changed == seen.progress.counts.changed
    control = site.ledger.control(site.migration_id)
    assert (made.read_units_per_second, made.write_units_per_second) == (
        control.read_units_per_second,
        control.write_units_per_second,
    )


def test_no_item_value_and_no_key_reaches_airflow(world):
    """Neither in the plan nor where the transform fails for some items."""
    table = world.table(_ITEMS)
    made = plan(world, table, transform="picky", params={"bad": ["item-00007"]})

    words = next(warning for warning in made.warnings if "fails for" in warning)
    assert f"The transform fails for 1 of {_ITEMS} items of the sample (ValueError 1)." in words
    assert not any(secret in made.to_json() for secret in ("hunter2", "item-0"))


def test_a_transform_that_is_good_for_nothing_is_refused(world):
    """Before a single item is touched."""
    table = world.table(_ITEMS)
    bad = [f"item-{number:05d}" for number in range(_ITEMS)]

    with pytest.raises(TransformError, match=f"fails for all of the {_ITEMS} sampled items"):
        plan(world, table, transform="picky", params={"bad": bad})


def test_what_costs_too_much_is_refused(world):
    """A cent is enough for sixty items; a millionth of it is not."""
    table = world.table(_ITEMS)
    assert plan(world, table, PlanOptions(max_cost_usd=0.05))

    with pytest.raises(InvalidInputError, match="max_cost_usd"):
        plan(world, table, PlanOptions(max_cost_usd=1e-8))


def test_indexes_and_streams_of_a_real_table_are_seen(world):
    """As DescribeTable tells them; the rest is known or called unknown."""
    name = world.table(5)
    world.clients.dynamodb.update_table(
        TableName=name,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    world.clients.dynamodb.update_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "updatedAt", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "by_update",
                    "KeySchema": [{"AttributeName": "updatedAt", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            }
        ],
    )
    made = plan(world, name)

    text = "\n".join(made.warnings)
    assert 3 == made.load.writes_per_change
    assert "The table has a stream" in text
    assert "Index by_update is written twice per changed item" in text
    assert "the transform changes its key (updatedAt)." in text
