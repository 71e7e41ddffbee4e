"""What travels between Step Functions and the Lambda."""

import json
from dataclasses import asdict, fields
from typing import Any

import pytest
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.execution.messages import WorkRequest, WorkResult, WorkStatus
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from hypothesis import given
from hypothesis import strategies as st
from tests.support.factories import work_request

OUTCOMES = [f.name for f in fields(Counts) if f.name != "seen"]


def counts() -> st.SearchStrategy[Counts]:
    return st.builds(Counts, *(st.integers(0, 10**9) for _ in fields(Counts)))


def test_a_request_is_read_from_its_event() -> None:
    """What the state machine sends is what the worker gets; other fields are ignored."""
    request = work_request()

    assert request == WorkRequest.from_event({**asdict(request), "unknown": 1})


@pytest.mark.parametrize("name", [f.name for f in fields(WorkRequest)])
@pytest.mark.parametrize("wrong", [None, 1.5, True, []])
def test_a_mistyped_field_is_refused_by_its_name(name: str, wrong: Any) -> None:
    """Each field has to be there and of its type; the message names the field and the way out."""
    with pytest.raises(InvalidInputError) as refused:
        WorkRequest.from_event({**asdict(work_request()), name: wrong})

    assert str(refused.value).startswith(
        f"The Lambda's event has {name}={wrong!r}; it must be of type "
    )
    assert "StartDistributedMapMigrationOperator" in str(refused.value)


def test_text_and_number_are_not_taken_for_each_other() -> None:
    """A quoted segment is refused, and a number as table name, too."""
    for wrong in ({"segment": "0"}, {"table_name": 1}):
        with pytest.raises(InvalidInputError):
            WorkRequest.from_event({**asdict(work_request()), **wrong})


@pytest.mark.parametrize("status", WorkStatus)
def test_every_field_of_a_result_is_always_there(status: WorkStatus) -> None:
    """The state machine selects fields without asking whether they exist; all of it is JSON."""
    event = json.loads(json.dumps(WorkResult(status=status).to_event()))

    assert {
        "status": status.value,
        "error": "",
        "cause": "",
        "wait_seconds": 0,
        "counts": dict.fromkeys(["seen", *OUTCOMES], 0),
    } == event


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_one_item_counts_once(outcome: str) -> None:
    """An item is seen, and counted under exactly one outcome."""
    assert Counts(seen=1, **{outcome: 1}) == Counts.one(outcome)


@given(counts(), counts())
def test_counts_add_up_field_by_field(left: Counts, right: Counts) -> None:
    """Addition loses nothing, and the empty count changes nothing."""
    total = left + right

    assert all(
        getattr(left, f.name) + getattr(right, f.name) == getattr(total, f.name)
        for f in fields(Counts)
    )
    assert left == left + Counts()
    assert left == Counts.from_dict(left.to_dict())


def test_units_add_up() -> None:
    """Read and written stay apart."""
    assert Units(1.5, 2.0, 1.5) == Units(1.0, 2.0, 1.0) + Units(0.5, 0.0, 0.5)
    assert {"read": 0.5, "written": 0.0, "busiest": 0.0} == Units(0.5).to_dict()
