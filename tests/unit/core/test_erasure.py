"""Which migrations are over for good, and when what is kept of them expires."""

from typing import Any

import pytest
from airflow_ddb_migrate.core.erasure import Family, KeptRow, expiring
from airflow_ddb_migrate.core.ledger.history import HistoryRow
from airflow_ddb_migrate.core.ledger.results import CANARY, STOPPED, Outcome
from airflow_ddb_migrate.core.mode import Mode

DAY, DAYS = 86_400, 30


def row(name: str, of: str = "", mode: Mode = Mode.MIGRATE, **fields: Any) -> KeptRow:
    known = {
        "migration_id": name,
        "table_id": "id",
        "mode": mode,
        "of": of,
        "transform": "t",
        "transform_hash": "h",
        "params": "{}",
        "started_at": 1.0,
        "started_by": "ann",
        "result": Outcome.SUCCEEDED,
        "ended_at": 1_000.0,
    }
    key = {"pk": {"S": "table#arn"}, "sk": {"S": f"history#{name}"}}
    return KeptRow(key, HistoryRow(**{**known, **fields}))


def found(*rows: KeptRow, held: frozenset[str] = frozenset()) -> dict[tuple[str, ...], int]:
    return {family.ids: until for family, until in expiring(rows, held=held, days=DAYS)}


def test_what_has_succeeded_expires_so_many_days_after_its_end() -> None:
    """Whenever somebody looks: the same time each time."""
    assert {("m",): 1_000 + DAYS * DAY} == found(row("m"))


def test_checks_and_dry_runs_expire_with_their_migration() -> None:
    """Else a migration that goes on would count its checks anew; the last end counts."""
    check = row("m-verify", "m", Mode.VERIFY, ended_at=5_000.0)
    dry = row("m-dryrun", "m", Mode.DRY_RUN, result=Outcome.FAILED)

    assert {("m", "m-verify", "m-dryrun"): 5_000 + DAYS * DAY} == found(row("m"), check, dry)
    assert {} == found(row("m", result=Outcome.FAILED), check, dry)


def test_a_dry_run_of_what_was_never_started_expires_by_itself() -> None:
    """Nobody else would end it."""
    assert {("m-dryrun",): 1_000 + DAYS * DAY} == found(row("m-dryrun", "m", Mode.DRY_RUN))


@pytest.mark.parametrize("result", [Outcome.SUCCEEDED, Outcome.FAILED])
def test_a_check_of_what_expires_already_expires_by_itself(result: str) -> None:
    """Whatever it found: it was begun after its migration was judged."""
    late = row("m-verify", "m", Mode.VERIFY, ended_at=5_000.0, result=result)

    assert {("m-verify",): 5_000 + DAYS * DAY} == found(row("m", kept_until=9_000), late)


@pytest.mark.parametrize("result", [Outcome.FAILED, STOPPED, CANARY, ""])
def test_what_can_be_continued_never_expires(result: str) -> None:
    """However long ago it ended, or if nobody saw it end."""
    assert {} == found(row("m", result=result, ended_at=1_000.0 * bool(result)))


@pytest.mark.parametrize("mode", [Mode.UNDO, Mode.REPLAY])
@pytest.mark.parametrize("result", [Outcome.FAILED, STOPPED, ""])
def test_what_an_unfinished_undo_or_replay_is_about_never_expires(mode: Mode, result: str) -> None:
    """That can be continued, and asks for it. Once it has succeeded both expire."""
    about = row("u", "m", mode, result=result, ended_at=9_000.0 * bool(result))

    assert {} == found(row("m"), about)
    done = row("u", "m", mode, ended_at=9_000.0)
    assert {("m",), ("u",)} == {*found(row("m"), done)}


@pytest.mark.parametrize("held", ["m", "m-verify"])
def test_what_holds_a_table_or_owes_capacity_never_expires(held: str) -> None:
    """Restore reads what is kept of it."""
    rows = row("m"), row("m-verify", "m", Mode.VERIFY)

    assert {} == found(*rows, held=frozenset({held}))
    assert found(*rows, held=frozenset({"other"}))


def test_a_check_that_has_not_ended_keeps_its_migration() -> None:
    """It may run."""
    assert {} == found(row("m"), row("m-verify", "m", Mode.VERIFY, result="", ended_at=0.0))


def test_what_is_marked_or_forgotten_already_is_left_alone() -> None:
    """Nothing but the row is left of it, or will be."""
    assert {} == found(row("m", kept_until=5.0), row("n", forgotten_at=5.0))


def test_members_are_found_by_name_and_not_by_how_it_begins() -> None:
    """orders-1 is no part of orders-10, nor of what an undo of it is about."""
    rows = [row("orders-1"), row("orders-10"), row("u", "orders-1", Mode.UNDO)]

    assert (("orders-1",), 1) == (
        Family.find("orders-1", rows).ids,
        len(Family.find("orders-1", rows).about),
    )
