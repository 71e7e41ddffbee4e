"""Airflow's UI as a person uses it: sign in, fill the form, open the tab, press a button."""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.browser.page import Page
from tests.support.worlds.airflow_site import DAG_ID, AirflowSite, DagRun

_TAB = "a[href$='/plugin/ddb-migration']"
_FRAME = "iframe[src*='/ddb-migrate/']"
_TRIES, _TRY_SECONDS = 5, 10.0
_FIGURE = """[...doc.querySelectorAll('#figures dt')]
  .find((one) => one.textContent === '%s').nextElementSibling.textContent"""


def sign_in(page: Page, site: AirflowSite, user: str, path: str = "/") -> None:
    """Open a page of Airflow, be asked who one is, and say so."""
    page.open(f"{site.airflow.url}{path}")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", site.airflow.password(user))
    page.click("button[type=submit]")
    page.until("!location.pathname.startsWith('/auth') && doc.querySelector('nav, aside, button')")
    page.forget()  # Airflow's own page complains of not being signed in


def trigger(
    page: Page, site: AirflowSite, table: str, *, numbers: dict[str, int], switches: Sequence[str]
) -> DagRun:
    """Fill Airflow's own trigger form and send it; return the run that it leads to."""
    page.click("button", "Trigger")
    page.fill("input[name=element_table]", table)
    for name, number in numbers.items():
        page.fill(
            f"[data-part=root]:has(> * > [id='number-input:element_{name}:inc']) input", f"{number}"
        )
    for name in switches:
        page.click(f"label:has(input[name=element_{name}])")
    shot(page, "trigger", at="[name=element_table]")
    page.click("[data-testid=trigger-dag-submit]")
    path = page.until("location.pathname.includes('/runs/') && location.pathname")
    return DagRun(site, DAG_ID, unquote(path.split("/runs/")[1].split("/")[0]))


def open_tab(page: Page) -> Page:
    """Go from a DAG run to its tab; return what is inside."""
    for _ in range(_TRIES):  # what is above it grows while Airflow's page loads
        page.click(_TAB)
        with suppress(AssertionError):
            page.until(f"doc.querySelector({json.dumps(_FRAME)})", _TRY_SECONDS)
            break
    return page.inside(_FRAME)


def figure(tab: Page, name: str) -> str:
    return str(tab.evaluate(_FIGURE % name))


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
