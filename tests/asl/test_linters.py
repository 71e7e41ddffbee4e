"""The state machine before real linters: the emulators accept anything."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.asl.machine import definition_text
from tests.support.engines.node_tools import commands_of

FOLDER = Path(__file__).parent

# Fields that Step Functions has and statelint 1.30.0 does not know yet.
_NEWER_THAN_STATELINT = (
    'Field "QueryLanguage" not allowed in State Machine',
    'Field "Label" not allowed in State Machine.States.Migrate',
    'Field "MaxConcurrencyPath" not allowed in State Machine.States.Migrate',
    'Field "ToleratedFailurePercentagePath" not allowed in State Machine.States.Migrate',
)


@pytest.fixture(scope="session")
def linters() -> Path:
    """The folder of the linters' commands, installed on first use."""
    return commands_of(FOLDER, "asl-validator")


@pytest.fixture
def definition_file(tmp_path: Path) -> Path:
    file = tmp_path / "definition.json"
    file.write_text(definition_text())
    return file


def test_asl_validator_accepts_the_state_machine(linters: Path, definition_file: Path) -> None:
    """asl-validator finds nothing wrong with schema, paths, transitions and ARNs."""
    answer = _run(linters / "asl-validator", "--json-path", str(definition_file))

    assert (0, "") == (answer.returncode, answer.stderr)


def test_asl_validator_would_refuse_a_dangling_transition(
    linters: Path, definition_file: Path
) -> None:
    """The linter is awake: a transition to nowhere is refused."""
    definition = json.loads(definition_text())
    child = definition["States"]["Migrate"]["ItemProcessor"]["States"]
    child["Hold"]["Next"] = "Nowhere"
    definition_file.write_text(json.dumps(definition))

    answer = _run(linters / "asl-validator", "--json-path", str(definition_file))

    assert answer.returncode != 0


def test_statelint_finds_nothing_but_what_it_does_not_know(
    linters: Path, definition_file: Path
) -> None:
    """statelint complains of fields that are newer than itself, and of nothing else."""
    answer = _run(linters / "statelint", str(definition_file))

    lines = [line.strip() for line in answer.stdout.splitlines() + answer.stderr.splitlines()]
    complaints = [line for line in lines if line and not line.startswith("ERROR:")]
    assert sorted(_NEWER_THAN_STATELINT) == sorted(complaints)


def test_awss_language_service_finds_nothing(linters: Path) -> None:
    """The one of AWS's editors: schema, fields of each type of state, transitions."""
    assert [] == _told_by_language_service(definition_text())


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ('"Next": "More?"', '"Next": "Nowhere"', "must be the name of an existing state"),
        ('"SecondsPath"', '"SecondPath"', "Field is not supported"),
        ('"Type": "Wait"', '"Type": "Waits"', "Value is not accepted"),
    ],
)
def test_awss_language_service_would_find_a_mistake(
    linters: Path, right: str, wrong: str, words: str
) -> None:
    """It is awake, too."""
    assert words in " ".join(_told_by_language_service(definition_text().replace(right, wrong)))


def _told_by_language_service(definition: str) -> list[str]:
    answer = subprocess.run(
        ["node", "language_service.cjs"],
        cwd=FOLDER,
        input=definition,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (answer.returncode, answer.stderr)
    return list(json.loads(answer.stdout))


def _run(command: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(command), *arguments], cwd=FOLDER, capture_output=True, text=True, check=False
    )
