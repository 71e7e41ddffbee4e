"""Every command in README and docs exists, and takes the options that it is shown with."""

import ast
import re
from pathlib import Path

import pytest
from airflow_ddb_migrate.cli.main import command_parser
from botocore import xform_name
from botocore.session import get_session
from tests.conftest import ROOT
from tests.support.snippets import PAGES, commands

COMMANDS = [
    pytest.param(words, id=f"{snippet}-{' '.join(words[:3])}")
    for page in PAGES
    for snippet, words in commands(page)
]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
OF_THE_CLI = {"query", "output", "region", "cli-read-timeout", "profile", "endpoint-url"}
OF_OTHERS = {"pip", "curl", "source", "git", "cd", "sha256sum", "openssl"}  # other people's tools


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_is_known(words: list[str]) -> None:
    match words:
        case ["ddb-migrate", *rest]:
            command_parser().parse_args(rest)  # exits when it does not know one
        case ["make", target, *_]:
            assert target in TARGETS
        case ["aws", service, "wait", waiter, *_]:
            known = get_session().create_client(service, "us-east-1").waiter_names
            assert waiter.replace("-", "_") in known
        case ["aws", service, operation, *rest]:
            _require_operation(service, operation, rest)
        case ["python", "-c", code]:
            ast.parse(code)
        case [name, *_]:
            assert name in OF_OTHERS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_block_is_indented(page: Path) -> None:
    """These tests find blocks at the start of a line only."""
    assert [] == re.findall(r"^ +```.*", page.read_text(), re.MULTILINE)


def _require_operation(service: str, operation: str, rest: list[str]) -> None:
    """Raise AssertionError unless AWS has that operation with these parameters."""
    model = get_session().get_service_model({"s3api": "s3"}.get(service, service))
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names
    shape = model.operation_model(names[operation]).input_shape
    known = {xform_name(name, "-") for name in shape.members} | OF_THE_CLI
    assert {word[2:] for word in rest if word.startswith("--")} <= known
