"""The command line: its words, its exit codes, and that it is quick and quiet."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow_ddb_migrate import __version__
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.cli import main
from airflow_ddb_migrate.core.errors import DeployError
from airflow_ddb_migrate.deployment import deploy, destroy
from tests.support import factories
from tests.support.engines.fakes import FakeLambda

DEAD_ENDPOINT = "http://127.0.0.1:1"


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Deployments that were asked for, none of which happens."""
    asked: list[Any] = []

    def refuse(self: Any) -> None:
        asked.append(self)
        raise DeployError("enough seen")

    monkeypatch.setattr(deploy.Deployment, "deploy", refuse)
    return asked


@pytest.fixture
def destroyed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, bool]]:
    """Destructions that were confirmed: forced or not, with the data or not; none happens."""
    asked: list[tuple[bool, bool]] = []

    def destroy_it(self: destroy.Removal, *, force: bool, delete_data: bool) -> None:
        if self.confirm("Delete stack ddb-migrate?"):
            asked.append((force, delete_data))

    monkeypatch.setattr(destroy.Removal, "destroy", destroy_it)
    return asked


@pytest.fixture
def stackless(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account in which there is no stack."""
    monkeypatch.setattr(deploy, "describe_stack", lambda *_: None)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["local"],
        ["deploy", "--table"],
        ["deploy", "--table", "orders", "--all-tables"],
        ["self-check", "--table", "orders"],
        ["fly"],
    ],
    ids=lambda arguments: " ".join(arguments) or "nothing",
)
def test_wrong_usage_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """argparse shows the usage."""
    with pytest.raises(SystemExit) as caught:
        main.main(arguments)

    assert 2 == caught.value.code
    assert "usage: ddb-migrate" in capsys.readouterr().err


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    """--version prints it and nothing else."""
    with pytest.raises(SystemExit):
        main.main(["--version"])

    assert f"{__version__}\n" == capsys.readouterr().out


def test_help_is_quick() -> None:
    """Neither Airflow nor boto3 is imported before a command needs it."""
    code = (
        "import sys, airflow_ddb_migrate.cli.main; print({'airflow', 'boto3'} & sys.modules.keys())"
    )

    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "set()\n" == answer.stdout


def test_deploy_passes_on_what_it_was_told(deployed: list[Any]) -> None:
    """Tables are repeatable; the folder of transforms is a path."""
    arguments = "deploy --stack-name s --table orders --table customers --transforms mine"

    assert 1 == main.main([*arguments.split(), "--region", "eu-west-1"])

    asked = deployed[0]
    assert ("s", ["orders", "customers"]) == (asked.stack_name, asked.tables)
    assert Path("mine") == asked.transforms_dir
    assert "eu-west-1" == asked.clients.dynamodb.meta.region_name


def test_every_table_only_when_asked_for(deployed: list[Any]) -> None:
    """--all-tables is the one way to '*'."""
    main.main(["deploy"])
    main.main(["deploy", "--all-tables"])

    assert [[], ["*"]] == [asked.tables for asked in deployed]


def test_an_error_is_one_message_on_stderr(
    deployed: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback: the message says what to do."""
    code = main.main(["deploy", "--table", "orders"])

    assert (1, "ddb-migrate: enough seen\n") == (code, capsys.readouterr().err)


@pytest.mark.parametrize("name", ["or", "orders!", "arn:aws:dynamodb:us-east-1:1:table/orders"])
def test_a_table_name_that_is_none_is_refused(
    name: str, stackless: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is made, with what a name looks like."""
    assert 1 == main.main(["deploy", "--table", name])
    assert f"table is {name!r}" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["1st", "a_b", "x" * 51, ""])
def test_a_stack_name_that_is_none_is_refused(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The function and the ledger are named after it."""
    assert 1 == main.main(["deploy", "--stack-name", name, "--table", "orders"])
    assert "--stack-name is" in capsys.readouterr().err


def test_no_endpoint_is_a_clear_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An emulator that is down, or a network that is."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    code = main.main(["deploy", "--table", "orders", "--endpoint-url", DEAD_ENDPOINT])

    assert 1 == code
    assert f'AWS could not be reached. Could not connect to the endpoint URL: "{DEAD_ENDPOINT}' in (
        capsys.readouterr().err
    )


def test_no_credentials_is_a_clear_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names what was tried and where credentials go."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    assert 1 == main.main(["deploy", "--table", "orders"])
    assert "needs AWS credentials and a region" in capsys.readouterr().err


def test_an_unknown_profile_is_a_clear_message(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt profile is a matter of credentials."""
    assert 1 == main.main(["deploy", "--table", "orders", "--profile", "nobody"])
    assert "(nobody) could not be found" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("ddb-migrate", [(False, False)]), ("yes", []), (EOFError, [])],
    ids=str,
)
def test_destroy_asks_for_the_name(
    answer: Any,
    expected: list[bool],
    destroyed: list[tuple[bool, bool]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The ledger is the memory of every migration; where nobody answers, nothing is deleted."""

    def reply(_: str) -> str:
        if isinstance(answer, str):
            return answer
        raise answer

    monkeypatch.setattr("builtins.input", reply)

    assert 0 == main.main(["destroy"])
    assert expected == destroyed


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [([], (False, False)), (["--force"], (True, False)), (["--delete-data"], (False, True))],
    ids=str,
)
def test_destroy_does_not_ask_with_yes(
    arguments: list[str], expected: tuple[bool, bool], destroyed: list[tuple[bool, bool]]
) -> None:
    """For scripts; --force may lose what capacity was, --delete-data what an undo needs."""
    assert 0 == main.main(["destroy", "--yes", *arguments])
    assert [expected] == destroyed


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    """A deployed stack of the name ``mine`` whose Lambda answers the self-check."""
    stack = factories.stack(name="mine")
    clients = {"lambda": FakeLambda(), "cloudformation": None}
    monkeypatch.setattr(main, "_clients", lambda _: Clients(clients.__getitem__))
    monkeypatch.setattr(
        "airflow_ddb_migrate.aws.services.stack.find_stack", lambda _, name: {"mine": stack}[name]
    )
    return clients["lambda"]  # type: ignore[return-value]


def test_self_check_says_which_writer_and_every_difference(
    checked: FakeLambda, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence shows five; below it are all. A slower writer is no failure."""
    differences = [f"case {number}: APPLIED instead of LOST" for number in range(7)]
    checked.answer = {"fast": False, "unproven": ["update"], "differences": differences}

    assert 0 == main.main(["self-check", "--stack-name", "mine"])

    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Writer: single conditional requests (batches are not proven here: ")
    assert [f"  {difference}" for difference in differences] == said[1:]
    assert [{"action": "self-check"}] == checked.invoked


def test_self_check_without_a_difference_is_one_line(
    checked: FakeLambda, capsys: pytest.CaptureFixture[str]
) -> None:
    """The fast writer is used."""
    checked.answer = {"fast": True, "unproven": [], "differences": []}

    assert 0 == main.main(["self-check", "--stack-name", "mine"])
    assert (
        "Writer: conditional batches; the self-check found no difference to single requests.\n"
    ) == capsys.readouterr().out


def test_a_self_check_that_could_not_run_is_an_error(
    checked: FakeLambda, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asked for by a person it fails, unlike the one after a deployment."""
    checked.function_error = "Unhandled"

    assert 1 == main.main(["self-check", "--stack-name", "mine"])
    assert "could not run the self-check" in capsys.readouterr().err


def test_local_down_without_a_stack_has_nothing_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Taking down twice is no error."""
    assert 0 == main.main(["local", "down", "--state-dir", str(tmp_path)])
    assert f"No embedded stack runs from {tmp_path}: nothing to do.\n" == capsys.readouterr().out


@pytest.mark.parametrize("name", ["link.py", "pipe.py", "folder.py"])
def test_local_up_starts_nothing_for_a_folder_that_cannot_be_deployed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    make = {"link.py": lambda path: path.symlink_to("mine.py"), "pipe.py": os.mkfifo}
    make.get(name, Path.mkdir)(tmp_path / name)
    state = tmp_path / "state"

    asked = ["local", "up", "--state-dir", str(state), "--transforms", str(tmp_path)]

    assert 1 == main.main(asked)
    assert f"'{name}' is a " in capsys.readouterr().err
    assert not state.exists()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied", "x/y"), "x/y: Permission denied. Correct"),
        (OSError(18, "Cross-device link", "a", None, "b"), "a -> b: Cross-device link. Correct"),
        (OSError(28, "No space left on device"), "The system: No space left on device. Correct"),
        (OSError("odd"), "The system: odd. Correct"),
    ],
)
def test_what_the_system_refuses_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: OSError, said: str
) -> None:
    """A file that cannot be read or written, a full disk."""

    def fail(self: Any) -> None:
        raise error

    monkeypatch.setattr(deploy.Deployment, "deploy", fail)

    assert 1 == main.main(["deploy", "--table", "orders"])
    assert capsys.readouterr().err.startswith(f"ddb-migrate: {said}")


def test_a_folder_in_a_file_is_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder of a bundle cannot be made."""
    (tmp_path / "file").write_text("")

    asked = ["bundle", "--table", "orders", "--output", str(tmp_path / "file" / "bundle")]

    assert 1 == main.main(asked)
    said = capsys.readouterr().err
    assert said.startswith(f"ddb-migrate: {tmp_path}/file/bundle")
    assert ": Not a directory. Correct that" in said


def test_a_reader_that_has_seen_enough_is_no_traceback() -> None:
    """As of `| head`."""
    command = (
        f"'{sys.executable}' -m airflow_ddb_migrate.cli.main policy --for deployer --all-tables"
    )
    done = subprocess.run(
        ["bash", "-c", f"{command} | true"], capture_output=True, text=True, check=False
    )

    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["deploy", "--transforms", ""],
        ["local", "up", "--transforms", " "],
        ["bundle", "--all-tables", "--output", ""],
        ["try", "--table", "orders", "--transform", "mine", "--transforms", ""],
    ],
)
def test_a_variable_that_is_not_set_is_not_the_folder_here(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main.main(arguments)
    assert "the value is empty; write . for the current folder" in capsys.readouterr().err


def test_an_interrupt_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C ends with the shell's code for it."""

    def interrupt(self: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(deploy.Deployment, "deploy", interrupt)

    assert 130 == main.main(["deploy", "--table", "orders"])
    assert "ddb-migrate: interrupted\n" == capsys.readouterr().err
