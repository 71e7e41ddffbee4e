"""What a worker runs on: Lambda's own Python and botocore, and the shortcuts past botocore.

We choose none of these. They depend on the runtime's version and the region, and AWS updates them
even under a published version of the function.
"""

import json
from typing import TypedDict

_MOST = 5  # more than one only if AWS updated the runtime while a migration ran


class LambdaRuntime(TypedDict):
    """``shortcuts`` has, by name, why a shortcut past botocore is off; empty: it is on."""

    python: str
    botocore: str
    protocol: str
    shortcuts: dict[str, str]


def runtime_in_words(runtime: LambdaRuntime) -> str:
    """Return the versions, the protocol, and each shortcut with whether and why it is off."""
    on = [name for name, reason in runtime["shortcuts"].items() if not reason]
    off = [f"{name} ({reason})" for name, reason in runtime["shortcuts"].items() if reason]
    words = [
        f"Lambda: Python {runtime['python']}, botocore {runtime['botocore']}, DynamoDB protocol "
        f"{runtime['protocol'] or 'unknown'}."
    ]
    if on:
        words.append(f"Shortcuts past botocore: {', '.join(on)}.")
    if off:
        words.append(f"Done by botocore, with the same result but slower: {'; '.join(off)}.")
    return " ".join(words)


def with_runtime(note: str, runtime: LambdaRuntime) -> str:
    """Return the note of a migration's runtimes with this one added; empty if it has it already."""
    known = _runtimes(note)
    return "" if runtime in known else json.dumps([*known, runtime][-_MOST:])


def runtimes_in_words(note: str) -> str:
    """Return each runtime in a migration's note as sentences; empty for an empty note."""
    return " ".join(map(runtime_in_words, _runtimes(note)))


def _runtimes(note: str) -> list[LambdaRuntime]:
    return list(json.loads(note or "[]"))
