"""The Lambda's entry."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import Any

import botocore
import pytest
import transforms
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.core.bindings import bindings_of
from airflow_ddb_migrate.core.errors import AwsRequestError
from airflow_ddb_migrate.core.execution.messages import WorkRequest
from airflow_ddb_migrate.core.ledger.notes import ENGINE_PROOF, REFUSAL, RUNTIMES
from airflow_ddb_migrate.core.ledger.records import AttemptRecord, Command
from airflow_ddb_migrate.core.limits import INVOCATION_READS, INVOCATION_SAVES
from ddb_transform import handler
from ddb_transform import worker as workers
from ddb_transform.assembly import Kit
from ddb_transform.contract.load import source_hash
from ddb_transform.writers.proof import Proof
from tests.support.factories import client_error, work_request
from tests.support.worlds.migration_world import MigrationWorld

PLENTY = SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000)


@pytest.fixture
def world(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> MigrationWorld:
    """A world whose ledger and client the handler finds by itself, on the real clock."""
    made = MigrationWorld(dynamodb)
    made.put_many(3)
    monkeypatch.setenv("LEDGER_TABLE", made.ledger.table_name)
    monkeypatch.setenv("BUCKET", "bucket")
    monkeypatch.setattr(handler, "_ledger_client", lambda: made.dynamodb)
    monkeypatch.setattr(handler, "_table_client", lambda: made.dynamodb)
    monkeypatch.setattr(handler, "_s3", lambda: made.s3)
    monkeypatch.setattr(handler.time, "time", made.clock)
    monkeypatch.setattr(handler, "_TOLD", set())
    bind(monkeypatch, "*")
    return made


def bind(monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    """Let this be what was deployed."""
    monkeypatch.setattr(handler, "deployed_bindings", lambda: bindings_of(texts))


def event(world: MigrationWorld, **fields: Any) -> dict[str, Any]:
    return asdict(replace(work_request(table_name=world.table_name), **fields))


def test_a_slice_of_a_lane_is_worked(world: MigrationWorld) -> None:
    """With the migration's own transform and start, from the ledger."""
    answer = handler.handle(event(world), PLENTY)

    assert ("DONE", 3) == (answer["status"], answer["counts"]["changed"])
    found = {item["updatedAt"]["S"] for item in world.items().values()}
    assert {world.record.started_at_iso} == found


@pytest.mark.parametrize("seen", ["", "another"])
def test_a_transform_sees_the_migration_it_works_for(world: MigrationWorld, seen: str) -> None:
    """Its own; a check and a replay work for another one."""
    record = replace(world.record, migration_id="check", context_id=seen)
    world.ledger.create_migration(record)

    request = work_request(table_name=world.table_name, migration_id="check")
    kit = handler._worker(request, PLENTY).tools

    assert isinstance(kit, Kit)
    assert (seen or "check") == kit.transform.context.migration_id


@pytest.mark.parametrize("remaining", [0, 1_000])
def test_a_slice_ends_before_the_limit(
    world: MigrationWorld, monkeypatch: pytest.MonkeyPatch, remaining: int
) -> None:
    """A minute before it, or a fifth where a minute would leave nothing."""
    ticks = iter([100.0, 100.0 + 0.8 * remaining / 1000 + 0.001])
    monkeypatch.setattr(handler.time, "monotonic", lambda: next(ticks, 10_000.0))
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: remaining)

    assert "MORE" == handler.handle(event(world), context)["status"]


@pytest.mark.parametrize(
    ("slice_seconds", "after", "is_over"),
    [
        (0, 839.9, False),
        (0, 840.1, True),
        (10, 9.9, False),
        (10, 10.1, True),
        (5_000, 839.9, False),
        (5_000, 840.1, True),
    ],
)
def test_a_long_limit_keeps_a_minute(
    monkeypatch: pytest.MonkeyPatch, slice_seconds: float, after: float, is_over: bool
) -> None:
    """Of 900 seconds 840 are worked, or fewer if the migration asks for shorter slices."""
    ticks = iter([0.0, after])
    monkeypatch.setattr(handler.time, "monotonic", lambda: next(ticks))

    assert is_over == handler._deadline(PLENTY, slice_seconds)()


def test_every_invocation_is_an_owner_of_its_own(world: MigrationWorld) -> None:
    """Also a redelivered event, which has the same request id."""
    owners = {
        handler._worker(work_request(table_name=world.table_name), PLENTY).owner for _ in "ab"
    }

    assert 2 == len(owners)


def test_a_bad_event_is_refused(world: MigrationWorld) -> None:
    """As a result on which the state machine branches."""
    answer = handler.handle({**event(world), "segment": "0"}, PLENTY)

    assert ("FAILED", "InvalidInputError") == (answer["status"], answer["error"])
    assert answer["cause"].startswith("The Lambda's event has segment='0'; it must be of type int.")


def test_an_unknown_migration_is_refused(world: MigrationWorld) -> None:
    """Somebody started the state machine by hand."""
    answer = handler.handle(event(world, migration_id="unknown"), PLENTY)

    assert ("FAILED", "NotBegunError") == (answer["status"], answer["error"])


@pytest.mark.parametrize(
    "fields", [{"total_segments": 2}, {"lanes": 2}, {"table_name": "another-table"}]
)
def test_an_input_that_cuts_the_table_otherwise_is_refused(
    world: MigrationWorld, fields: dict[str, Any]
) -> None:
    """The cursors of one cut are wrong in another one: items would be left out."""
    answer = handler.handle(event(world, **fields), PLENTY)

    assert ("FAILED", "InvalidInputError") == (answer["status"], answer["error"])
    assert "in the ledger" in answer["cause"]
    assert 0 == world.table_writes


@pytest.mark.parametrize(
    "code",
    [
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "InternalServerError",
        "ServiceUnavailable",
    ],
)
def test_a_ledger_that_is_too_busy_is_a_hold_of_that_worker(
    world: MigrationWorld, code: str
) -> None:
    """However often: the child waits, and fails never."""
    world.dynamodb.before = refusing(code)

    answers = [handler.handle(event(world), PLENTY) for _ in range(10)]

    assert {("HOLD", code)} == {(answer["status"], answer["error"]) for answer in answers}
    assert all(30 <= answer["wait_seconds"] <= 120 for answer in answers)
    assert 1 < len({answer["wait_seconds"] for answer in answers})  # they return one by one
    world.dynamodb.before = lambda name, arguments: None
    assert "DONE" == handler.handle(event(world), PLENTY)["status"]


def test_a_ledger_that_gets_too_busy_in_mid_slice_loses_no_page(
    world: MigrationWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not saved is done again, and each item counts once."""
    monkeypatch.setattr(workers, "SCAN_PAGE_ITEMS", 1)
    monkeypatch.setattr(workers, "save_seconds", lambda _: 0)
    refuse = refusing("ThrottlingException")

    def refuse_saves(name: str, arguments: dict[str, Any]) -> None:
        is_save = ":cursor" in arguments.get("ExpressionAttributeValues", {})
        if is_save and arguments["TableName"] == world.ledger.table_name:
            refuse(name, arguments)

    world.dynamodb.before = refuse_saves
    held = handler.handle(event(world), PLENTY)
    world.dynamodb.before = lambda name, arguments: None
    done = handler.handle(event(world), PLENTY)

    assert ("HOLD", "DONE") == (held["status"], done["status"])
    assert {"seen": 3, "changed": 2, "already": 1}.items() <= done["counts"].items()
    assert all("updatedAt" in item for item in world.items().values())


def test_a_ledger_that_does_not_answer_is_raised(world: MigrationWorld) -> None:
    """Step Functions runs the slice again."""
    world.dynamodb.before = refusing("SomethingNew")

    with pytest.raises(AwsRequestError, match="SomethingNew"):
        handler.handle(event(world), PLENTY)


def refusing(code: str) -> Callable[[str, dict[str, Any]], None]:
    def refuse(name: str, arguments: dict[str, Any]) -> None:
        raise client_error(code)

    return refuse


@pytest.mark.parametrize("is_same", [True, False])
def test_a_worker_has_the_transform_that_its_attempt_was_started_with(
    world: MigrationWorld, *, is_same: bool
) -> None:
    """Step Functions may start the definition of before a deployment: nothing is written then."""
    deployed = source_hash(world.record.transform)
    attempt = AttemptRecord(
        number=1,
        execution_arn="arn",
        transform_hash=deployed if is_same else "f" * 64,
        lanes=1,
    )
    assert world.ledger.create_attempt(world.record.migration_id, attempt)

    answer = handler.handle(event(world), PLENTY)

    assert ("DONE" if is_same else "FAILED") == answer["status"]
    if not is_same:
        assert "TransformError" == answer["error"]
        assert f"ffffffffffff; this Lambda has {deployed[:12]}." in answer["cause"]
        said = json.loads(world.ledger.read_note(world.record.migration_id, REFUSAL))
        assert {"attempt": 1, "why": f"TransformError: {answer['cause']}"} == said
        assert not any("updatedAt" in item for item in world.items().values())


# describe


def described(name: object) -> dict[str, Any]:
    return handler.handle({"action": "describe", "transform": name}, None)


def test_a_transform_is_described_by_its_hash() -> None:
    """It is there and can be used."""
    answer = described("add_updated_at")

    assert (True, "", 64) == (answer["ok"], answer["error"], len(answer["hash"]))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unknown", "Transform 'unknown' is not deployed."),
        ("raises", "Transform 'raises' cannot be imported: ZeroDivisionError: division by zero."),
        ("", "Transform '' is not the name of a Python module."),
    ],
)
def test_what_cannot_be_used_is_described_by_its_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, name: str, message: str
) -> None:
    """The words that a person reads before anything is started."""
    (tmp_path / "raises.py").write_text("1 / 0")
    monkeypatch.setattr(transforms, "__path__", [*transforms.__path__, str(tmp_path)])

    answer = described(name)

    assert (False, "") == (answer["ok"], answer["hash"])
    assert answer["error"].startswith(message)


@pytest.mark.parametrize("action", ["describe", "sample"])
def test_a_filter_that_dynamodb_refuses_is_refused_with_its_sentence(
    world: MigrationWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, action: str
) -> None:
    """On the table itself, by a scan of one item, before anything is started."""
    (tmp_path / "filtering.py").write_text(
        'FILTER = {"expression": "status = :s", "values": {":s": "x"}}\n'
        "def transform(item, context): return item\n"
    )
    monkeypatch.setattr(transforms, "__path__", [*transforms.__path__, str(tmp_path)])
    words = "Invalid FilterExpression: Attribute name is a reserved keyword: status"

    def refuse(name: str, arguments: dict[str, Any]) -> None:
        if "FilterExpression" in arguments:
            assert (1, "status = :s") == (arguments["Limit"], arguments["FilterExpression"])
            raise client_error("ValidationException", message=words)

    world.dynamodb.before = refuse
    asked = {"migration_id": "m", "started_at": "", "params": {}, "key_names": ["id"]}

    answer = handler.handle(
        {
            "action": action,
            "transform": "filtering",
            "table_name": world.table_name,
            "total_segments": 1,
            **asked,
        },
        None,
    )

    assert not answer["ok"]
    assert f"DynamoDB refuses the transform's FILTER 'status = :s': {words}" in answer["error"]


# self-check


def test_the_self_check_keeps_what_it_found(world: MigrationWorld) -> None:
    """In the ledger, for every worker; the scratch records are gone."""
    before = len(world.ledger_rows())

    answer = handler.handle({"action": "self-check"}, None)

    assert (True, []) == (answer["fast"], answer["unproven"])
    kept = Proof.from_json(world.ledger.kept(ENGINE_PROOF))
    assert (True, world.clock()) == (kept.fast, kept.checked_at)
    assert before + 1 == len(world.ledger_rows())


def test_the_self_check_says_what_it_ran_on(world: MigrationWorld) -> None:
    """The versions, the protocol, and every shortcut, on or off."""
    answer = handler.handle({"action": "self-check"}, None)

    assert handler._runtime() == answer["runtime"]
    assert botocore.__version__ == answer["runtime"]["botocore"]
    assert 4 == len(answer["runtime"]["shortcuts"])


def test_a_migration_knows_what_its_workers_ran_on(world: MigrationWorld) -> None:
    """Noted by the first worker; a worker in the same sandbox does not ask again."""
    for _ in "ab":
        handler._worker(work_request(table_name=world.table_name), PLENTY)

    note = world.ledger.read_note(world.record.migration_id, RUNTIMES)
    assert [handler._runtime()] == json.loads(note)
    asked = [one for one in world.dynamodb.arguments_of("get_item") if RUNTIMES in str(one)]
    assert 2 == len(asked)  # by the first worker, and by this test


def test_a_note_of_the_runtime_that_fails_is_no_failure(
    world: MigrationWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lane is worked all the same."""

    def refuse(*_: Any) -> None:
        raise AwsRequestError("busy")

    monkeypatch.setattr(Ledger, "read_note", refuse)

    assert "DONE" == handler.handle(event(world), PLENTY)["status"]


def test_a_worker_reads_what_is_proven(world: MigrationWorld) -> None:
    """Without a self-check nothing goes in batches; with one that passed it does."""
    request = work_request(table_name=world.table_name)
    kits = [_kit(request)]
    world.ledger.keep(ENGINE_PROOF, Proof(fast=True, checked_at=1.0).to_json())
    kits.append(_kit(request))

    assert [False, True] == [kit.proof.fast for kit in kits]


def _kit(request: WorkRequest) -> Kit:
    kit = handler._worker(request, PLENTY).tools
    assert isinstance(kit, Kit)
    return kit


def test_a_transform_that_is_gone_is_refused_before_a_lane_is_taken(
    world: MigrationWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lane stays as it was, for the next attempt."""
    monkeypatch.setattr(transforms, "__path__", [])
    monkeypatch.setitem(sys.modules, "transforms.add_updated_at", None)

    answer = handler.handle(event(world), PLENTY)

    assert ("FAILED", "TransformError") == (answer["status"], answer["error"])
    assert world.row_or_none() is None


def test_the_tables_client_never_tries_again_by_itself() -> None:
    """The pacer has to hear of every throttle, and a lost answer has to be known as such."""
    client = handler._table_client()

    assert 1 == client.meta.config.retries["total_max_attempts"]
    assert client is handler._table_client()


# What an invocation asks of the ledger is what the plan charges for


def asked(world: MigrationWorld) -> list[tuple[str, float]]:
    """Return what was written, by sort key, and read units; a note of a cold start apart."""
    found = []
    for name, arguments in world.dynamodb.calls:
        key = (arguments.get("Key") or {}).get("sk", {}).get("S", "")
        if arguments.get("TableName") == world.ledger.table_name and RUNTIMES not in key:
            is_read = name in {"get_item", "query"}
            units = (1.0 if arguments.get("ConsistentRead") else 0.5) if is_read else 0.0
            found.append(("" if is_read else key, units))
    return found


@pytest.mark.parametrize("held", [False, True])
def test_the_ledger_is_asked_for_as_much_as_is_charged(world: MigrationWorld, held: bool) -> None:
    """A slice of one page takes its row, saves it behind the page and gives it back.

    One that is held reads as much, and writes nothing, however many children wait.
    """
    if held:
        world.command(Command.HOLD)
    world.dynamodb.calls.clear()

    assert ("HOLD" if held else "DONE") == handler.handle(event(world), PLENTY)["status"]

    pages = 1
    written = [key for key, units in asked(world) if not units]
    assert (0 if held else INVOCATION_SAVES + pages) * ["lane#000000"] == written
    assert INVOCATION_READS == sum(units for _, units in asked(world))
