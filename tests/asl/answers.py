"""Generated answers of the Lambda: all that it may come to, in any order."""

import random
from collections.abc import Iterator
from typing import Any

from airflow_ddb_migrate.core.execution.messages import WorkResult, WorkStatus
from tests.asl.machine import child_states

Step = dict[str, Any]
"""``answer`` of the Lambda, or ``error`` and ``cause`` of what was thrown instead."""

MOST_STEPS = 8


def scripts(seed: int, count: int) -> Iterator[list[Step]]:
    """Yield scripts of answers; the last answer of each ends the child, however often it comes."""
    draw = random.Random(seed)
    for _ in range(count):
        steps: list[Step] = []
        while len(steps) < MOST_STEPS and draw.random() < 0.85:
            steps += _passing(draw)
        yield [*steps, _last(draw)]


def _passing(draw: random.Random) -> list[Step]:
    """Return what a child goes on after: an answer, or up to as many errors as are retried."""
    kind = draw.choice(["MORE", "HOLD", "error", "errors"])
    if kind in {"MORE", "HOLD"}:
        return [_answer(kind, wait_seconds=draw.randint(1, 120))]
    retriers = child_states()["Work"]["Retry"]
    errors = [draw.choice(retrier["ErrorEquals"]) for retrier in retriers]
    name = draw.choice([*errors, "Lambda.Unknown", "KeyError", "Sandbox.Timedout"])
    tries = next(
        retrier["MaxAttempts"]
        for retrier in retriers
        if {name, "States.ALL"} & {*retrier["ErrorEquals"]}
    )
    return [_error(name, draw)] * (draw.randint(1, tries + 1) if kind == "errors" else 1)


def _last(draw: random.Random) -> Step:
    texts = ["", "key 7", "caf\N{LATIN SMALL LETTER E WITH ACUTE} \N{SNOWMAN} \"'\\"]
    return draw.choice(
        [
            _answer("DONE"),
            _answer("FAILED", error=draw.choice(["ItemError", "E"]), cause=draw.choice(texts)),
            _answer(draw.choice(["LATER", "", "done", "MORE "])),
            _error("Runtime.ExitError", draw),
        ]
    )


def _answer(status: str, **changes: Any) -> Step:
    known = WorkResult(status=WorkStatus.DONE).to_event()
    return {"answer": {**known, "status": status, **changes}}


def _error(name: str, draw: random.Random) -> Step:
    name = "Boom" if name.startswith("States.") else name  # a matcher, and no error's name
    return {"error": name, "cause": draw.choice(["", "Rate exceeded", '{"errorMessage": "x"}'])}
