"""DAGs are run within the test's process by ``dag.test()``."""

import time

import pytest


@pytest.fixture(autouse=True)
def _short_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """``dag.test()`` sleeps for a second whenever no task is ready at once."""
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.02)))
