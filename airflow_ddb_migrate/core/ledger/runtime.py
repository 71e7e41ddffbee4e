"""What a worker runs on: Lambda's own Python and botocore, and which short cuts it takes.

Neither is ours to choose: they depend on the runtime's version and the region, and AWS updates them
under a published version, too.
"""

import json
from typing import TypedDict

_MOST = 5  # several only where AWS updated the runtime meanwhile


class LambdaRuntime(TypedDict):
    """``shortcuts`` has, by its name, why a short cut past botocore is off; empty: it is taken."""

    python: str
    botocore: str
    protocol: str
    shortcuts: dict[str, str]


def runtime_in_words(runtime: LambdaRuntime) -> str:
    """Say the versions, the protocol, and of each short cut that it is on, or why it is off."""
    on = [name for name, reason in runtime["shortcuts"].items() if not reason]
    off = [f"{name} ({reason})" for name, reason in runtime["shortcuts"].items() if reason]
    words = [
        f"Lambda: Python {runtime['python']}, botocore {runtime['botocore']}, DynamoDB by "
        f"{runtime['protocol'] or 'an unknown protocol'}."
    ]
    if on:
        words.append(f"Short cuts past botocore: {', '.join(on)}.")
    if off:
        words.append(f"Left to botocore, slower but the same: {'; '.join(off)}.")
    return " ".join(words)


def with_runtime(note: str, runtime: LambdaRuntime) -> str:
    """Return the note of a migration's runtimes with this one; empty where it is in it."""
    known = _runtimes(note)
    return "" if runtime in known else json.dumps([*known, runtime][-_MOST:])


def runtimes_in_words(note: str) -> str:
    """Say what each runtime in a migration's note is; empty for an empty note."""
    return " ".join(map(runtime_in_words, _runtimes(note)))


def _runtimes(note: str) -> list[LambdaRuntime]:
    return list(json.loads(note or "[]"))
