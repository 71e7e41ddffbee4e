"""Each engine does as AWS does, but for what is known of it; the double in everything."""

import re
from pathlib import Path

import pytest
from tests.conformance.engines import ENGINES
from tests.conformance.known import known
from tests.conformance.score import CASES, differences, score_table

DOCS = Path(__file__).parents[2] / "docs" / "emulators.md"
SOURCES = (
    "AWS API reference",
    "AWS page",
    "DynamoDB developer guide",
    "botocore model of DynamoDB",
    "nubo-db/dynoxide",
    "paritysuite/dynamodb-conformance",
)

slow = pytest.mark.story  # seconds of a score that changes with a pinned version only


@pytest.mark.parametrize(
    "engine",
    [
        "double",
        "ministack",
        pytest.param("dynalite", marks=slow),
        pytest.param("moto", marks=slow),
    ],
)
def test_an_engine_differs_from_aws_in_what_is_known_of_it(engine: str, tmp_path: Path) -> None:
    """A new difference fails, and so does one that is gone: ``make conformance RECORD=1``."""
    with ENGINES[engine](tmp_path) as bench:
        found = differences(bench)

    expected = set(known()[engine])
    new = {name: difference for name, difference in found.items() if name not in expected}
    assert ({}, set()) == (new, expected - found.keys())


def test_the_double_is_as_strict_as_aws_in_every_case() -> None:
    """What it is for; each case fails on another engine, or could."""
    assert [] == known()["double"]
    assert set(ENGINES) == set(known())


def test_every_case_has_a_name_of_its_own_and_a_source() -> None:
    """Whoever doubts a case finds who saw it on AWS."""
    names = [case.name for case in CASES]

    assert sorted(set(names)) == sorted(names)
    assert [] == [case.name for case in CASES if not case.source.startswith(SOURCES)]


def test_the_docs_have_the_scores() -> None:
    """And no others."""
    page = DOCS.read_text()

    assert score_table(known()) in page
    assert [f"{len(CASES)} cases"] == re.findall(r"[0-9,]+ cases", page)[:1]
