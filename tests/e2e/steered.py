"""A migration that a person triggers, watches, retunes and pauses, all of it in a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from airflow_ddb_migrate.local import sample
from tests.browser.cdp import Connection
from tests.browser.page import Page, person
from tests.e2e import ui
from tests.support.worlds.airflow_site import ADMIN, DAG_ID, AirflowSite, DagRun

TABLE = "watched"
ITEMS = 4_000
SEGMENTS = 100
WORKERS = 4
BUDGET, HIGHER, HIGHEST = 40, 120, 1_000  # write units per second; an item costs one

_LOOKS = 3
_ABOVE = 1.2  # of the budget: a lane's items are counted when it is saved
_RATE = "parseFloat(doc.querySelector('#figures').innerText.split('Write units')[1])"
_DONE = "Number(doc.querySelector('#figures').innerText.match(/Segments done\\s+(\\d+)/)[1])"


@dataclass(frozen=True, slots=True)
class Steered:
    """``page`` is the person's, ``tab`` what is in its frame; the rest is what the person saw.

    ``form`` are the fields that the trigger form showed at first, by section, ``done`` segments
    done at some looks, ``rates`` write units per second by budget, ``words`` the page's answers by
    button, and ``still`` the items in the table that were migrated when the page said that nothing
    moves.
    """

    browser: Connection
    page: Page
    tab: Page
    run: DagRun
    form: dict[str, list[str]]
    done: list[int]
    rates: dict[int, float]
    words: dict[str, str]
    still: int

    @property
    def path(self) -> str:
        """Where the run's tab is in Airflow."""
        return str(self.page.evaluate("location.pathname"))

    def migrated(self) -> int:
        """Count the items in the table that are migrated."""
        return migrated(self.run.site)


def migrated(site: AirflowSite, table: str = TABLE) -> int:
    pages = site.chain.clients.dynamodb.get_paginator("scan").paginate(TableName=table)
    return sum("updatedAt" in item for page in pages for item in page["Items"])


@contextmanager
def steered(site: AirflowSite, browser: Connection) -> Iterator[Steered]:
    """Bring a migration so far that it is paused."""
    dynamodb = site.chain.clients.dynamodb
    sample.create_table(dynamodb, TABLE)
    sample.load_sample(dynamodb, ITEMS, TABLE)
    with person(browser) as page:
        ui.sign_in(page, site, ADMIN, f"/dags/{DAG_ID}")
        fields = {
            "segments": SEGMENTS,
            "max_concurrency": WORKERS,
            "write_units_per_second": BUDGET,
        }
        form = ui.open_form(page)
        run = ui.trigger(page, site, TABLE, numbers=fields, switches=("prewarm", "verify"))
        tab = ui.open_tab(page)
        done = [0]
        while len(done) <= _LOOKS:
            done.append(_more_done(tab, done[-1]))
        rates = {BUDGET: _achieved(tab, BUDGET, above=0)}
        ui.shot(tab, "running", at="#table")
        page.dark(is_dark=True)
        ui.shot(tab, "running-dark", at="#table")
        page.dark(is_dark=False)
        words = {"retune": ui.press(tab, "retune", write_units_per_second=HIGHER)}
        rates[HIGHER] = _achieved(tab, HIGHER, above=_ABOVE * BUDGET)
        ui.ask(tab, "pause", reason="sale until noon")
        ui.shot(tab, "pause")
        words["pause"] = ui.confirm(tab)
        tab.until(f"{_RATE} === 0")
        yield Steered(browser, page, tab, run, form, done, rates, words, migrated(site))


def _more_done(tab: Page, than: int) -> int:
    return int(tab.until(f"{_DONE} > {than} && {_DONE}"))


def _achieved(tab: Page, budget: int, *, above: float) -> float:
    """Wait until the page shows a rate that this budget allows and a lower one would not."""
    return float(
        tab.until(
            f"doc.querySelector('#figures').innerText.includes('budget {budget} /s') "
            f"&& {_RATE} > {above} && {_RATE} < {_ABOVE * budget} && {_RATE}"
        )
    )
