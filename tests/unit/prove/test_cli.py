"""The command: what it says, asks and refuses before anything is made."""

from pathlib import Path

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.cli import main
from airflow_ddb_migrate.prove import fixtures
from airflow_ddb_migrate.prove.run import Proving
from moto import mock_aws
from tests.unit.prove.test_run import clients, there

__all__ = ["clients"]
AWS = "https://dynamodb.us-east-1.amazonaws.com"
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--table-prefix", "X"], "--table-prefix is 'X'"),
        (["--table-prefix", "jane", "--output", "/nowhere/at/all"], "--output"),
        (["--table-prefix", "jane", "--output", "/"], "--output"),
        (["--table-prefix", "jane", "--engine", "ministack"], "the endpoints are those of AWS"),
        (["--table-prefix", "jane", "--profile", "nobody"], "(nobody) could not be found"),
    ],
)
def test_what_cannot_be_used_is_refused(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with mock_aws():
        assert 1 == main.main(["prove", "--yes", *arguments])
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("answer", ["no", "", EOFError], ids=str)
def test_it_asks_before_it_costs_money(
    answer: object,
    clients: Clients,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With the most that it can cost, all that is made, and that nobody has run it on AWS."""

    def reply(_: str) -> str:
        if isinstance(answer, str):
            return answer
        raise EOFError

    monkeypatch.setattr("builtins.input", reply)
    monkeypatch.setattr(Proving, "run", lambda _: pytest.fail("it was not told to"))

    assert 0 == main.main(["prove", "--table-prefix", "jane"])
    said = capsys.readouterr().out
    assert "costs at most $0.03" in said
    assert "jane-prove-slow" in said
    assert "Nothing was created." in said
    assert (fixtures.NEVER_ON_AWS in said) != fixtures.has_run_on_aws()
    assert set() == there(clients)


@pytest.mark.parametrize("page", ["README.md", "docs/fine-print.md", "docs/emulators.md"])
def test_the_docs_say_so_until_aws_has_answered(page: str) -> None:
    """With an answer of AWS in the folder these sentences have to go."""
    sentences = {
        "README.md": "never been run against a real AWS account",
        "docs/fine-print.md": "**Unproven on AWS.**",
        "docs/emulators.md": "Nothing here has run in a real account",
    }

    assert (sentences[page] in (ROOT / page).read_text()) != fixtures.has_run_on_aws()
