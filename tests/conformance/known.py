"""What each engine is known to do otherwise than AWS: names of cases, in a file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

_FILE = Path(__file__).parent / "failing.json"


def known() -> dict[str, list[str]]:
    return json.loads(_FILE.read_text()) if _FILE.exists() else {}


def remember(failing: Mapping[str, Sequence[str]]) -> None:
    _FILE.write_text(json.dumps(failing, indent=1, ensure_ascii=False) + "\n")
