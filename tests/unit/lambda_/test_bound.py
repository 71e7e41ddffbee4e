"""No ledger row and no event makes the Lambda work on a table by a transform not bound to it."""

import json
from dataclasses import replace
from typing import Any

import pytest
import transforms
from airflow_ddb_migrate.aws.ledger.leases import Leases
from airflow_ddb_migrate.core.bindings import bindings_of
from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.ledger.lease import release
from airflow_ddb_migrate.core.ledger.notes import REFUSAL
from airflow_ddb_migrate.core.ledger.records import Command
from airflow_ddb_migrate.core.mode import Mode
from ddb_transform import handler
from ddb_transform.contract import binding
from ddb_transform.contract.transform import Context
from tests.support.factories import MIGRATION, typed_item
from tests.support.worlds.migration_world import MigrationWorld
from tests.unit.lambda_.test_handler import PLENTY, bind, event, world  # noqa: F401

SHIPPED_DELETE = "delete_by_predicate"
WANTED = {"attribute": "id", "older_than": "9999-12-31"}
ANSWERS_DELETE = (
    "import transforms\ndef transform(item, context): return getattr(transforms, 'DEL' + 'ETE')\n"
)


@pytest.fixture
def forged(world: MigrationWorld, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: F811
    """Write the ledger as somebody may who has its table, and let a worker begin."""
    monkeypatch.setenv("LEDGER_TABLE", world.ledger.table_name)

    def work(**fields: Any) -> dict[str, Any]:
        wanted = {"params": json.dumps(WANTED), **fields}
        world.record = replace(world.record, migration_id="forged", **wanted)
        world.ledger.create_migration(world.record)
        world.begin_attempt(1)
        Leases(world.ledger).change(world.table_key, lambda lease: release(lease, MIGRATION))
        world.take_table("forged")
        return handler.handle(event(world, migration_id="forged"), PLENTY)

    return work


@pytest.mark.parametrize("mode", [Mode.MIGRATE, Mode.DRY_RUN, Mode.VERIFY, Mode.REPLAY])
@pytest.mark.parametrize(
    ("bound", "transform"),
    [
        ("payroll", "add_updated_at"),
        ("payroll", SHIPPED_DELETE),
        ("TABLE:rename_and_split", "add_updated_at"),
        ("TABLE", SHIPPED_DELETE),
        ("*", SHIPPED_DELETE),
    ],
)
def test_a_worker_refuses_what_is_not_bound(
    world: MigrationWorld,  # noqa: F811
    forged: Any,
    monkeypatch: pytest.MonkeyPatch,
    mode: Mode,
    bound: str,
    transform: str,
) -> None:
    """In any mode, with a sentence; the migration stops at once, and no item was read."""
    bind(monkeypatch, bound.replace("TABLE", world.table_name))

    answer = forged(mode=mode, transform=transform)

    assert ("FAILED", "NotBoundError") == (answer["status"], answer["error"])
    assert f"--table {world.table_name}" in answer["cause"]
    control = world.ledger.control("forged")
    assert control
    assert Command.STOP is control.command
    assert "NotBoundError" in control.reason
    note = json.loads(world.ledger.read_note("forged", REFUSAL))
    assert {"attempt": 1, "why": f"NotBoundError: {answer['cause']}"} == note
    assert 3 == len(world.items())
    assert 0 == world.table_writes


def test_an_undo_needs_a_bound_table_and_no_transform(
    world: MigrationWorld,  # noqa: F811
    forged: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also of what a transform did that is not bound any more."""
    bind(monkeypatch, f"{world.table_name}:rename_and_split")
    assert "DONE" == forged(mode=Mode.UNDO, of="former", transform="gone")["status"]

    bind(monkeypatch, "payroll")
    assert "NotBoundError" == handler.handle(event(world, migration_id="forged"), PLENTY)["error"]


@pytest.mark.parametrize("bound", ["TABLE:delete_by_predicate", "*:delete_by_predicate"])
def test_a_transform_that_deletes_works_where_it_is_named(
    world: MigrationWorld,  # noqa: F811
    forged: Any,
    monkeypatch: pytest.MonkeyPatch,
    bound: str,
) -> None:
    """One table, or every one."""
    bind(monkeypatch, bound.replace("TABLE", world.table_name))

    equals = json.dumps({"attribute": "kind", "equals": "x"})
    for key, item in world.items().items():
        world.service.put_item(
            TableName=world.table_name, Item={**item, "kind": {"S": "x"}, "id": {"S": key}}
        )
    answer = forged(transform=SHIPPED_DELETE, params=equals)

    assert ("DONE", 3) == (answer["status"], answer["counts"]["deleted"])
    assert {} == world.items()


@pytest.mark.parametrize(("bound", "left"), [("*", 3), ("TABLE:sly", 0)])
def test_a_deletion_that_no_module_announced_is_that_item_s_error(
    world: MigrationWorld,  # noqa: F811
    forged: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
    bound: str,
    left: int,
) -> None:
    """Unless the table names the transform: nothing is deleted by one that is bound as any is."""
    (tmp_path / "sly.py").write_text(ANSWERS_DELETE)
    monkeypatch.setattr(transforms, "__path__", [*transforms.__path__, str(tmp_path)])
    bind(monkeypatch, bound.replace("TABLE", world.table_name))

    answer = forged(transform="sly", max_quarantined=10)

    assert left == len(world.items())
    assert left == answer["counts"]["quarantined"]


def test_the_error_of_such_an_item_says_what_to_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "sly.py").write_text(ANSWERS_DELETE)
    monkeypatch.setattr(transforms, "__path__", [*transforms.__path__, str(tmp_path)])
    monkeypatch.setenv("LEDGER_TABLE", "mine-ledger")
    made = binding.bound_transform(
        bindings_of(["orders"]), "orders", "sly", Context("m", "", key_names=("id",))
    )

    with pytest.raises(ItemError, match=r"--stack-name mine --table orders:sly") as refused:
        made.apply(typed_item())

    assert "DeleteNotAllowed" == refused.value.error_class


@pytest.mark.parametrize("action", ["sample", "describe"])
@pytest.mark.parametrize("table", ["payroll", "no-such-table"])
def test_a_guesser_learns_nothing_of_other_tables(
    world: MigrationWorld,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    table: str,
) -> None:
    """The answer is the same whether there is such a table, and AWS is asked nothing."""
    bind(monkeypatch, world.table_name)
    monkeypatch.setenv("LEDGER_TABLE", "mine-ledger")
    monkeypatch.setattr(handler, "_ledger_client", lambda: pytest.fail("AWS was asked"))

    answer = handler.handle(asked(action, table), None)

    assert (False, "NotBoundError") == (answer["ok"], answer["error_class"])
    assert answer["error"].startswith(f"Table {table} is not bound to any transform")
    assert world.table_name not in answer["error"]


@pytest.mark.parametrize("action", ["sample", "describe"])
def test_what_deletes_is_looked_at_only_where_it_is_named(
    world: MigrationWorld,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    action: str,
) -> None:
    """A sample tells how many items a predicate would take."""
    wanted = asked(action, world.table_name, SHIPPED_DELETE)
    bind(monkeypatch, world.table_name)
    assert "NotBoundError" == handler.handle(wanted, None)["error_class"]

    bind(monkeypatch, f"{world.table_name}:{SHIPPED_DELETE}")
    assert handler.handle(wanted, None)["ok"]


def test_a_table_can_be_asked_for_alone(
    world: MigrationWorld,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As before an undo."""
    bind(monkeypatch, world.table_name)

    found = [
        handler.handle({"action": "describe", "transform": "", "table_name": table}, None)["ok"]
        for table in (world.table_name, "payroll")
    ]

    assert [True, False] == found


def asked(action: str, table: str, transform: str = "add_updated_at") -> dict[str, Any]:
    known = {"migration_id": "m", "started_at": "", "params": WANTED, "key_names": ["id"]}
    named = {"action": action, "table_name": table, "transform": transform}
    return {**known, **named, "total_segments": 1}


def test_without_the_file_nothing_is_bound(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a zip of before there was one: the Lambda that reads it is newer."""
    monkeypatch.setattr(binding, "_FILE", tmp_path / "bindings.json")

    binding.deployed_bindings.cache_clear()
    try:
        assert {} == binding.deployed_bindings().rows
        binding.deployed_bindings.cache_clear()
        (tmp_path / "bindings.json").write_text('{"orders": ["*"]}')
        assert {"orders": ("*",)} == binding.deployed_bindings().rows
        said = handler.handle({"action": "bindings"}, None)
        assert {"orders": ["*"]} == json.loads(said["bindings"])
    finally:
        binding.deployed_bindings.cache_clear()
