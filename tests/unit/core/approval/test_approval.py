"""What may start by an approval, and why not."""

from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.core.approval.approval import OWN, Approval, params_hash, text_hash
from airflow_ddb_migrate.core.approval.author_rules import RequiredStep

RUN = "DAG d, run r"
GIVEN = Approval(
    step=RequiredStep.APPROVE,
    run=RUN,
    asked_at="2031-01-01T00:00:00+00:00",
    requested_by="ann",
    two_people=True,
    plan_hash="plan-1",
    transform_hash="code-1",
    answer="approved",
    by="Bob",
    by_id="7",
    at="2031-01-01T01:00:00+00:00",
)
NOW: dict[str, Any] = {
    "run": RUN,
    "plan_hash": "plan-1",
    "transform_hash": "code-1",
    "two_people": True,
}


def test_the_ledger_holds_it() -> None:
    assert GIVEN == Approval.from_json(GIVEN.to_json())


def test_what_was_approved_may_start() -> None:
    """Also where the transform does not matter, as for an undo."""
    assert ["", ""] == [GIVEN.refusal(**NOW), GIVEN.refusal(**{**NOW, "transform_hash": ""})]


@pytest.mark.parametrize(
    ("noted", "now", "says"),
    [
        ({"answer": ""}, {}, "has not been answered"),
        ({"answer": "rejected"}, {}, "it was rejected by Bob"),
        ({"answer": "timed out", "by": ""}, {}, "it was timed out by nobody"),
        ({"answer": OWN}, {}, "requires another person"),
        ({}, {"run": "DAG d, run s"}, "is for DAG d, run r, not for DAG d, run s"),
        ({"two_people": False}, {}, "before the DAG required the approval of a second person"),
        ({}, {"plan_hash": "plan-2"}, "approved plan plan-1 at"),
        ({}, {"transform_hash": "code-2"}, "approved transform code-1 at"),
        (
            {"transform_hash": ""},
            {},
            "at 2031-01-01T01:00:00+00:00, when no usable transform was known",
        ),
        ({"transform_hash": "", "plan_hash": ""}, {"plan_hash": ""}, "code-1 is deployed now"),
    ],
)
def test_what_was_not_is_refused_with_what_to_do(noted: Any, now: Any, says: str) -> None:
    words = replace(GIVEN, **noted).refusal(**{**NOW, **now})

    assert says in words
    assert "Clear the task of the" in words


def test_one_person_may_start_what_was_approved_without_a_known_transform() -> None:
    """An older plan knows no hash; and where no transform is needed none has to be known."""
    noted = replace(GIVEN, transform_hash="")

    assert "" == noted.refusal(**{**NOW, "two_people": False})
    assert "" == noted.refusal(**{**NOW, "transform_hash": ""})


@pytest.mark.parametrize(
    ("name", "user_id", "is_own"),
    [
        ("ann", "1", True),
        ("ANN", "1", True),
        ("Ann Smith", "ann", True),
        ("bob", "7", False),
        ("", "", False),
    ],
)
def test_the_requester_is_known_by_name_or_id(name: str, user_id: str, is_own: bool) -> None:
    assert is_own == GIVEN.is_requesters(name=name, user_id=user_id)


def test_nobody_is_the_requester_where_that_is_unknown() -> None:
    assert not replace(GIVEN, requested_by="").is_requesters(name="", user_id="")


def test_hashes_follow_from_what_is_said() -> None:
    """Not from its order."""
    assert params_hash({"a": 1, "b": 2}) == params_hash({"b": 2, "a": 1}) != params_hash({"a": 1})
    assert ("", 64) == (text_hash(""), len(text_hash("{}")))
