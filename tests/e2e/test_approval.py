"""A person is asked by a real Airflow, and answers as one does."""

import pytest

GONE_ON = dict.fromkeys(("approve", "start", "eager", "report", "restore"), "success")
ENDED = {**GONE_ON, "start": "skipped", "eager": "skipped"}


@pytest.mark.parametrize(
    ("option", "answer", "states"),
    [("Approve", "approved", GONE_ON), ("Reject", "rejected", ENDED)],
)
def test_a_person_answers(airflow, option, answer, states):
    """Approve lets everything run; Reject skips all but report and teardown; the run is green."""
    run = airflow.trigger({}, "gated")
    question = run.question("approve")
    assert (f"Go on with {run.run_id}?", ["Approve", "Reject"]) == (
        question["subject"],
        question["options"],
    )
    run.answer("approve", option)
    assert ("success", states) == (run.finish(), run.tasks())
    result = run.result("approve")
    assert answer == result["answer"]
    assert result["by"]
    assert result["at"]


@pytest.mark.parametrize(
    ("conf", "answer", "states"),
    [
        ({"enabled": False}, "not asked", GONE_ON),
        ({"end_here": True}, "ended", ENDED),
        ({"response_timeout": 1}, "timed out", ENDED),
    ],
    ids=str,
)
def test_nobody_answers(airflow, conf, answer, states):
    """Who is not to be asked is not; silence is a rejection."""
    run = airflow.trigger(conf, "gated")
    assert ("success", states) == (run.finish(), run.tasks())
    assert {"answer": answer, "by": "", "at": ""} == run.result("approve")


def test_a_cleared_question_is_asked_again(airflow):
    """After a rejection a person may think again; what was skipped runs then."""
    run = airflow.trigger({}, "gated")
    run.answer("approve", "Reject")
    run.finish()
    run.clear("approve")
    run.answer("approve", "Approve")
    assert ("success", GONE_ON) == (run.finish(), run.tasks())


def test_clearing_a_task_below_does_not_get_past_a_rejection(airflow):
    """It is skipped again; only the rule all_done, which nothing that writes may have, runs."""
    run = airflow.trigger({}, "gated")
    run.answer("approve", "Reject")
    run.finish()
    run.clear("start")
    assert ("success", {**ENDED, "eager": "success"}) == (run.finish(), run.tasks())
