"""A page in a browser: looked at, clicked and typed in by a test, as a person does."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.browser.cdp import Connection
from tests.support.waiting import HANG_SECONDS

WIDTH, HEIGHT = 1280, 800

_POLL_SECONDS = 0.1
_LEVELS = frozenset({"error", "assert"})


@dataclass(slots=True)
class Page:
    """A page of a profile of its own: nobody else's cookies.

    ``frame`` is a selector of the frame that selectors are looked for in; empty: the page itself.
    """

    connection: Connection
    session: str
    frame: str = ""

    def inside(self, frame: str) -> "Page":
        return Page(self.connection, self.session, frame)

    def open(self, url: str) -> None:
        self._call("Page.navigate", url=url)
        self.until("document.readyState !== 'loading' && location.href !== 'about:blank'")

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression, or of its promise; ``doc`` is the frame's document."""
        frame = f"document.querySelector({json.dumps(self.frame)})?.contentDocument"
        scope = f"const doc = {frame if self.frame else 'document'};"
        answer = self._call(
            "Runtime.evaluate",
            expression=f"(async () => {{ {scope} const value = await ({script}); "
            "return value?.nodeType ? true : value; })()",
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in answer:
            raise AssertionError(f"{script}: {answer['exceptionDetails']['exception']}")
        return answer["result"].get("value")

    def until(self, script: str, seconds: float = HANG_SECONDS) -> Any:
        """Wait until an expression is true, whatever is not there yet; return its value."""
        deadline = time.monotonic() + seconds
        trouble: object = None
        while time.monotonic() < deadline:
            try:
                if value := self.evaluate(script):
                    return value
            except AssertionError as exc:  # the page changes under the hands, as pages do
                trouble = exc
            time.sleep(_POLL_SECONDS)  # another process works: there is no clock to inject
        raise AssertionError(f"not reached in {seconds:.0f} s: {script}; {trouble}; {self._seen()}")

    def text(self, selector: str) -> str:
        return str(self.evaluate(f"doc.querySelector({json.dumps(selector)}).innerText"))

    def click(self, selector: str, words: str = "") -> None:
        """Click with the mouse on what has these words, once it is there and stands still."""
        x, y = self.until(_PLACE % (json.dumps(selector), json.dumps(words)))
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            count = 0 if kind == "mouseMoved" else 1
            button = "left" if count else "none"
            self._call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=count
            )

    def fill(self, selector: str, text: str) -> None:
        """Click into a field and type over what is in it."""
        self.click(selector)
        self.evaluate(f"doc.querySelector({json.dumps(selector)}).select?.()")
        self._call("Input.insertText", text=text)

    def dark(self, *, is_dark: bool) -> None:
        """Have the system's preference changed."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, file: Path) -> None:
        data = self._call("Page.captureScreenshot", format="png")["data"]
        file.write_bytes(base64.b64decode(data))

    def complaints(self) -> list[str]:
        """Return what the page threw or logged as an error, since it was opened."""
        self._call("Runtime.evaluate", expression="0")  # what was said before it has come then
        return [words for event in self._events() if (words := _complaint(event))]

    def forget(self) -> None:
        """Begin anew with complaints and requests."""
        self.connection.events.clear()

    def asked(self) -> list[tuple[str, str, int]]:
        """Return method, address and answer's status of every request; 0 without an answer."""
        statuses = {
            event["params"]["requestId"]: event["params"]["response"]["status"]
            for event in self._events()
            if event["method"] == "Network.responseReceived"
        }
        return [
            (params["request"]["method"], params["request"]["url"], statuses.get(request_id, 0))
            for event in self._events()
            if event["method"] == "Network.requestWillBeSent"
            for params in [event["params"]]
            for request_id in [params["requestId"]]
        ]

    def origins(self) -> set[str]:
        """Return the origins of all requests; what a page carries in itself has none."""
        urls = [urlsplit(url) for _, url, _ in self.asked()]
        return {f"{url.scheme}://{url.netloc}" for url in urls if url.netloc}

    def _seen(self) -> str:
        text = self.evaluate("location.href + ' ' + (doc ?? document).body.innerText")
        return f"{text[:2_000]} {self.complaints()}"

    def _events(self) -> list[dict[str, Any]]:
        return [e for e in self.connection.events if e.get("sessionId") == self.session]

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        return self.connection.call(method, self.session, **params)


_PLACE = """(async () => {
  const found = [...doc.querySelectorAll(%s)].find(
    (one) => one.textContent.includes(%s) && one.checkVisibility() && !one.disabled);
  if (!found) return null;
  found.scrollIntoView({ block: "center", behavior: "instant" });
  const before = found.getBoundingClientRect();
  await new Promise((go) => setTimeout(go, 60));
  const box = found.getBoundingClientRect();
  if (!box.width || before.x !== box.x || before.y !== box.y) return null;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  if (!found.contains(doc.elementFromPoint(x, y))) return null;
  const frame = doc.defaultView.frameElement?.getBoundingClientRect() ?? { x: 0, y: 0 };
  return [frame.x + x, frame.y + y];
})()"""


@contextmanager
def person(connection: Connection) -> Iterator[Page]:
    """Open an empty page as somebody who was never here."""
    context = connection.call("Target.createBrowserContext")["browserContextId"]
    target = connection.call("Target.createTarget", url="about:blank", browserContextId=context)[
        "targetId"
    ]
    session = connection.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Network", "Log"):
        connection.call(f"{domain}.enable", session)
    size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    connection.call("Emulation.setDeviceMetricsOverride", session, **size)
    yield Page(connection, session)
    connection.call("Target.disposeBrowserContext", browserContextId=context)


def _complaint(event: dict[str, Any]) -> str:
    params = event["params"]
    match event["method"]:
        case "Runtime.exceptionThrown":
            return str(params["exceptionDetails"])
        case "Runtime.consoleAPICalled" if params["type"] in _LEVELS:
            return " ".join(str(part.get("value", part)) for part in params["args"])
        case "Log.entryAdded" if params["entry"]["level"] == "error":
            return f"{params['entry']['text']} {params['entry'].get('url', '')}"
    return ""
