"""Findings of modes that write nothing: counted, added up, kept as text."""

from collections.abc import Callable

import pytest
from airflow_ddb_migrate.core.inspection.findings import Findings
from airflow_ddb_migrate.core.limits import ITEM_BYTES
from hypothesis import given
from hypothesis import strategies as st

SIZES = st.integers(1, ITEM_BYTES)
NAMES = st.text(max_size=3)
KINDS = st.sampled_from(["-", "S", "N"])
STEPS: st.SearchStrategy[Callable[[Findings], None]] = st.one_of(
    st.tuples(SIZES, st.integers(0, ITEM_BYTES)).map(lambda two: lambda f: f.add_sizes(*two)),
    st.tuples(NAMES, KINDS, KINDS).map(lambda three: lambda f: f.add_attribute(*three)),
    st.tuples(st.sampled_from(["A", "B", "check"]), NAMES).map(
        lambda two: lambda f: f.add_error(*two)
    ),
    NAMES.map(lambda key: lambda f: f.add_changed(key)),
)


@pytest.mark.parametrize(
    ("before", "after", "buckets", "units", "larger"),
    [
        (100, 128, ({128: 1}, {128: 1}), 1, 0),
        (100, 129, ({128: 1}, {256: 1}), 1, 0),
        (1_024, 1_025, ({1_024: 1}, {2_048: 1}), 2, 1),
        (3_000, 100, ({4_096: 1}, {128: 1}), 3, 0),
        (3_000, 0, ({4_096: 1}, {}), 3, 0),
        (10, ITEM_BYTES + 1, ({128: 1}, {ITEM_BYTES: 1}), 401, 1),
    ],
    ids=["equal", "larger", "a step up", "smaller", "deleted", "too large"],
)
def test_sizes_cost_what_the_larger_one_costs(
    before: int, after: int, buckets: tuple[dict[int, int], ...], units: int, larger: int
) -> None:
    """By whole KB of before and after; a deleted item has no size after."""
    findings = Findings()
    findings.add_sizes(before, after)

    assert (*buckets, units, larger) == (
        findings.before,
        findings.after,
        findings.units,
        findings.larger_step,
    )


def test_a_change_of_type_is_told() -> None:
    """An attribute that comes or goes, or keeps its type, is only counted."""
    findings = Findings()
    for before, after in (("S", "N"), ("S", "N"), ("S", "S"), ("-", "S"), ("S", "-")):
        findings.add_attribute("age", before, after)

    assert {"age": 5} == findings.attributes
    assert {"age: S -> N": 2} == findings.type_changes


def test_errors_are_counted_with_the_first_keys() -> None:
    """Per class, five keys; the count goes on."""
    findings = Findings()
    for number in range(7):
        findings.add_error("KeyError", f"id={number}")
    findings.add_error("check", "id=x")

    assert {"KeyError": 7, "check": 1} == findings.errors
    assert {"KeyError": [f"id={n}" for n in range(5)], "check": ["id=x"]} == findings.examples


def test_examples_are_few_whatever_goes_wrong() -> None:
    """A lane's row stays small: of many classes each is counted, and the first ones are shown."""
    findings = Findings()
    for number in range(100):
        findings.add_error(f"Error{number}", "x" * 300)

    assert (100, 20) == (len(findings.errors), len(findings.examples))


def test_what_would_still_change_is_no_error() -> None:
    """Its first keys are shown; findings of before had none."""
    findings = Findings()
    for number in range(7):
        findings.add_changed(f"id={number}")

    assert {"changed": [f"id={n}" for n in range(5)]} == findings.examples
    assert ({}, findings) == (findings.errors, Findings.from_json(findings.to_json()))
    assert {} == Findings.from_json('{"before": {"128": 1}}').examples
    assert 7 == Findings.from_json('{"units": 7, "newer": 1}').units


def test_nothing_found_is_an_empty_text() -> None:
    """A migration that writes leaves its rows as small as they were."""
    assert "" == Findings().to_json()
    assert Findings() == Findings.from_json("")


@given(st.lists(STEPS, min_size=1, max_size=12), st.integers(0, 12))
def test_lanes_add_up_to_what_one_lane_would_have_found(
    steps: list[Callable[[Findings], None]], cut: int
) -> None:
    """Also through their texts; nothing of the parts is changed."""
    whole, *parts = Findings(), Findings(), Findings()
    for place, step in enumerate(steps):
        step(whole)
        step(parts[0] if place < cut else parts[1])
    texts = [part.to_json() for part in parts]

    assert whole == Findings.sum(parts)
    assert texts == [part.to_json() for part in parts]
    kept = [Findings.from_json(text) for text, part in zip(texts, parts, strict=True) if part]
    assert [part for part in parts if part] == kept


def test_nothing_adds_up_to_nothing() -> None:
    """No lane has begun."""
    assert Findings() == Findings.sum([])
