"""How checks are made beside each other."""

import threading
from collections.abc import Iterator

from airflow_ddb_migrate.core.doctor.check_results import CheckResult, Level, ok
from airflow_ddb_migrate.core.errors import AccessDeniedError
from airflow_ddb_migrate.doctor.running import run_checks


def fine() -> Iterator[CheckResult]:
    yield ok("fine", "It is.")


def denied() -> Iterator[CheckResult]:
    yield ok("denied", "The first half.")
    raise AccessDeniedError("Access denied: x on y.")


def broken() -> Iterator[CheckResult]:
    yield from ()
    raise KeyError("nothing")


def test_each_check_fails_for_itself() -> None:
    """What it had found stays, an error is unknown and no traceback, the others go on."""
    results = run_checks({"denied": denied, "broken": broken, "fine": fine}, seconds=60)

    assert [
        ("denied", Level.OK, "The first half."),
        ("denied", Level.UNKNOWN, "Access denied: x on y."),
        ("broken", Level.UNKNOWN, "This check failed: KeyError: 'nothing'"),
        ("fine", Level.OK, "It is."),
    ] == [(r.check, r.level, r.found) for r in results]


def test_what_hangs_is_unknown_after_the_deadline() -> None:
    """And does not keep the others from being told, or the process from ending."""
    never = threading.Event()

    def hangs() -> Iterator[CheckResult]:
        yield ok("hangs", "The first half.")
        never.wait()

    results = run_checks({"hangs": hangs, "fine": fine}, seconds=0.2)
    threads = [t for t in threading.enumerate() if t.name == "hangs"]
    never.set()

    assert [
        ("hangs", "The first half."),
        ("hangs", "There was no response in time."),
        ("fine", "It is."),
    ] == [(r.check, r.found) for r in results]
    assert [True] == [thread.daemon for thread in threads]
