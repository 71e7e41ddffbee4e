"""What ``make faults`` makes of what it is told, and of a campaign that was cut short."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.faults import __main__ as main
from tests.faults import results
from tests.faults.crew import Task
from tests.faults.kinds import KINDS
from tests.faults.results import Result


@pytest.fixture(autouse=True)
def latest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "latest.json"
    monkeypatch.setattr(results, "LATEST", path)
    return path


def ran(task: Task, *violations: str) -> Result:
    kind, seed = task
    return Result(
        kind=kind, seed=seed, ends=("green",), struck=1, seconds=1.0, violations=violations
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """What the crew was asked for; the third run of it finds something."""
    tasks: list[Task] = []

    def crew(wanted: Sequence[Task], jobs: int, outage_seconds: float) -> Iterator[Result]:
        tasks.extend(wanted)
        for place, task in enumerate(wanted):
            yield ran(task, *(("something",) if place == 2 else ()))

    monkeypatch.setattr(main, "crew", crew)
    return tasks


def test_seeds_take_turns_with_kinds(asked: list[Task]) -> None:
    """A campaign that is cut short has been everywhere."""
    assert 0 == main.main({"FAULTS_ONLY": "killed", "FAULT_SEEDS": "2"})
    assert [("killed", 0), ("killed", 1)] == asked


def test_kinds_may_be_named_by_where_they_strike(asked: list[Task]) -> None:
    """As docs/faults.md has it."""
    main.main({"FAULTS_ONLY": "control,killed", "FAULT_SEED": "7"})

    wanted = {kind.name for kind in KINDS.values() if kind.where == "control"} | {"killed"}
    assert {(name, 7) for name in wanted} == set(asked)


def test_a_name_that_is_none_is_refused(
    asked: list[Task], capsys: pytest.CaptureFixture[str]
) -> None:
    """With what there is."""
    assert 2 == main.main({"FAULTS_ONLY": "lightning"})
    assert "lightning" in capsys.readouterr().out
    assert [] == asked


def test_any_violation_fails_the_campaign(
    asked: list[Task], capsys: pytest.CaptureFixture[str]
) -> None:
    """And its line says how to repeat it."""
    assert 1 == main.main({"FAULTS_ONLY": "killed", "FAULT_SEEDS": "3"})
    assert "make faults FAULTS_ONLY=killed FAULT_SEED=2" in capsys.readouterr().out


def test_a_campaign_that_was_cut_short_goes_on(asked: list[Task]) -> None:
    """With what was not run yet; what was counts with it."""
    results.keep([ran(("killed", 0)), ran(("resets", 1))])

    wanted = {"FAULTS_ONLY": "killed,resets", "FAULT_SEEDS": "2", "FAULT_RESUME": "1"}
    assert 0 == main.main(wanted)

    assert {("killed", 1), ("resets", 0)} == set(asked)
    assert 4 == len(results.kept())


def test_ctrl_c_shows_what_there_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """But is no success."""

    def crew(tasks: Sequence[Task], jobs: int, outage_seconds: float) -> Iterator[Result]:
        yield ran(tasks[0])
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "crew", crew)

    assert 1 == main.main({"FAULTS_ONLY": "killed", "FAULT_SEEDS": "3"})
    assert "1 of 3 runs" in capsys.readouterr().out
