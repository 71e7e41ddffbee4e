"""Airflow's UI as a person uses it: sign in, fill the form, open the tab, press a button."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.browser.page import HEIGHT, WIDTH, Page
from tests.support.worlds.airflow_site import DAG_ID, AirflowSite, DagRun

_TAB = "a[href$='/plugin/ddb-migration']"
_FRAME = "iframe[src*='/ddb-migrate/']"
_TRIES, _TRY_SECONDS = 5, 10.0
_TALL = 1_720
_SECTION = "[data-testid=config-form] [data-part=item]"
_SEEN = rf"""[...doc.querySelectorAll('{_SECTION}')].map((section) => [
  section.querySelector('[data-part=item-trigger]').innerText.trim(),
  [...new Set([...section.querySelectorAll('[id*=element_]')]
    .filter((one) => one.checkVisibility())
    .map((one) => one.id.match(/element_(\w+)/)[1]))]])"""
FIGURE = """[...doc.querySelectorAll('#figures dt')]
  .find((one) => one.textContent === '%s').nextElementSibling.textContent"""


def sign_in(page: Page, site: AirflowSite, user: str, path: str = "/") -> None:
    """Open a page of Airflow, be asked who one is, and say so."""
    page.open(f"{site.airflow.url}{path}")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", site.airflow.password(user))
    page.click("button[type=submit]")
    page.until("!location.pathname.startsWith('/auth') && doc.querySelector('nav, aside, button')")
    page.forget()  # Airflow's own page complains of not being signed in


def open_form(page: Page) -> dict[str, list[str]]:
    """Open Airflow's own trigger form; return the fields that are seen in each section of it."""
    page.click("button", "Trigger")
    page.until("doc.querySelector('input[name=element_table]').checkVisibility()")
    return dict(page.evaluate(_SEEN))


def trigger(
    page: Page, site: AirflowSite, table: str, *, numbers: dict[str, int], switches: Sequence[str]
) -> DagRun:
    """Fill the form that is open and send it; return the run that it leads to."""
    page.fill("input[name=element_table]", table)
    with tall(page):
        shot(page, "trigger", at="[data-testid=config-form]")
    for name, number in numbers.items():
        unfold(page, name)
        page.fill(
            f"[data-part=root]:has(> * > [id='number-input:element_{name}:inc']) input", f"{number}"
        )
    shot(page, "trigger-sections", at=f"{_SECTION}[data-state=open]")
    for name in switches:
        unfold(page, name)
        page.click(f"label:has(input[name=element_{name}])")
    page.click("[data-testid=trigger-dag-submit]")
    path = page.until("location.pathname.includes('/runs/') && location.pathname")
    return DagRun(site, DAG_ID, unquote(path.split("/runs/")[1].split("/")[0]))


def unfold(page: Page, field: str) -> None:
    """Open the section of the form that has a field; Airflow folds the one that was open."""
    section = f"{_SECTION}:has([name=element_{field}])"
    state = f"doc.querySelector({json.dumps(section)}).dataset.state"
    if page.evaluate(state) != "open":
        page.click(f"{section} [data-part=item-trigger]")
        page.until(f"{state} === 'open'")


@contextmanager
def tall(page: Page) -> Iterator[None]:
    """Have a window in which the whole form is seen, for as long as the block lasts."""
    try:
        _resize(page, _TALL)
        yield
    finally:
        _resize(page, HEIGHT)


def _resize(page: Page, height: int) -> None:
    size = {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
    page.connection.call("Emulation.setDeviceMetricsOverride", page.session, **size)


def open_tab(page: Page) -> Page:
    """Go from a DAG run to its tab; return what is inside."""
    for _ in range(_TRIES):  # what is above it grows while Airflow's page loads
        page.click(_TAB)
        with suppress(AssertionError):
            page.until(f"doc.querySelector({json.dumps(_FRAME)})", _TRY_SECONDS)
            break
    return page.inside(_FRAME)


def figure(tab: Page, name: str) -> str:
    return str(tab.evaluate(FIGURE % name))


def number(tab: Page, name: str) -> float:
    """Return a figure such as ``1,234 /s`` as a number."""
    return float(figure(tab, name).split()[0].replace(",", ""))


def press(tab: Page, action: str, **fields: Any) -> str:
    """Press a button, fill what it asks, confirm; return what the page answers."""
    ask(tab, action, **fields)
    return confirm(tab)


def ask(tab: Page, action: str, **fields: Any) -> None:
    """Press a button, and fill what it asks."""
    tab.click(f"[data-action={action}]")
    for name, value in fields.items():
        tab.fill(f"#confirm-fields [name={name}]", f"{value}")


def confirm(tab: Page) -> str:
    """Confirm what is asked; return what the page answers."""
    tab.click("#confirm-yes")
    return str(tab.until("doc.querySelector('#answer').textContent.replace('…', '')"))


def shot(page: Page, name: str, *, at: str = "", when: str = "true") -> None:
    """Keep a picture for the docs, once something holds, where SCREENSHOTS names a folder.

    ``at`` is a selector of what is brought to the middle, or as near as can be.
    """
    if folder := os.environ.get("SCREENSHOTS"):
        page.until(when)
        if at:
            there = f"doc.querySelector({json.dumps(at)})"
            page.evaluate(f"{there}.scrollIntoView({{ block: 'center', behavior: 'instant' }})")
        page.picture(Path(folder) / f"{name}.png")
