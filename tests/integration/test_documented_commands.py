"""Each ``ddb-migrate`` line of README and docs is run on an embedded stack, as it is printed."""

from collections.abc import Iterator

import pytest
from airflow_ddb_migrate.aws.services.stack import find_stack
from airflow_ddb_migrate.cli.main import main
from airflow_ddb_migrate.core.names import DEFAULT_STACK_NAME
from airflow_ddb_migrate.local.emulated_aws import emulator as emulators
from tests.support.snippets import PAGES, commands, snippets
from tests.support.worlds.chain_world import ChainWorld, migrated, source

TABLES = ("orders", "customers", "orders-copy", "flights")
# In this order; those that need a migration which runs, an account of AWS or a person are tested
# where these are: test_steering.py, test_prove.py, test_deploy.py, test_permissions.py.
RUN = ("deploy", "self-check", "doctor", "policy", "bundle", "try", "history", "report", "status")
ELSEWHERE = {"pause", "resume", "retune", "stop", "prove", "destroy", "local", "forget"}
LINES = [words[1:] for page in PAGES for _, words in commands(page) if words[0] == "ddb-migrate"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainWorld]:
    """An embedded AWS with the tables that the docs name, and the transforms that they print."""
    folder = tmp_path_factory.mktemp("reader")
    for snippet in snippets("python"):
        path = snippet.text.partition("\n")[0].removeprefix("# ")
        if path.startswith("transforms/"):
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(snippet.text)
    with (
        emulators.start_emulator(tmp_path_factory.mktemp("emulator")) as running,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.chdir(folder)
        for name, value in running.environment.items():
            patch.setenv(name, value)
        clients = running.clients()
        _make_tables(clients)
        assert 0 == main(["deploy", *(word for name in TABLES for word in ("--table", name))])
        yield ChainWorld(clients, folder, find_stack(clients.cloudformation, DEFAULT_STACK_NAME))


def _make_tables(clients) -> None:
    for name in TABLES:
        clients.dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        words = {word: {"S": word} for word in ("first", "last", "origin", "dest")}
        clients.dynamodb.put_item(TableName=name, Item={**source(1), **words})


def test_each_line_is_run_or_tested_elsewhere() -> None:
    assert {words[0] for words in LINES} <= {*RUN, *ELSEWHERE}


@pytest.mark.story
def test_the_printed_lines_work(world: ChainWorld, capfd: pytest.CaptureFixture[str]) -> None:
    """From a folder that has the transforms of the same docs."""
    site, _ = migrated(world, "orders")
    here = {
        **dict.fromkeys(("ID", "MIGRATION_ID", "orders-0123456789ab"), site.migration_id),
        **dict.fromkeys(("T", "TABLE"), "orders"),
        "BUCKET": world.stack.bucket,
    }
    ready = {tuple(here.get(word, word) for word in line) for line in LINES if line[0] in RUN}
    for line in sorted(ready, key=lambda words: (RUN.index(words[0]), words)):
        code = main(line)
        said = capfd.readouterr()
        assert 0 == code, (line, said.out[-2000:], said.err)
