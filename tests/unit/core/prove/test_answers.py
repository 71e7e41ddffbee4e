"""The document of answers: it may be published, and an emulator's is never AWS's."""

import json

import pytest
from airflow_ddb_migrate.core.prove.answers import (
    Answer,
    AnswerSheet,
    Engine,
    has_aws,
    lasting,
    scrubbed,
)
from airflow_ddb_migrate.core.prove.questions import QUESTIONS

ACCOUNT = "123456789012"


def sheet(*, is_aws: bool = False, **fields: object) -> AnswerSheet:
    return AnswerSheet(
        engine=Engine("AWS" if is_aws else "x", is_aws),
        package_version="1",
        asked_at="2026-11-29T00:00:00.000Z",
        answers=(Answer(name="scan", found=fields),),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"on table arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/a, since", "on table <arn>, since"),
        (f"arn:aws-cn:iam::{ACCOUNT}:role/team/x", "<arn>"),
        (f"account {ACCOUNT} has", "account <account> has"),
        ("account 1234-5678-9012", "account <account>"),
        (f"https://{ACCOUNT}.ddb.us-east-1.amazonaws.com/ failed", "<url> failed"),
        ("RequestID: 4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG", "RequestID: <id>"),
        ("a7d59549-ab32-4995-9e2f-17fbe820423a", "<id>"),
        ("AKIAIOSFODNN7EXAMPLE and ASIAIOSFODNN7EXAMPLE", "<key> and <key>"),
        ("AROADBQP57FF2AEXAMPLE", "<key>"),
        ("jane-prove-slow", "<prefix>-prove-slow"),
        ("ConditionalCheckFailed", "ConditionalCheckFailed"),
        ("1E+125", "1E+125"),
    ],
)
def test_nothing_that_names_an_account_or_a_run_is_left(text: str, expected: str) -> None:
    """In values and in names, however deep."""
    found = scrubbed({"a": [{text: (text,)}], "n": 12}, "jane")

    assert {"a": [{expected: [expected]}], "n": 12} == found


def test_the_document_is_scrubbed_and_read_again() -> None:
    text = sheet(message=f"in account {ACCOUNT}", units=[1.5, None]).to_json("jane")

    assert ACCOUNT not in text
    read = AnswerSheet.from_json(text)
    assert {"message": "in account <account>", "units": [1.5, None]} == read.answers[0].found
    assert read == AnswerSheet.from_json(read.to_json(""))


def test_a_question_without_an_answer_says_why() -> None:
    one = AnswerSheet(
        engine=Engine("x", is_aws=False),
        package_version="1",
        asked_at="",
        answers=(Answer(name="scan", why_not="Access denied"),),
    )

    row = json.loads(one.to_json(""))["answers"][0]
    assert ("scan", "Access denied", False) == (
        row["name"],
        row["not_answered"],
        "answer" in row,
    )
    assert "Access denied" == AnswerSheet.from_json(one.to_json("")).answers[0].why_not


def test_a_document_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format 2"):
        AnswerSheet.from_json('{"format": 2}')


def test_only_aws_s_own_answers_count() -> None:
    assert not has_aws([sheet(), sheet()])
    assert has_aws([sheet(), sheet(is_aws=True)])


def test_times_are_left_out_of_a_comparison() -> None:
    found = {"a": [{"seen_after_seconds": 1.2, "looks": 1}], "b_seconds": 2}

    assert {"a": [{"looks": 1}]} == lasting(found)


def test_there_are_twelve_questions_each_with_a_consequence() -> None:
    assert 12 == len({question.name for question in QUESTIONS})
    assert all(q.text.endswith("?") and q.changes.endswith(".") for q in QUESTIONS)
