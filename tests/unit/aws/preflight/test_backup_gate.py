"""The backup gate: what is there before a migration writes, and what a later try makes of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from airflow_ddb_migrate.aws.preflight.backup_gate import Waiting, ensure_backup, known_backup
from airflow_ddb_migrate.core.errors import (
    AccessDeniedError,
    AwsRequestError,
    BackupError,
    BackupPendingError,
    InvalidInputError,
)
from airflow_ddb_migrate.core.execution.backup_policy import Backup, BackupKind
from airflow_ddb_migrate.core.limits import BACKUP_POLL_SECONDS
from tests.support.factories import MIGRATION, NOW, TABLE, client_error
from tests.support.worlds.site_world import SiteWorld

MOMENT = "2023-11-14T22:13:20+00:00"  # NOW
NAME = f"before-{MIGRATION}"


def gate(world: SiteWorld, policy: object = "auto", **fields: Any) -> Backup:
    return ensure_backup(world.site, policy, Waiting(**fields))


def switch_on(world: SiteWorld, *, window: bool = True, earliest: float = NOW - 86_400) -> None:
    """Point-in-time recovery as AWS shows it: up to five minutes ago."""
    found: dict[str, Any] = {"PointInTimeRecoveryStatus": "ENABLED"}
    if window:
        found["EarliestRestorableDateTime"] = datetime.fromtimestamp(earliest, UTC)
        found["LatestRestorableDateTime"] = datetime.fromtimestamp(NOW - 300, UTC)
    answer = {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": found}}
    answers(world, "describe_continuous_backups", lambda _: answer)


def answers(world: SiteWorld, name: str, change: Any) -> None:
    """Let the service's answers to one call be changed; others stay as a test made them."""
    others = world.dynamodb.answers
    world.dynamodb.answers = lambda called, answer: (
        change(answer) if called == name else others(called, answer)
    )


def refuse(world: SiteWorld, name: str, *codes: str) -> None:
    """Refuse a call once per code."""
    left = list(codes)

    def before(called: str, _: dict[str, Any]) -> None:
        if called == name and left:
            raise client_error(left.pop(0), name)

    world.dynamodb.before = before


def backups(world: SiteWorld) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.service.list_backups(TableName=TABLE)["BackupSummaries"]
    return found


@pytest.fixture(autouse=True)
def no_leftovers(world: SiteWorld) -> None:
    """Backups outlive their table, and every test's table has one name."""
    for row in backups(world):
        world.service.delete_backup(BackupArn=row["BackupArn"])


def test_with_recovery_on_nothing_is_made(world: SiteWorld) -> None:
    """The moment to go back to is the gate's, and the command is ready to be copied."""
    switch_on(world)

    found = gate(world)

    assert (BackupKind.PITR, MOMENT, []) == (found.kind, found.restore_to, backups(world))
    assert ("2023-11-13T22:13:20+00:00", "2023-11-14T22:08:20+00:00") == (
        found.earliest,
        found.latest,
    )
    assert (
        "aws dynamodb restore-table-to-point-in-time --region us-east-1 "
        f"--source-table-name orders --target-table-name orders-restored "
        f"--restore-date-time {MOMENT}"
    ) == found.restore


def test_without_recovery_a_backup_is_made(world: SiteWorld) -> None:
    """It is named after the migration, and noted in the ledger with its ARN."""
    found = gate(world)

    (made,) = backups(world)
    assert (NAME, made["BackupArn"]) == (made["BackupName"], found.arn)
    assert (BackupKind.BACKUP, False) == (found.kind, found.late)
    assert f"--backup-arn {found.arn}" in found.restore
    assert found == known_backup(world.site)


def test_a_later_try_finds_the_backup_of_the_first(world: SiteWorld) -> None:
    """Whatever became of the task that made it."""
    first = gate(world)
    world.site.ledger.note(MIGRATION, "backup", "")  # killed before it could note it

    assert first == gate(world)
    assert 1 == len(backups(world))


def test_a_backup_on_a_later_page_is_found(world: SiteWorld) -> None:
    """A table can have many."""
    first = gate(world)
    pages = iter([{"BackupSummaries": [], "LastEvaluatedBackupArn": first.arn}])
    answers(world, "list_backups", lambda answer: next(pages, answer))

    assert first == gate(world)
    assert {first.arn} == {
        arguments["ExclusiveStartBackupArn"]
        for arguments in world.dynamodb.arguments_of("list_backups")
        if "ExclusiveStartBackupArn" in arguments
    }


@pytest.mark.parametrize(
    "changes",
    [{"TableId": "another"}, {"BackupStatus": "DELETED"}, {"BackupName": "mine"}],
    ids=str,
)
def test_what_is_no_backup_of_this_table_does_not_count(
    world: SiteWorld, changes: dict[str, str]
) -> None:
    """One of a former table of this name, a deleted one, somebody else's."""
    first = gate(world)
    world.site.ledger.note(MIGRATION, "backup", "")
    answers(
        world,
        "list_backups",
        lambda answer: {"BackupSummaries": [row | changes for row in answer["BackupSummaries"]]},
    )

    assert first.arn != gate(world).arn
    assert 2 == len(backups(world))


def test_a_backup_is_awaited(world: SiteWorld) -> None:
    """Each change of its status is told, once."""
    told: list[str] = []
    statuses = iter(["CREATING", "CREATING"])
    _describe_as(world, lambda: next(statuses, "AVAILABLE"))

    found = gate(world, tell=told.append)

    assert BackupKind.BACKUP is found.kind
    assert [
        f"Backup {NAME}: CREATING (0 s).",
        f"Backup {NAME}: AVAILABLE (15 s).",
    ] == told
    assert NOW + 3 * BACKUP_POLL_SECONDS == world.clock()


def test_a_backup_that_takes_too_long_can_be_waited_for_again(world: SiteWorld) -> None:
    """The error says how; nothing was noted."""
    answers(world, "create_backup", lambda answer: _with_status(answer, "BackupDetails"))
    _describe_as(world, lambda: "CREATING")

    with pytest.raises(BackupPendingError, match="not available after 20 s: CREATING"):
        gate(world, seconds=20)

    assert known_backup(world.site) is None
    assert BackupPendingError.retryable


def test_a_busy_table_is_waited_for(world: SiteWorld) -> None:
    """AWS makes one backup at a time, and none while the table changes."""
    told: list[str] = []
    refuse(world, "create_backup", "BackupInUseException", "TableInUseException")

    assert BackupKind.BACKUP is gate(world, tell=told.append).kind
    assert f"Backup {NAME}: not begun, since the table is busy (0 s)." == told[0]


def test_recovery_can_be_required(world: SiteWorld) -> None:
    """The refusal has the command that switches it on; nothing is made."""
    with pytest.raises(BackupError, match="is off, but policy is require_pitr") as caught:
        gate(world, "require_pitr")

    assert (
        "aws dynamodb update-continuous-backups --region us-east-1 --table-name orders "
        "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
    ) in str(caught.value)
    assert ([], None, False) == (backups(world), known_backup(world.site), caught.value.retryable)


def test_recovery_that_was_switched_on_just_now_is_no_way_back_yet(world: SiteWorld) -> None:
    """Another try helps; with policy auto a backup is made in the meantime."""
    switch_on(world, window=False)

    with pytest.raises(BackupPendingError, match="cannot restore to any time yet"):
        gate(world, "require_pitr")
    assert BackupKind.BACKUP is gate(world).kind


def test_skip_is_noted(world: SiteWorld) -> None:
    """Nothing is asked of AWS, and the report can say so."""
    found = gate(world, "skip")

    assert (BackupKind.NONE, []) == (found.kind, backups(world))
    assert "No backup was asked for (policy skip)" in found.words
    assert [] == world.dynamodb.arguments_of("describe_continuous_backups")
    assert found == known_backup(world.site)


@pytest.mark.parametrize("wrong", ["always", None, "", 1])
def test_a_policy_that_is_none_is_refused(world: SiteWorld, wrong: object) -> None:
    """Before anything is asked of AWS."""
    with pytest.raises(InvalidInputError, match="must be one of auto, require_pitr, skip"):
        gate(world, wrong)
    assert [] == world.dynamodb.calls


@pytest.mark.parametrize(
    ("call", "action"),
    [
        ("describe_continuous_backups", "dynamodb:DescribeContinuousBackups"),
        ("list_backups", "dynamodb:ListBackups"),
        ("create_backup", "dynamodb:CreateBackup"),
        ("describe_backup", "dynamodb:DescribeBackup"),
    ],
)
def test_a_missing_permission_is_a_refusal(world: SiteWorld, call: str, action: str) -> None:
    """Not to know whether there is a way back is no reason to go on."""
    if call == "describe_backup":
        answers(world, "create_backup", lambda answer: _with_status(answer, "BackupDetails"))
    refuse(world, call, *["AccessDeniedException"] * 2)

    with pytest.raises(AccessDeniedError, match=f"Access denied: {action}") as caught:
        gate(world)
    assert "so nothing was started" in str(caught.value)
    assert known_backup(world.site) is None


def test_another_failure_is_aws_s(world: SiteWorld) -> None:
    """Another try may help."""
    refuse(world, "create_backup", "LimitExceededException")

    with pytest.raises(AwsRequestError, match="CreateBackup on table orders failed"):
        gate(world)


def test_a_backup_within_the_migration_is_called_late(world: SiteWorld) -> None:
    """What was changed by then is changed in it, too."""
    world.start()

    assert gate(world).late


def test_a_backup_of_before_is_not_late_however_late_it_is_found(world: SiteWorld) -> None:
    """Its own time counts, not the task's."""
    world.clock.now = datetime.now(UTC).timestamp() + 3_600  # the service has a clock of its own
    gate(world)
    world.site.ledger.note(MIGRATION, "backup", "")
    world.start()

    assert not gate(world).late


def test_the_first_moment_stays(world: SiteWorld) -> None:
    """A later one lies within the migration; the window is as it is now."""
    switch_on(world)
    first = gate(world)
    world.start()
    world.clock.advance(3_600)

    again = gate(world, "require_pitr")

    assert (MOMENT, first.restore, False) == (again.restore_to, again.restore, again.late)
    assert "require_pitr" == again.policy


def test_a_moment_that_is_out_of_reach_does_not_stay(world: SiteWorld) -> None:
    """Recovery reaches 35 days back at most."""
    switch_on(world)
    gate(world)
    switch_on(world, earliest=NOW + 60)
    world.clock.advance(3_600)

    assert "2023-11-14T23:13:20+00:00" == gate(world).restore_to


def test_a_backup_stays_when_recovery_is_switched_on_later(world: SiteWorld) -> None:
    """It is from before the migration; recovery reaches back to its switch only."""
    first = gate(world)
    switch_on(world)

    assert first == gate(world)


def test_a_deleted_backup_does_not_stay(world: SiteWorld) -> None:
    """What is there now counts."""
    first = gate(world)
    world.service.delete_backup(BackupArn=first.arn)
    switch_on(world)

    assert BackupKind.PITR is gate(world).kind


def test_skip_forgets_nothing(world: SiteWorld) -> None:
    """A later try that asks for none keeps what an earlier one made."""
    first = gate(world)

    assert first.arn == gate(world, "skip").arn


def _describe_as(world: SiteWorld, status: Any) -> None:
    def change(answer: dict[str, Any]) -> dict[str, Any]:
        answer["BackupDescription"]["BackupDetails"]["BackupStatus"] = status()
        return answer

    answers(world, "describe_backup", change)
    answers(world, "create_backup", lambda answer: _with_status(answer, "BackupDetails"))


def _with_status(answer: dict[str, Any], name: str, status: str = "CREATING") -> dict[str, Any]:
    answer[name]["BackupStatus"] = status
    return answer
