"""The short version of ``make faults``, and the proof that its checks can fail."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import LeaseState
from airflow_ddb_migrate.deployment.deploy import stack_template
from tests.faults import campaign, cases
from tests.faults.checker import Rule, Violation
from tests.faults.kinds import KINDS, QUICK, FaultKind, Where
from tests.faults.leaks import leaks
from tests.faults.results import kinds_table
from tests.faults.run import Run
from tests.faults.world import IMPATIENT_SECONDS, FaultWorld, impatient

DOCS = Path(__file__).parents[2] / "docs" / "faults.md"

_NO_FAULT = FaultKind(name="no-fault", where=Where.CONTROL, what="nothing goes wrong")


@pytest.mark.story
@pytest.mark.parametrize(("name", "seed"), [(name, i % 2) for i, name in enumerate(QUICK)])
def test_a_fault_harms_nothing(world: FaultWorld, name: str, seed: int) -> None:
    """No live write is lost, every item migrated, counted and undoable, nothing left raised."""
    result = campaign.run_one(world, KINDS[name], seed)

    assert () == result.violations, result.repeat


def test_every_kind_can_be_named() -> None:
    """The names are what FAULTS_ONLY takes."""
    assert set(QUICK) < set(KINDS)
    assert all("," not in name for name in KINDS)


def test_an_impatient_stack_ends_its_lambda_soon() -> None:
    """The limit that is put in the place of the shipped one is there, of both functions."""
    templates = [make("hash") for make in (stack_template, impatient(stack_template))]

    assert [0, 2] == [text.count(f"Timeout: {IMPATIENT_SECONDS}\n") for text in templates]


def test_the_docs_have_every_kind() -> None:
    """With the words in which it is described here."""
    assert kinds_table() in DOCS.read_text()


@pytest.fixture(scope="module")
def done(world: FaultWorld) -> Run:
    """A run without a fault, before it is checked."""
    return campaign.drive(world, _NO_FAULT, seed=0)


def test_without_a_fault_nothing_is_wrong(done: Run) -> None:
    """What the next tests find is what they tampered with."""
    assert ([], []) == (done.violations, campaign.checked(done))


def _in_a_file(run: Run) -> None:
    (run.world.folder / "logs" / "another.log").write_text(run.canary)


def _in_a_log_group(run: Run) -> None:
    logs = run.world.logs
    group = {"logGroupName": run.site.stack.log_group, "logStreamName": "a-test"}
    logs.create_log_stream(**group)
    event = {"timestamp": int(time.time() * 1_000), "message": run.canary}
    logs.put_log_events(**group, logEvents=[event])


def _in_the_ledger(run: Run) -> None:
    run.site.ledger.note(run.site.migration_id, "a-test", run.canary)


def _in_an_execution(run: Run) -> None:
    run.world.clients.stepfunctions.start_execution(
        stateMachineArn=run.site.stack.state_machine_arn,
        name=f"{run.site.migration_id}-a99",
        input=json.dumps({"table_name": run.canary, "segments": []}),
    )


def _in_the_quarantine(run: Run) -> None:
    run.site.bucket.put("quarantine/000000/a-test.jsonl.gz", [{"item": run.canary}])


@pytest.mark.parametrize(
    "plant", [_in_a_file, _in_a_log_group, _in_the_ledger, _in_an_execution, _in_the_quarantine]
)
def test_a_value_is_found_wherever_it_is(done: Run, plant: Callable[[Run], None]) -> None:
    """The search reads every component's words."""
    before = set(leaks(done))
    plant(done)

    assert 1 <= len(set(leaks(done)) - before) <= 2


def _lose_a_piece_of_the_undo_log(run: Run) -> None:
    bucket = run.site.bucket
    path = next(iter(bucket.paths("undo/")))
    bucket.s3.delete_object(Bucket=bucket.name, Key=f"migrations/{bucket.migration_id}/{path}")


def _leave_capacity_raised(run: Run) -> None:
    run.world.clients.dynamodb.update_table(
        TableName=run.table,
        ProvisionedThroughput={"ReadCapacityUnits": 60, "WriteCapacityUnits": 40},
    )


def _keep_the_lease(run: Run) -> None:
    run.site.leases.change(
        run.site.table.key, lambda lease: lease and replace(lease, state=LeaseState.HELD)
    )


def _miscount_a_lane(run: Run) -> None:
    ledger = run.site.ledger
    for item in (item for shard in range(16) for item in _lanes(run, shard)):
        item["counts"] = {"M": {k: {"N": str(v)} for k, v in Counts(seen=1).to_dict().items()}}
        run.world.clients.dynamodb.put_item(TableName=ledger.table_name, Item=item)
        return


def _lanes(run: Run, shard: int) -> list[dict]:
    from airflow_ddb_migrate.aws.ledger.keys import lane_partition

    return list(run.site.ledger.query_all(lane_partition(run.site.migration_id, shard)))


def _show_a_value(run: Run) -> None:
    run.said.append(f"Item {run.canary} could not be migrated.")


def test_what_is_known_of_a_violation_is_kept(
    done: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time in a file of its own: what live traffic did, and what the migration left."""
    monkeypatch.setattr(cases, "CASES", tmp_path)
    violation = Violation(Rule.CAPACITY, "20 became 60")

    kept = [cases.keep_case(done, [violation]) for _ in range(2)]

    first = json.loads(kept[0].read_text())
    assert kept == sorted(set(kept))
    assert [str(violation)] == first["violations"]
    assert len(done.application.history) == len(first["history"])
    (migration,) = first["migrations"].values()
    rows = (row for rows in migration["objects"].values() for row in rows)
    assert {"k", "o", "n"} <= {name for row in rows for name in row}


@pytest.mark.parametrize(
    ("tamper", "rule"),
    [
        (_show_a_value, Rule.LEAK),
        (_lose_a_piece_of_the_undo_log, Rule.NO_UNDO),
        (_leave_capacity_raised, Rule.CAPACITY),
        (_keep_the_lease, Rule.LEASE),
        (_miscount_a_lane, Rule.COUNTS),
    ],
)
def test_what_is_tampered_with_is_found(
    done: Run, tamper: Callable[[Run], None], rule: Rule
) -> None:
    """Each rule looks at what the run really left behind."""
    tamper(done)

    assert rule in {violation.rule for violation in campaign.checked(done)}
