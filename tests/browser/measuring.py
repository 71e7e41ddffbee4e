"""How quickly the tab draws 10,000 lanes, by what the page itself measures in a real browser."""

from statistics import median

from tests.browser.browser import opened
from tests.browser.canned import Canned, serve
from tests.support.waiting import HANG_SECONDS

_OPENINGS = 3
_UPDATES = 6
_OFTEN = 'setInterval(() => document.dispatchEvent(new Event("visibilitychange")), 200);'


def drawn() -> tuple[float, float]:
    """Return milliseconds from opening the page to its first picture, and of an update.

    Of several openings the middle one counts: what else the machine does is not the page's.
    """
    opened_at, updates = [], []
    for _ in range(_OPENINGS):
        canned = Canned(script=_OFTEN)
        with serve(canned) as url, opened(url):
            first, *later = canned.await_measured(_UPDATES, HANG_SECONDS)["done"]
        opened_at.append(first["end"])
        updates += [update["end"] - update["start"] for update in later]
    return median(opened_at), median(updates)
