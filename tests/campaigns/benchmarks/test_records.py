"""Goals, and what is said of a run beside the last record."""

from pathlib import Path

import pytest
from tests.campaigns.benchmarks import records
from tests.campaigns.benchmarks.goals import GOALS, TIMES, Goal, text_table

LOWER = "loop_cpu_vs_batch_writer"
HIGHER = "items_per_second_vs_put_loop"


@pytest.mark.parametrize(
    ("name", "figure", "words"),
    [(LOWER, 0.9, "met"), (LOWER, 1.1, "missed"), (HIGHER, 6, "met"), (HIGHER, 4, "missed")],
)
def test_a_goal_is_met_or_missed(name: str, figure: float, words: str) -> None:
    """Most figures should be low; some high."""
    assert words in text_table({name: figure}, {})


@pytest.mark.parametrize(
    ("name", "before", "figure", "is_marked"),
    [
        (LOWER, 0.5, 0.59, False),
        (LOWER, 0.5, 0.61, True),
        (LOWER, 0.5, 0.1, False),
        (HIGHER, 4.0, 3.3, False),
        (HIGHER, 4.0, 3.1, True),
        (HIGHER, 4.0, 9.0, False),
        ("watch_worker_slots", 0, 1, True),
        ("watch_worker_slots", 0, 0, False),
    ],
)
def test_a_fifth_worse_than_the_last_record_is_marked(
    name: str, before: float, figure: float, is_marked: bool
) -> None:
    """In the figure's own direction; it fails nothing."""
    assert is_marked is ("WORSE by" in text_table({name: figure}, {name: before}))


def test_what_was_not_measured_is_left_out() -> None:
    """As the tab's figures without a browser."""
    assert ["what", GOALS[LOWER].words.split()[0]] == [
        line.split()[0] for line in text_table({LOWER: 1.0}, {}).splitlines()
    ]


def test_a_record_is_a_line_and_keeps_what_was_not_measured(tmp_path: Path) -> None:
    """The last line is the one to compare with."""
    file = tmp_path / "history.jsonl"

    assert {} == records.last(file)
    records.append({LOWER: 0.5, HIGHER: 4.0}, file)
    records.append({LOWER: 0.6}, file)

    assert {LOWER: 0.6, HIGHER: 4.0} == records.last(file)
    assert 2 == len(file.read_text().splitlines())


def test_the_page_shows_the_last_record() -> None:
    """It is written by make bench RECORD=1, and by nobody else."""
    page = records.PAGE.read_text()

    assert page == records.with_table(page, records.last())


def test_every_figure_of_the_last_record_that_has_a_goal_is_known() -> None:
    """A goal whose figure nobody measures any more would look as if it were met."""
    assert set() == GOALS.keys() - records.last().keys()


@pytest.mark.parametrize(
    ("goal", "figure", "shown"),
    [
        (Goal("w", 1), 0.0723, f"0.07 {TIMES}"),
        (Goal("w", 1, "bytes"), 639_537, "639,537 bytes"),
        (Goal("w", 0, ""), 0.0, "0"),
    ],
)
def test_figures_are_shown_to_be_read(goal: Goal, figure: float, shown: str) -> None:
    """Small ones with two places, large ones with none."""
    assert shown == goal.shown(figure)
