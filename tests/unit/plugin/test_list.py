"""The list of all migrations: by the rights of who asks, page by page, at a bounded cost."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.aws.ledger import history
from airflow_ddb_migrate.plugin import access, views
from airflow_ddb_migrate.plugin import app as plugin
from starlette.testclient import TestClient
from tests.support.factories import NOW, migration_record
from tests.support.worlds.site_world import SiteWorld
from tests.unit.plugin.conftest import DAG, RUN
from tests.unit.plugin.test_routes import only

ClientOf = Callable[[str], TestClient]
PATH = "/ddb-migrate/api/list"
NONE = {"migrations": [], "older": "", "dags_left_out": 0}


@pytest.fixture(autouse=True)
def _ledger(world: SiteWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "open_ledger_of", lambda _: world.site.ledger)


def rights(
    monkeypatch: pytest.MonkeyPatch, *dag_ids: str, runs_of: tuple[str, ...] | None = None
) -> None:
    """Let the user see these DAGs, and their runs, or those of some."""
    monkeypatch.setattr(plugin, "readable_dags", lambda _: frozenset(dag_ids))
    see = dag_ids if runs_of is None else runs_of
    monkeypatch.setattr(access, "requires_access_dag", only(*see))


def begun(world: SiteWorld, *names: str, by: str = f"DAG {DAG}, run {RUN}", first: int = 0) -> None:
    """Write down that migrations began, one each second."""
    for second, name in enumerate(names, first):
        record = migration_record(migration_id=name, started_by=by, started_at=NOW + second)
        history.begin(world.site.ledger, record, "hash")


def listed(client: TestClient, before: str = "") -> tuple[list[str], str]:
    answer = client.get(PATH, params={"before": before})
    assert 200 == answer.status_code, answer.text
    found = answer.json()
    return [row["migration_id"] for row in found["migrations"]], found["older"]


def test_the_list_shows_what_dags_one_may_see(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And reads no others; what no DAG run started is left to the command line."""
    rights(monkeypatch, DAG, "hidden runs", "never migrated", runs_of=(DAG, "never migrated"))
    begun(world, "m-1")
    for dag_id in ("secret", "hidden runs"):
        begun(world, f"{dag_id[:6]}-1", by=f"DAG {dag_id}, run 1")
    begun(world, "m-2", by="command line")
    world.dynamodb.calls.clear()

    answer = client_of("viewer").get(PATH).json()

    assert [("m-1", DAG, RUN)] == [
        (row["migration_id"], row["dag_id"], row["run_id"]) for row in answer["migrations"]
    ]
    assert "dag#secret" not in str(world.dynamodb.calls)
    assert "dag#hidden" not in str(world.dynamodb.calls)
    assert "scan" not in {name for name, _ in world.dynamodb.calls}


def test_for_who_may_see_no_dag_nothing_is_read(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed in is not enough to make AWS work."""
    rights(monkeypatch)
    monkeypatch.setattr(views, "open_ledger_of", lambda _: 1 / 0)
    begun(world, "m-1")
    world.dynamodb.calls.clear()

    assert NONE == client_of("viewer").get(PATH).json()
    assert [] == world.dynamodb.calls


def test_pages_show_each_migration_once_the_newest_first(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two DAGs, whose migrations take turns; also those that began in the same moment."""
    rights(monkeypatch, DAG, "b")
    monkeypatch.setattr(views, "_PAGE", 4)
    for number in range(6):
        begun(world, f"a-{number}", first=number)
        begun(world, f"b-{number}", by="DAG b, run 1", first=number)
    client, pages, older = client_of("viewer"), [], ""

    while not pages or older:
        rows, older = listed(client, older)
        pages.append(rows)

    assert [4, 4, 4] == [len(rows) for rows in pages]
    expected = [f"{dag}-{number}" for number in range(5, -1, -1) for dag in "ba"]
    assert expected == [name for rows in pages for name in rows]


def test_a_look_costs_as_much_in_a_large_ledger(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request for the DAGs, one for each of them, one for each row of a page."""
    rights(monkeypatch, DAG, "b")
    monkeypatch.setattr(views, "_PAGE", 5)
    begun(world, *(f"a-{number}" for number in range(60)))
    begun(world, *(f"b-{number}" for number in range(60)), by="DAG b, run 1")
    world.dynamodb.calls.clear()

    listed(client_of("viewer"))

    calls = world.dynamodb.calls
    assert 1 + 2 + 5 == len(calls)
    assert {6, 1_000} == {asked["Limit"] for name, asked in calls if name == "query"}
    assert {False} == {asked["ConsistentRead"] for name, asked in calls if name == "get_item"}


def test_of_very_many_dags_some_are_left_out(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which the page says."""
    monkeypatch.setattr(plugin, "_DAGS", 2)
    rights(monkeypatch, "a", "b", "c")
    for dag_id in "abc":
        begun(world, f"m-{dag_id}", by=f"DAG {dag_id}, run 1")

    answer = client_of("viewer").get(PATH).json()

    assert (["m-b", "m-a"], 1) == (
        [row["migration_id"] for row in answer["migrations"]],
        answer["dags_left_out"],
    )


def test_viewers_with_the_same_rights_cost_one_look(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a minute."""
    rights(monkeypatch, DAG)
    begun(world, "m-1")
    client = client_of("viewer")
    listed(client)
    world.dynamodb.calls.clear()

    assert (["m-1"], "") == listed(client)
    assert [] == world.dynamodb.calls


def test_a_migration_that_goes_on_is_listed_once(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the start of its first attempt."""
    rights(monkeypatch, DAG)
    begun(world, "m-1")
    begun(world, "m-1")

    assert (["m-1"], "") == listed(client_of("viewer"))


@pytest.mark.parametrize("before", ["x" * 121, "a b", "\x00", "<script>"])
def test_a_place_that_no_page_gave_is_refused(
    client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    """Before the ledger is asked."""
    rights(monkeypatch, DAG)
    answer: Any = client_of("viewer").get(PATH, params={"before": before})

    assert 422 == answer.status_code


def test_airflow_says_which_dags_a_user_may_see(client_of: ClientOf) -> None:
    """By its own auth manager, in one question; the database of this test has none."""
    assert NONE == client_of("viewer").get(PATH).json()
