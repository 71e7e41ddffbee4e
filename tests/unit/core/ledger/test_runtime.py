"""What workers run on, in words and in a migration's note."""

import json

import pytest
from airflow_ddb_migrate.core.ledger.runtime import (
    LambdaRuntime,
    runtime_in_words,
    runtimes_in_words,
    with_runtime,
)

READS, WRITES = "reading pages", "writing batches"
UNREAD = "botocore does not emit before-parse"


def runtime(version: str = "1.34.145", **shortcuts: str) -> LambdaRuntime:
    return {
        "python": "3.12.1",
        "botocore": version,
        "protocol": "json",
        "shortcuts": {name.replace("_", " "): reason for name, reason in shortcuts.items()},
    }


@pytest.mark.parametrize(
    ("shortcuts", "words"),
    [
        (
            {READS: "", WRITES: ""},
            " Shortcuts past botocore: reading pages, writing batches.",
        ),
        (
            {READS: UNREAD, WRITES: ""},
            " Shortcuts past botocore: writing batches. Done by botocore, with the same "
            "result but slower: reading pages (botocore does not emit before-parse).",
        ),
        ({READS: "x"}, " Done by botocore, with the same result but slower: reading pages (x)."),
    ],
)
def test_words(shortcuts: dict[str, str], words: str) -> None:
    """The versions, and of each shortcut whether it is on, or why not."""
    said = "Lambda: Python 3.12.1, botocore 1.34.145, DynamoDB protocol json."
    assert said + words == runtime_in_words(runtime(**shortcuts))


def test_a_runtime_is_noted_once() -> None:
    """Of thousands of workers the first one notes it."""
    note = with_runtime("", runtime())

    assert [runtime()] == json.loads(note)
    assert "" == with_runtime(note, runtime())


def test_an_update_in_mid_run_is_noted_beside_it() -> None:
    """AWS updates the runtime under a published version; only the last few are kept."""
    note = ""
    for version in range(7):
        note = with_runtime(note, runtime(str(version)))

    assert [str(version) for version in range(2, 7)] == [
        one["botocore"] for one in json.loads(note)
    ]
    assert 5 == runtimes_in_words(note).count("Lambda: ")


def test_no_note_has_no_words() -> None:
    """A migration that no worker has begun, or one of a former version."""
    assert "" == runtimes_in_words("")
