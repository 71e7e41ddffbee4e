"""A real browser without a window, if there is one on this machine."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.waiting import HANG_SECONDS

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
)
_DARK = ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")


def require_browser() -> str:
    """Return the browser's path; skip without one, or fail with REQUIRE_BROWSER=1."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found:
        return found
    reason = f"no browser: none of {', '.join(_NAMES)} is installed"
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def opened(url: str) -> Iterator[None]:
    """Have a page open, in real time, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [*command(profile), "--remote-debugging-port=0", url],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def screenshot(url: str, file: Path, *, dark: bool = False, seconds: float = 8) -> None:
    """Write a picture of the page after so many seconds of its own, sped up, time."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        subprocess.run(
            [
                *command(profile),
                *(_DARK if dark else ()),
                f"--virtual-time-budget={seconds * 1000:.0f}",
                f"--screenshot={file}",
                url,
            ],
            capture_output=True,
            check=True,
            timeout=HANG_SECONDS,
        )


def dom(url: str, *, seconds: float = 8) -> str:
    """Return the page as HTML after so many seconds of its own, sped up, time; no host is found."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        done = subprocess.run(
            [
                *command(profile),
                "--host-resolver-rules=MAP * ~NOTFOUND",
                f"--virtual-time-budget={seconds * 1000:.0f}",
                "--dump-dom",
                url,
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=HANG_SECONDS,
        )
    return done.stdout


def command(profile: str) -> list[str]:
    return [require_browser(), *_QUIET, f"--user-data-dir={profile}", "--window-size=1280,1400"]
