"""What counts as a leak, on made-up figures."""

import os
from pathlib import Path

import pytest
from tests.campaigns.soak.sampling import Process, Sample, Sampler, growth, sample


def process(*rss_mb: float, files: int = 10) -> Process:
    return Process("worker", 1, [Sample(2.0 * n, mb, files) for n, mb in enumerate(rss_mb)])


def test_growth_is_that_of_the_fitted_line() -> None:
    """From its first point to its last, whatever single points do."""
    assert pytest.approx(8.0) == growth([(0, 1), (1, 3), (2, 5), (4, 9)])
    assert 0.0 == growth([(5, 1.0)])


def test_warming_up_is_no_leak() -> None:
    """Imports and pools come in the first half."""
    assert [] == process(*range(20, 60, 2), *[60.0] * 20).leaks()


def test_noise_is_no_leak() -> None:
    """The collector comes when it likes."""
    assert [] == process(*[60.0, 63.0, 61.0, 66.0] * 10).leaks()


def test_steady_growth_is_one() -> None:
    """Half a megabyte a sample, to the end."""
    (leak,) = process(*(60 + 0.5 * n for n in range(40))).leaks()

    assert "worker 1 grows by 9.5 MB" == leak


def test_what_came_before_it_was_judged_is_told_apart() -> None:
    """A watcher holds more while lanes begin; only afterwards it has to be flat."""
    it = process(*range(50, 90), *[90.0] * 40)
    it.since = 80.0

    assert ([], 40) == (it.leaks(), len(it.judged))
    assert 34.0 == it.before_mb


def test_open_files_that_grow_are_one() -> None:
    """Also where memory is flat."""
    samples = [Sample(float(n), 60.0, 10 + n // 4) for n in range(40)]

    assert "open files" in Process("worker", 1, samples).leaks()[0]


def test_a_process_is_seen_by_the_kernels_count() -> None:
    """This one holds some memory and a file that was just opened."""
    before = sample(os.getpid(), 0.0)
    with Path(os.devnull).open():
        during = sample(os.getpid(), 0.0)

    assert before is not None
    assert during is not None
    assert before.rss_mb > 10
    assert before.files + 1 == during.files


def test_a_process_that_is_gone_is_no_error() -> None:
    """Its samples stay, and end."""
    sampler = Sampler(lambda: {"gone": [2**22 - 1], "here": [os.getpid()]}, 1.0)

    sampler.look()

    assert [("here", os.getpid())] == list(sampler.processes)
