"""The reference on the site says what the code has, and nothing is left out."""

import argparse
import json
import re
from collections.abc import Iterator

import airflow_ddb_migrate
import pytest
from airflow_ddb_migrate.cli.main import command_parser
from airflow_ddb_migrate.core import errors
from airflow_ddb_migrate.params import about_params, many_params, migration_params
from airflow_ddb_migrate.permissions.policy import Audience, policy
from airflow_ddb_migrate.permissions.scope import Scope
from website.links import ROOT
from website.reference import classes, configuration
from website.reference import errors as errors_reference
from website.reference.docstrings import doc_of
from website.reference.markdown import table
from website.reference.pages import PAGES


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {path.removeprefix("reference/"): made() for path, made in PAGES.items()}


def headings(page: str) -> list[str]:
    return re.findall(r"(?m)^#+ (.+)$", page)


def test_every_page_is_on_the_site() -> None:
    """`make docs` fails for one that no part of nav leads to."""
    text = (ROOT / "mkdocs.yml").read_text()

    assert [] == [path for path in PAGES if f"- {path}\n" not in text]


def test_every_public_name_has_its_place(pages: dict[str, str]) -> None:
    found = "".join(pages[p] for p in ("operators.md", "sensors.md", "functions.md"))

    names = set(airflow_ddb_migrate.__all__) - {"__version__"}
    assert [] == [n for n in names if n not in headings(found) and f"`{n}`" not in found]


def test_every_parameter_says_what_it_is(pages: dict[str, str]) -> None:
    """With its default, as a DAG would have it."""
    rows = re.findall(r"(?m)^\| `(\w+)` \|(.+)\|$", pages["operators.md"])

    assert {"table_name", "segments", "wait", "rules"} - {"segments"} <= {name for name, _ in rows}
    assert [] == [name for name, cells in rows if not cells.rpartition(" | ")[2].strip()]
    assert "| `wait` | `bool` | `False` |" in pages["operators.md"]


def test_a_parameter_without_words_fails_the_build() -> None:
    class Operator:
        """Does something."""

        def __init__(self, *, table: str) -> None: ...

    with pytest.raises(classes.UndocumentedError, match="no words on the parameter 'table'"):
        classes._section(Operator)


@pytest.mark.parametrize("form", [migration_params(), many_params(), about_params("undo")])
def test_every_conf_field_is_explained(pages: dict[str, str], form: dict[str, object]) -> None:
    rows = dict(re.findall(r"(?m)^\| `(\w+)` \| (.*?) \|", pages["conf.md"]))

    assert [] == [name for name in form if not rows.get(name)]
    assert "| `table` | " in pages["conf.md"]
    assert 3 == pages["conf.md"].count("| *required* |")


def commands(parser: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, list[str]]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command, below in action.choices.items():
                yield from commands(below, f"{name} {command}")
            return
    yield name, [option for action in parser._actions for option in action.option_strings[-1:]]


def test_every_command_and_option_is_listed(pages: dict[str, str]) -> None:
    page = pages["commands.md"]
    sections = {part.split("\n")[0]: part for part in page.split("\n## ")}

    for name, options in commands(command_parser(), "ddb-migrate"):
        missing = [o for o in options if o != "--help" and f"| `{o}" not in sections[name]]
        assert [] == missing, name
    assert ["0", "1", "2", "130"] == re.findall(r"(?m)^\| `(\d+)` \|", sections["Exit codes"])


def test_every_policy_is_as_printed(pages: dict[str, str]) -> None:
    blocks = re.findall(r"(?s)```json\n(.+?)\n```", pages["policies.md"])
    found = [json.loads(text) for text in blocks]

    assert {each.value for each in Audience} < set(headings(pages["policies.md"]))
    assert policy(Audience.AIRFLOW, Scope()) in found


def test_every_error_says_what_to_do(pages: dict[str, str]) -> None:
    names = {n for n, v in vars(errors).items() if isinstance(v, type) and n.endswith("Error")}

    assert names == set(headings(pages["errors.md"])) - {"Errors"}
    assert len(names) - 1 == pages["errors.md"].count("**What to do:**")


def test_an_error_without_advice_fails_the_build() -> None:
    class NewError(errors.MigrationError):
        """Something is wrong."""

    with pytest.raises(errors_reference.NoAdviceError, match="The docstring of NewError lacks"):
        errors_reference._section(NewError)


def test_an_environment_variable_without_words_fails_the_build(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = dict(configuration._VARIABLES)
    del known["DEMO_SEGMENTS"]
    monkeypatch.setattr(configuration, "_VARIABLES", known)

    with pytest.raises(configuration.UnknownVariableError, match="DEMO_SEGMENTS"):
        configuration.configuration_page()


def test_every_ledger_record_is_listed(pages: dict[str, str]) -> None:
    """With the keys that the code makes."""
    page = pages["ledger.md"]

    assert {"MigrationRecord", "ControlRecord", "LaneRow", "Event"} <= set(headings(page))
    assert "| lease | `table#ARN` | `lease#TABLE_ID` |" in page
    assert "**LaneState**: `PENDING`, `RUNNING`, `DONE`, `FAILED`." in page


def test_every_limit_is_listed_with_its_source(pages: dict[str, str]) -> None:
    rows = re.findall(r"(?m)^\| `[A-Z_]+` \| `(.+)` \| (.*) \|$", pages["limits.md"])

    names = re.findall(
        r"(?m)^[A-Z_]+: Final", (ROOT / "airflow_ddb_migrate/core/limits.py").read_text()
    )
    assert len(names) == len(rows)
    assert ("262,144", "[API] StartExecution input, UTF-8 bytes") in rows
    assert [] == [row for row in rows if not row[1]]


def test_a_docstring_becomes_markdown() -> None:
    def function(value: str) -> None:
        """Do it with ``value``, as :class:`~a.b.Other` does.

        :param value: text of
            two lines. (templated)
        :raises OSError: it fails.

        More that is for who reads the code.
        """

    doc = doc_of(function)

    assert "Do it with `value`, as `Other` does." == doc.words
    assert {"value": "text of\n    two lines. (templated)"} == doc.params
    assert {"OSError": "it fails."} == doc.raises
    assert "| a\\|b | text of two lines |" in table(("x", "y"), [("a|b", "text of\n two lines")])
