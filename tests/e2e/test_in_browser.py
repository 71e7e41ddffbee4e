"""What a person sees and may press in the tab, in a real browser on a real Airflow."""

import json
import os
import urllib.error
import urllib.request

import pytest
from airflow_ddb_migrate.core.ledger.records import Command
from airflow_ddb_migrate.plugin.app import make_app
from airflow_ddb_migrate.plugin.views import Looks
from tests.browser.page import person
from tests.e2e import ui
from tests.e2e.steered import (
    BUDGET,
    HIGHER,
    HIGHEST,
    ITEMS,
    SEGMENTS,
    TABLE,
    Steered,
)
from tests.support.plugin_routes import plugin_routes
from tests.support.waiting import HANG_SECONDS
from tests.support.worlds.airflow_site import ADMIN, DAG_ID, VIEWER, AirflowSite

BUTTONS = ("pause", "resume", "retune", "stop")

# What a page of ours would send; of what a viewer is not offered a button for.
_POST = """Promise.all(%s.map((button) => doc.defaultView.fetch(
  `${doc.location.pathname.replace('/ui/', '/api/')}/migrations/%s/${button}`,
  { method: 'POST', body: '{}',
    headers: { 'Content-Type': 'application/json', 'X-DDB-Migrate': '1' } })
  .then((answer) => answer.status)))"""


def test_browser_shows_a_few_fields_of_the_form(steered: Steered) -> None:
    """Six before the sections, which are folded; the last one is Airflow's own."""
    first, *folded = steered.form.items()

    assert ["table", "segments", "transform", "params", "dry_run", "prewarm"] == first[1]
    assert [
        ("Look first", []),
        ("Safety", []),
        ("Speed", []),
        ("Capacity", []),
        ("Afterwards", []),
        ("Continue", []),
    ] == folded[:-1]
    assert "Advanced Options" == folded[-1][0]


def test_browser_shows_a_migration_and_its_budget(steered: Steered) -> None:
    """Triggered by Airflow's form; cells fill, and the units follow a budget that is retuned."""
    assert 0 < steered.done[-1] < SEGMENTS
    assert sorted(set(steered.done)) == steered.done
    assert {BUDGET, HIGHER} == steered.rates.keys()
    assert f"write_units_per_second {BUDGET} -> {HIGHER}" in steered.words["retune"]


def test_browser_pauses_a_migration(steered: Steered) -> None:
    """The page says so and shows that nothing moves; the table says the same."""
    tab = steered.tab

    assert "Paused attempt 1" in steered.words["pause"]
    assert "ON HOLD" == tab.text("#outcome")
    assert (0.0, 0.0) == (ui.number(tab, "Items per second"), ui.number(tab, "Write units"))
    assert f"paused by {ADMIN}: sale until noon" in tab.text("#reason")
    assert 0 < steered.still < ITEMS
    assert steered.still == steered.migrated()


def test_browser_of_a_viewer_presses_nothing(airflow: AirflowSite, steered: Steered) -> None:
    """Who may only look sees all of it; buttons say why not, and what they send is refused."""
    site = steered.run.migration(TABLE)
    with person(steered.browser) as page:
        ui.sign_in(page, airflow, VIEWER, steered.path)
        tab = page.inside("iframe")
        why = tab.until("doc.querySelector('#why-not').textContent")
        ui.shot(tab, "viewer", at="#table")
        buttons = tab.evaluate(
            "[...doc.querySelectorAll('[data-action]')].map((one) => [one.disabled, one.title])"
        )
        seen = ui.figure(tab, "Items seen")
        complaints = page.complaints()
        statuses = tab.evaluate(_POST % (json.dumps(BUTTONS), site.migration_id))

    control = site.ledger.control(site.migration_id)
    assert [[True, why]] * len(BUTTONS) == buttons
    assert "You can view runs" in why
    assert f"{steered.still:,}" == seen
    assert [] == complaints
    assert [403] * len(BUTTONS) == statuses
    assert control
    assert (Command.HOLD, HIGHER) == (control.command, control.write_units_per_second)


def test_browser_resumes_a_migration_to_its_end(steered: Steered) -> None:
    """All items are migrated, the events name who did what, and no page complained."""
    tab = steered.tab
    retuned = ui.press(tab, "retune", write_units_per_second=HIGHEST)
    resumed = ui.press(tab, "resume")
    state = steered.run.finish()
    tab.until("doc.querySelector('#events b').textContent === 'ended'")  # looks seldom by then
    events = tab.evaluate("[...doc.querySelectorAll('#events b')].map((one) => one.textContent)")
    names = tab.evaluate("[...doc.querySelectorAll('#events li')].map((one) => one.innerText)")
    over = "document.body.innerText.includes('Success')"
    ui.shot(tab, "finished", at="#table", when=f"doc.querySelector('#capacity').hidden && {over}")

    assert f"{HIGHER} -> {HIGHEST:,}" in retuned
    assert "Resumed attempt 1" in resumed
    assert ("success", "SUCCEEDED") == (state, tab.text("#outcome"))
    assert ITEMS == steered.migrated()
    assert (f"{SEGMENTS}", f"{ITEMS:,}") == (
        ui.figure(tab, "Segments done"),
        ui.figure(tab, "Changed"),
    )
    assert ["ended", "resumed", "retuned", "paused", "retuned", "started"] == events
    assert [f"by {ADMIN}" in words for words in names] == [False, *[True] * 4, False]
    assert [] == steered.page.complaints()
    assert {steered.run.site.airflow.url} == steered.page.origins()


def test_nobody_gets_anything_of_the_plugin_without_signing_in(airflow: AirflowSite) -> None:
    """Neither page nor answer nor script, by any route; nor with a token that is made up."""
    known = {"dag_id": DAG_ID, "run_id": "any", "migration_id": "any", "lane": 0}
    routes = plugin_routes(make_app(Looks()), **known, name="page.js")
    nobody = {route: status_of(airflow, *route) for route in routes}
    forger = {route: status_of(airflow, *route, cookie="_token=made.up.token") for route in routes}

    assert dict.fromkeys(routes, 401) == nobody
    assert dict.fromkeys(routes, 403) == forger
    assert 404 == status_of(airflow, "GET", "/ddb-migrate/openapi.json")


@pytest.mark.skipif("SCREENSHOTS" not in os.environ, reason="pictures for the docs: SCREENSHOTS")
def test_browser_takes_pictures_of_the_other_pages(airflow: AirflowSite, steered: Steered) -> None:
    """The plan and the question of a dry run, the list of migrations, and a report."""
    of_run = f"{airflow.airflow.url}/dags/{DAG_ID}/runs"
    run = airflow.trigger({"table": TABLE, "segments": 8, "dry_run": True, "approve": True})
    run.question("approve")
    page = steered.page
    page.open(f"{airflow.airflow.url}/plugin/ddb-migrations")
    page.inside("iframe").until("doc.querySelector('td a')")
    ui.shot(page, "list")
    page.open(f"{of_run}/{run.run_id}/tasks/approve/required_actions")
    page.until("doc.body.innerText.includes('Migrate table')")
    ui.shot(page, "approval")
    page.open(f"{of_run}/{run.run_id}")
    ui.shot(ui.open_tab(page), "plan", at="#plan", when="!doc.querySelector('#plan').hidden")
    run.answer("approve", "Reject")
    run.finish()
    page.open(f"{of_run}/{steered.run.run_id}/tasks/report")
    ui.shot(page, "report", when="doc.body.innerText.includes('# Migration')")


def status_of(site: AirflowSite, method: str, path: str, cookie: str = "") -> int:
    """Ask as nobody; what is sent is as the page would send it."""
    request = urllib.request.Request(
        site.airflow.url + path,
        method=method,
        data=b"{}" if method == "POST" else None,
        headers={"Cookie": cookie, "Content-Type": "application/json", "X-DDB-Migrate": "1"},
    )
    try:
        with urllib.request.urlopen(request, timeout=HANG_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as exc:
        return exc.code
