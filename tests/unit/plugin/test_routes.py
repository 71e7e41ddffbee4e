"""Who may ask what, and what they get."""

import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partialmethod
from operator import itemgetter
from typing import Any

import pytest
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.models.log import Log
from airflow.utils.session import create_session
from airflow_ddb_migrate.aws.ledger.events import events
from airflow_ddb_migrate.aws.services.bucket import QUARANTINE, Bucket
from airflow_ddb_migrate.core.errors import AccessDeniedError, LedgerError, NotBegunError
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.events import What
from airflow_ddb_migrate.core.ledger.records import Command, LaneState
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.names import validate_migration_id
from airflow_ddb_migrate.plugin import access, views
from airflow_ddb_migrate.plugin.cache import SECONDS
from fastapi import FastAPI, HTTPException
from sqlalchemy import select
from starlette.testclient import TestClient
from tests.support.factories import MIGRATION, NOW
from tests.support.plugin_routes import plugin_routes
from tests.support.waiting import await_that
from tests.support.worlds.migration_world import Clock
from tests.support.worlds.site_world import OTHER, SiteWorld, arn_of
from tests.unit.plugin.airflow_database import returned
from tests.unit.plugin.conftest import DAG, RUN, WorldLooks

BASE = f"/ddb-migrate/api/{DAG}/{RUN}/migrations"
ONE = f"{BASE}/{MIGRATION}"
FROM_THE_PAGE = {"X-DDB-Migrate": "1", "Sec-Fetch-Site": "same-origin"}
BUTTONS = ("pause", "resume", "stop", "retune")
PLANTED = "orders-cccccccccccc"
CACHE = views.AnswerCache.__init__
HOSTILE = "<script>alert(1)</script>"

ClientOf = Callable[[str], TestClient]


@pytest.fixture(scope="module", autouse=True)
def _run_with_a_migration(database: None) -> None:
    returned(DAG, RUN, "plan", {"migration_id": MIGRATION})


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Return method and path of every route of the plugin, its parameters filled in."""
    plugin = app.routes[-1].app  # type: ignore[attr-defined]
    known = {"dag_id": DAG, "run_id": RUN, "migration_id": MIGRATION, "lane": 0, "name": "page.js"}
    return plugin_routes(plugin, **known)


def press(client: TestClient, button: str, body: object = None, **headers: str) -> tuple[int, str]:
    answer = client.post(f"{ONE}/{button}", json=body or {}, headers=FROM_THE_PAGE | headers)
    return answer.status_code, answer.text


def test_nobody_gets_anything_without_signing_in(app: FastAPI, client_of: ClientOf) -> None:
    """Not even the style sheet; there is no page of FastAPI's own."""
    client = client_of("")

    answers = {path: client.request(method, path).status_code for method, path in routes(app)}

    assert 12 == len(answers)
    assert dict.fromkeys(answers, 401) == answers


def test_a_viewer_sees_everything(app: FastAPI, client_of: ClientOf, world: SiteWorld) -> None:
    """Airflow's permission to see the DAG's runs is enough."""
    world.start()
    client = client_of("viewer")

    paths = [path for method, path in routes(app) if method == "GET" and "/api/list" not in path]

    assert dict.fromkeys(paths, 200) == {path: client.get(path).status_code for path in paths}


def changing(app: FastAPI) -> list[tuple[str, str]]:
    """Return every route that is no GET, whatever it is called: new ones are found, too."""
    found = [(method, path) for method, path in routes(app) if method not in {"GET", "HEAD"}]
    assert {f"{ONE}/{button}" for button in BUTTONS} <= {path for _, path in found}
    return found


def test_no_route_that_changes_something_takes_another_sites_request(
    app: FastAPI, client_of: ClientOf, world: SiteWorld
) -> None:
    """Who may do everything is refused all the same, without the header or from elsewhere."""
    world.start()
    client, elsewhere = client_of("admin"), {**FROM_THE_PAGE, "Sec-Fetch-Site": "cross-site"}

    for method, path in changing(app):
        for headers in ({}, {"Sec-Fetch-Site": "same-origin"}, elsewhere):
            answer = client.request(method, path, json={}, headers=headers)
            assert 403 == answer.status_code, (method, path, headers)

    assert Command.RUN is world.site.ledger.control(MIGRATION).command  # type: ignore[union-attr]


def test_no_route_that_changes_something_is_for_viewers(
    app: FastAPI, client_of: ClientOf, world: SiteWorld
) -> None:
    """From the page itself: only the permission is missing."""
    world.start()
    client = client_of("viewer")

    answers = {
        (method, path): client.request(method, path, json={}, headers=FROM_THE_PAGE).status_code
        for method, path in changing(app)
    }

    assert dict.fromkeys(answers, 403) == answers
    assert Command.RUN is world.site.ledger.control(MIGRATION).command  # type: ignore[union-attr]


def test_looking_changes_nothing(app: FastAPI, client_of: ClientOf, world: SiteWorld) -> None:
    """A GET needs no header, so it must do no harm: neither the ledger nor the table is written."""
    world.start()
    client, writes = client_of("admin"), ("put_item", "update_item", "delete_item", "update_table")
    world.dynamodb.calls.clear()

    for path in (path for method, path in routes(app) if method == "GET" and "/list" not in path):
        client.get(path)

    assert world.dynamodb.calls
    assert [] == [name for name, _ in world.dynamodb.calls if name in writes]


@pytest.mark.parametrize("button", BUTTONS)
def test_a_viewer_presses_nothing(client_of: ClientOf, world: SiteWorld, button: str) -> None:
    """That needs Airflow's permission to change the DAG's runs; the page knows it beforehand."""
    world.start()

    status, _ = press(client_of("viewer"), button)

    assert (403, False) == (status, client_of("viewer").get(BASE).json()["may_steer"])
    assert Command.RUN is world.site.ledger.control(MIGRATION).command  # type: ignore[union-attr]


def test_who_may_change_runs_may_press(client_of: ClientOf, world: SiteWorld) -> None:
    """The ledger and Airflow's audit log both say who it was."""
    world.start()
    client = client_of("user")

    status, words = press(client, "pause", {"reason": "lunch"})

    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    assert (200, Command.HOLD, "paused by ann: lunch") == (status, control.command, control.reason)
    assert "Paused attempt 1" in words
    assert ["PAUSED"] == [event["what"] for event in client.get(ONE).json()["events"]][-1:]
    with create_session() as session:
        logged = session.scalars(select(Log).where(Log.event == "ddb_migrate.pause")).all()
    assert (DAG, RUN, "ann") == (logged[-1].dag_id, logged[-1].run_id, logged[-1].owner)
    assert "lunch" in str(logged[-1].extra)


def test_pressing_shows_at_the_next_look(client_of: ClientOf, world: SiteWorld) -> None:
    """What is kept for viewers is forgotten."""
    world.start()
    client = client_of("admin")
    before = client.get(ONE).json()["control"]["command"]

    press(client, "pause")

    assert ("RUN", "HOLD") == (before, client.get(ONE).json()["control"]["command"])


def test_every_button_reaches_the_migration(client_of: ClientOf, world: SiteWorld) -> None:
    """One after another on the same attempt; a stop is accepted, and finished behind it."""
    world.start()
    client = client_of("admin")

    answers = [
        press(client, "retune", {"write_units_per_second": 70}),
        press(client, "pause"),
        press(client, "resume"),
        press(client, "stop", {"reason": "enough"}),
    ]

    assert [200, 200, 200, 202] == [status for status, _ in answers], answers
    await_that(lambda: What.STOPPED in noted(world), lambda: noted(world), poll_seconds=0.01)
    assert [arn_of(1)] == world.stepfunctions.stopped
    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    assert (Command.STOP, 70) == (control.command, control.write_units_per_second)


def noted(world: SiteWorld) -> set[What]:
    return {event.what for event in events(world.site.ledger, MIGRATION)}


@pytest.mark.parametrize(
    ("button", "body", "status"),
    [
        ("retune", {}, 400),
        ("retune", {"write_units_per_second": -1}, 400),
        ("retune", {"by": "somebody else"}, 400),
        ("pause", {"reason": 5}, 400),
        ("pause", {"reason": "x" * 301}, 400),
        ("resume", {"now": 0}, 400),
        ("pause", [1], 422),
    ],
)
def test_nonsense_is_refused(
    client_of: ClientOf, world: SiteWorld, button: str, body: object, status: int
) -> None:
    """Before anything is touched, and nobody presses in another's name."""
    world.start()

    answer = client_of("admin").post(f"{ONE}/{button}", json=body, headers=FROM_THE_PAGE)

    assert status == answer.status_code, answer.text
    assert Command.RUN is world.site.ledger.control(MIGRATION).command  # type: ignore[union-attr]


def test_what_is_over_cannot_be_paused(client_of: ClientOf, world: SiteWorld) -> None:
    """The page gets the reason in words."""
    world.start()
    world.end()

    status, words = press(client_of("admin"), "pause")

    assert 409 == status
    assert "is over" in words


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain", "X-DDB-Migrate": "1"},
        {"Content-Type": "application/x-www-form-urlencoded", "X-DDB-Migrate": "1"},
        {"Content-Type": "application/json"},
        {"Content-Type": "application/json", "X-DDB-Migrate": "1", "Sec-Fetch-Site": "cross-site"},
        {"Content-Type": "application/json", "X-DDB-Migrate": "1", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_cannot_press(
    client_of: ClientOf, world: SiteWorld, headers: dict[str, str]
) -> None:
    """A browser would send the cookie along, but not JSON, our header and the same origin."""
    world.start()

    answer = client_of("admin").post(f"{ONE}/stop", content=b"{}", headers=headers)

    assert 403 == answer.status_code
    assert Command.RUN is world.site.ledger.control(MIGRATION).command  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://airflow", 200),
        ("https://airflow", 200),  # a proxy ends TLS
        ("http://AIRFLOW:80", 200),
        ("https://proxy.example", 200),
        ("https://partner.example", 403),
        ("http://airflow:8080", 403),
        ("http://airflow.evil.example", 403),
        ("http://airflow@evil.example", 403),
        ("http://evil.example#airflow", 403),
        ("null", 403),
        ("", 403),
        ("http://[airflow", 403),
        ("http://airflow:99999", 403),
    ],
)
def test_a_browser_says_which_page_presses(
    client_of: ClientOf,
    world: SiteWorld,
    monkeypatch: pytest.MonkeyPatch,
    origin: str,
    status: int,
) -> None:
    """One of Airflow's CORS partners gets a yes to its preflight; an old browser says no more."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://proxy.example/air/")
    world.start()

    headers = {"X-DDB-Migrate": "1", "Origin": origin}
    answer = client_of("admin").post(f"{ONE}/pause", json={}, headers=headers)

    assert status == answer.status_code


def test_a_refused_press_is_in_the_audit_log(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asked for what, and why not: without the right, from elsewhere, nonsense, or too late."""
    monkeypatch.setattr(access, "requires_access_dag", only(DAG, "other", change=(DAG,)))
    world.start()
    admin, rest = client_of("admin"), FROM_THE_PAGE
    hostile = {"reason": "a\x1b[2J\u202e", "dag_id": "forged", "run_id": "forged"}
    asked: list[tuple[TestClient, str, dict[str, str], object, str]] = [
        (client_of("viewer"), ONE, rest, {"reason": "let me"}, "403 Forbidden"),
        (admin, ONE, {}, {"reason": "csrf"}, "403 The request must be JSON"),
        (admin, ONE, rest, hostile, "dag_id, run_id cannot be set"),
        (admin, ONE, rest, [1], "422"),
        (admin, f"{BASE}/unheard-of", rest, {}, "has no migration"),
    ]

    for client, path, headers, body, why in asked:
        before = len(audit_rows())
        assert client.post(f"{path}/pause", json=body, headers=headers).status_code >= 400
        row = audit_rows()[-1]
        extra = json.loads(row.extra)
        assert len(audit_rows()) > before
        assert (DAG, RUN, "ann") == (row.dag_id, row.run_id, row.owner)
        assert extra["migration_id"] == path.rpartition("/")[2]
        assert why in extra["refused"]
        assert json.loads(extra["asked"]) == body
        assert extra["asked"].isprintable()
    assert Command.RUN is world.site.ledger.control(MIGRATION).command  # type: ignore[union-attr]


def test_who_is_not_signed_in_writes_no_audit_log(client_of: ClientOf) -> None:
    """Anybody could fill it."""
    before = len(audit_rows())

    answer = client_of("").post(f"{ONE}/pause", json={}, headers=FROM_THE_PAGE)

    assert (401, before) == (answer.status_code, len(audit_rows()))


@pytest.mark.parametrize(
    "content", [b"{bad", b"", b"[]", b'"x"', b"\xff", b"1" * 5_000, b'{"reason": ' + b"[" * 100_000]
)
def test_a_body_that_cannot_be_read_is_refused_behind_the_signing_in(
    client_of: ClientOf, world: SiteWorld, content: bytes
) -> None:
    """Nobody is told what is wrong with it; who may press is, and it is in the audit log."""
    world.start()
    headers = FROM_THE_PAGE | {"Content-Type": "application/json"}
    before = len(audit_rows())

    nobody, viewer, admin = (
        client_of(role).post(f"{ONE}/pause", content=content, headers=headers)
        for role in ("", "viewer", "admin")
    )

    assert [401, 403, 422] == [nobody.status_code, viewer.status_code, admin.status_code]
    assert "The body is not a JSON object. Nothing was changed." == admin.json()["detail"]
    refused = [json.loads(row.extra).get("refused", "") for row in audit_rows()[before:]]
    assert [
        "403 Forbidden",
        "",
        "422 The body is not a JSON object. Nothing was changed.",
    ] == refused
    assert Command.RUN is world.site.ledger.control(MIGRATION).command  # type: ignore[union-attr]


def audit_rows() -> list[Log]:
    query = select(Log).where(Log.event == "ddb_migrate.pause").order_by(Log.id)
    with create_session() as session:
        return list(session.scalars(query))


def test_who_may_only_look_learns_no_roles_and_endpoints(
    client_of: ClientOf,
    world: SiteWorld,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """AWS's errors name them: they are for whoever reads the server's log."""
    told = (
        "Not allowed: dynamodb:GetItem on table ddb-migrate-ledger. User: arn:aws:sts::"
        '123456789012:assumed-role/Airflow/x in 123456789012, asked at "https://vpce-1.example/".'
    )

    def refuse(*_: Any) -> None:
        raise AccessDeniedError(told)

    world.start()
    monkeypatch.setattr(views, "view_of", refuse)

    answer = client_of("viewer").get(ONE)

    assert 502 == answer.status_code
    assert answer.json()["detail"] == (
        "Not allowed: dynamodb:GetItem on table ddb-migrate-ledger. User: (hidden) in (hidden), "
        'asked at "(hidden)". The API server\'s log has the full message.'
    )
    assert told in caplog.text


def test_a_fault_of_ours_is_answered_with_the_same_headers(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And tells nothing of what is inside."""
    world.start()
    monkeypatch.setattr(views, "view_of", lambda *_: 1 / 0)

    answer = client_of("admin").get(ONE)

    assert (500, "no-store") == (answer.status_code, answer.headers["cache-control"])
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "division" not in answer.text


def test_the_server_never_lets_another_site_ask(client_of: ClientOf) -> None:
    """A preflight is answered without any permission."""
    answer = client_of("admin").options(
        f"{ONE}/stop",
        headers={"Origin": "http://evil", "Access-Control-Request-Method": "POST"},
    )

    assert "access-control-allow-origin" not in answer.headers


def test_a_run_shows_its_own_migrations_only(client_of: ClientOf, world: SiteWorld) -> None:
    """Who may see one DAG's runs sees no other's migrations by it."""
    world.start()

    answer = client_of("admin").get(f"{BASE}/{OTHER}")

    assert 404 == answer.status_code
    assert "has no migration" in answer.json()["detail"]


@pytest.mark.parametrize("by", ["DAG other, run 1", "command line", ""])
def test_a_planted_id_shows_and_stops_nothing(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """Any task may return another run's migration: the DAG that counts is the ledger's."""
    monkeypatch.setattr(access, "requires_access_dag", only(DAG))
    returned(DAG, RUN, f"planted{zlib.crc32(by.encode())}", {"migration_id": PLANTED})
    world.start(world.site_for(PLANTED), started_by=by)
    client = client_of("admin")

    looks = [client.get(f"{BASE}/{PLANTED}{rest}") for rest in ("", "/lanes/0", "/quarantine")]
    presses = [
        client.post(f"{BASE}/{PLANTED}/{b}", json={}, headers=FROM_THE_PAGE) for b in BUTTONS
    ]

    assert {404} == {answer.status_code for answer in looks + presses}
    assert {f"Run {RUN} of DAG {DAG} has no migration {PLANTED}."} == {
        answer.json()["detail"].partition(" If the")[0] for answer in looks + presses
    }
    assert Command.RUN is world.site.ledger.control(PLANTED).command  # type: ignore[union-attr]


@pytest.mark.parametrize("name", [PLANTED, "orders-dddddddddddd", "no id", "x" * 300])
def test_a_planted_id_says_nothing_of_what_there_is(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """One of another DAG, one that the ledger does not know and one that cannot be: all alike."""
    monkeypatch.setattr(access, "requires_access_dag", only(DAG))
    monkeypatch.setattr(WorldLooks, "open_site", open_known(world))
    returned(DAG, RUN, f"guess{zlib.crc32(name.encode())}", {"migration_id": name})
    world.start(world.site_for(PLANTED), started_by="DAG other, run 1")
    client = client_of("admin")

    looked = client.get(f"{BASE}/{name}")
    pressed = client.post(f"{BASE}/{name}/pause", json={}, headers=FROM_THE_PAGE)

    assert [404, 404] == [looked.status_code, pressed.status_code]
    words = looked.json()["detail"].replace(name, "ID")
    assert words.startswith(f"Run {RUN} of DAG {DAG} has no migration ID. If the run")


def open_known(world: SiteWorld) -> Callable[..., Any]:
    """Open a site as the plugin does, of which only the id is known."""

    def open_site(_: Any, __: Any, ___: str, ____: str, migration_id: str) -> Any:
        site = world.site_for(validate_migration_id(migration_id))
        if site.ledger.migration(migration_id) is None:
            raise NotBegunError(f"The ledger knows no migration {migration_id}.")
        return site

    return open_site


@pytest.mark.parametrize("values", [(), ("other",)])
def test_keys_and_parameters_are_for_who_may_see_xcoms(
    client_of: ClientOf,
    world: SiteWorld,
    monkeypatch: pytest.MonkeyPatch,
    values: tuple[str, ...],
) -> None:
    """Airflow has a permission of its own for them; the page says what it leaves out."""
    rights = only(DAG, values=values)
    monkeypatch.setattr(access, "requires_access_dag", rights)
    params = {"secret": "hunter2"}
    world.start(params=params)
    quarantine_one(world)
    client = client_of("admin")

    view, quarantine = client.get(ONE).json(), client.get(f"{ONE}/quarantine").json()

    assert ("", []) == (view["params"], quarantine["rows"])
    assert "hunter2" not in str(view)
    assert "users who may see the DAG's XComs" in view["withheld"]
    assert quarantine["unknown"] == view["withheld"]
    monkeypatch.setattr(access, "requires_access_dag", only(DAG))
    assert (json.dumps(params), "") == itemgetter("params", "withheld")(client.get(ONE).json())
    assert 1 == len(client.get(f"{ONE}/quarantine").json()["rows"])


def test_keys_of_another_dags_migration_need_its_xcoms(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The XComs of the DAG whose tab is open are not enough."""
    monkeypatch.setattr(access, "requires_access_dag", only(DAG, "other", values=(DAG,)))
    returned(DAG, RUN, "follow", {"migration_id": PLANTED})
    world.start(world.site_for(PLANTED), started_by="DAG other, run 1", params={"a": 1})
    client = client_of("admin")

    view = client.get(f"{BASE}/{PLANTED}").json()

    assert ("", True) == (view["params"], bool(view["withheld"]))


def test_the_same_id_in_another_account_is_another_migration(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stacks have the same name there, and a person can give the same id: nothing is mixed up."""
    monkeypatch.setattr(access, "requires_access_dag", only(DAG))
    looks, mine = views.Looks(), world.site
    arn = mine.stack.state_machine_arn.replace(":123456789012:", ":999999999999:")
    theirs = replace(mine, stack=replace(mine.stack, state_machine_arn=arn))
    sites, owners = [mine, theirs], iter([DAG, "other"])
    assert mine.stack.state_machine_arn != arn
    monkeypatch.setattr(views, "_owner", lambda _: next(owners))
    monkeypatch.setattr(looks, "_site", lambda *_: sites.pop(0))
    asked = access.AskedMigration(None, None, DAG, RUN, MIGRATION)  # type: ignore[arg-type]

    looks.site(asked, change=False)

    with pytest.raises(LedgerError, match="has no migration"):
        looks.site(asked, change=False)


def test_who_may_change_the_other_dag_too_may_follow_a_continued_migration(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that continues a migration of another DAG has a tab for whoever may see both."""
    monkeypatch.setattr(access, "requires_access_dag", only(DAG, "other", change=(DAG,)))
    returned(DAG, RUN, "continue", {"migration_id": PLANTED})
    world.start(world.site_for(PLANTED), started_by="DAG other, run 1")
    client = client_of("admin")

    assert 200 == client.get(f"{BASE}/{PLANTED}").status_code
    answer = client.post(f"{BASE}/{PLANTED}/pause", json={}, headers=FROM_THE_PAGE)
    assert 404 == answer.status_code


def test_a_migration_that_begins_behind_its_dry_run_is_shown_at_once(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A DAG without a plan: the dry run is all that the ledger knows of it at first."""
    monkeypatch.setattr(access, "requires_access_dag", only(DAG))
    world.start(world.site_for(f"{MIGRATION}-dry"), mode=Mode.DRY_RUN, of=MIGRATION)
    client = client_of("admin")

    client.get(ONE)
    world.start()

    assert 200 == client.get(ONE).status_code


def test_a_migration_of_nobody_is_another_ones_a_moment_later(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That no DAG started it is not remembered for long."""
    monkeypatch.setattr(access, "requires_access_dag", only(DAG))
    clock = Clock()
    monkeypatch.setattr(views.AnswerCache, "__init__", partialmethod(CACHE, clock=clock))
    looks = views.Looks()
    monkeypatch.setattr(views, "_owner", lambda _: unowned(clock))
    monkeypatch.setattr(looks, "_site", lambda *_: world.site)
    asked = access.AskedMigration(None, None, DAG, RUN, MIGRATION)  # type: ignore[arg-type]

    with pytest.raises(LedgerError, match="has no migration"):
        looks.site(asked, change=False)
    clock.advance(SECONDS)

    assert world.site is looks.site(asked, change=False)


def unowned(clock: Clock) -> str:
    if clock() == NOW:
        raise NotBegunError("no DAG has started it")
    return DAG


def only(
    *see: str, change: tuple[str, ...] = (), values: tuple[str, ...] | None = None
) -> Callable[..., Any]:
    """An auth manager's rights by DAG, as Airflow's dependency tells them.

    :param values: the DAGs whose XComs one may see; None: of all whose runs one may see.
    """
    allowed = {"GET": see, "PUT": change}
    xcoms = see if values is None else values

    def requires(
        method: str, access_entity: DagAccessEntity, param_dag_id: str
    ) -> Callable[..., None]:
        def check(request: Any, user: Any) -> None:
            is_xcom = access_entity is DagAccessEntity.XCOM
            if param_dag_id not in (xcoms if is_xcom else allowed[method]):
                raise HTTPException(403)

        return check

    return requires


def test_a_run_of_something_else_is_no_error(client_of: ClientOf) -> None:
    """The tab is on every DAG run."""
    answer = client_of("viewer").get("/ddb-migrate/api/other/run/migrations")

    assert (200, []) == (answer.status_code, answer.json()["migrations"])


def test_ten_viewers_cost_one_look(
    client_of: ClientOf, world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For some seconds nothing is read again."""
    world.start()
    client, looked, real = client_of("viewer"), [], views.view_of
    monkeypatch.setattr(views, "view_of", lambda *args: looked.append(args) or real(*args))

    answers = [client.get(ONE).status_code for _ in range(10)]

    assert ([200] * 10, 1) == (answers, len(looked))


def test_text_from_outside_stays_text(client_of: ClientOf, world: SiteWorld) -> None:
    """It travels as JSON, which no browser takes for a page; the page itself holds no data."""
    world.start()
    world.lane(0, LaneState.FAILED, counts=Counts(seen=1, quarantined=1), cause=HOSTILE)
    quarantine_one(world)
    client = client_of("viewer")

    answers = [client.get(f"{ONE}{rest}") for rest in ("", "/lanes/0", "/quarantine")]

    assert {"application/json"} == {answer.headers["content-type"] for answer in answers}
    assert {"nosniff"} == {answer.headers["x-content-type-options"] for answer in answers}
    assert HOSTILE == answers[2].json()["rows"][0]["key"]["id"]["S"]
    assert HOSTILE not in client.get(f"/ddb-migrate/ui/{DAG}/{HOSTILE}").text


def quarantine_one(world: SiteWorld) -> None:
    bucket = Bucket(world.s3, world.site.stack.bucket, MIGRATION)
    row = {"key": {"id": {"S": HOSTILE}}, "error_class": HOSTILE, "message": "m", "segment": 0}
    bucket.put(f"{QUARANTINE}/000000/001-00001-000001.jsonl.gz", [row])


def test_the_page_may_load_nothing_from_elsewhere(client_of: ClientOf) -> None:
    """Neither scripts nor styles, nor may another site frame it."""
    policy = (
        client_of("viewer").get(f"/ddb-migrate/ui/{DAG}/{RUN}").headers["content-security-policy"]
    )

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "app.py", ""])
def test_only_packaged_files_are_served(client_of: ClientOf, name: str) -> None:
    """Whatever the name looks like."""
    assert 404 == client_of("admin").get(f"/ddb-migrate/static/{name}").status_code
