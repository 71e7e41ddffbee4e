"""What the campaign migrates with: a total, and whatever a run's params ask to go wrong.

``folder`` holds a file ``broken`` while the transform is not fixed, and files ``once-…``, each of
which makes one call go wrong. Only items named in ``bad`` are concerned. The file ``struck`` grows
by a character each time.
"""

import os
import signal
import time
from pathlib import Path

from transforms import DELETE


def transform(item, context):
    params = context.params
    if item["id"] in params["bad"] and _is_broken(Path(params["folder"])):
        with Path(params["struck"]).open("a") as struck:
            struck.write(".")
        return _ERRORS[params["how"]](item)
    if item.get("expired"):
        return DELETE
    total = item["a"] + item["b"]
    if item.get("total") != total:
        time.sleep(params["seconds"])
        item["total"] = total
        item["stamp"] = context.migration_id
        item["copy"] = item.get("secret", "")
    return item


def _is_broken(folder):
    if (folder / "broken").exists():
        return True
    for once in folder.glob("once-*"):
        try:
            once.unlink()
        except FileNotFoundError:
            continue  # another process took that one
        return True
    return False


def _raise(item):
    raise ValueError(f"a value that nobody may see: {item['secret']}")


def _hang(item):
    time.sleep(3_600)


def _die(item):
    os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does when memory is out


def _grow(item):
    item["blob"] = item["secret"] * 50_000
    return item


def _change_key(item):
    item["id"] = item["secret"]
    return item


_ERRORS = {
    "raises": _raise,
    "hangs": _hang,
    "dies": _die,
    "grows": _grow,
    "returns-none": lambda item: None,
    "returns-text": lambda item: item["secret"],
    "returns-part": lambda item: {"id": item["id"], "other": item["secret"]},
    "changes-key": _change_key,
}
