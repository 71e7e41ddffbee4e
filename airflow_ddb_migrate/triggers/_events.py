"""The events that triggers send to their tasks, and calls of synchronous code in a thread."""

import asyncio
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from airflow.triggers.base import TriggerEvent
from asgiref.sync import sync_to_async

HELD = "held"

P = ParamSpec("P")
T = TypeVar("T")


def succeeded(message: str, **facts: Any) -> TriggerEvent:
    return TriggerEvent({"status": "success", "message": message, **facts})  # type: ignore[no-untyped-call]


def failed(message: str, *, retryable: bool) -> TriggerEvent:
    return TriggerEvent({"status": "error", "message": message, "retryable": retryable})  # type: ignore[no-untyped-call]


def held(hold: dict[str, Any], told: list[dict[str, Any]]) -> TriggerEvent:
    """Return the event of a hold. Its task reports the hold and defers again.

    ``told`` are the holds that were reported before.
    """
    return TriggerEvent({"status": HELD, "hold": hold, "told": told})  # type: ignore[no-untyped-call]


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call in a separate thread, so that a slow answer does not delay other triggers.

    The triggerer uses the message of a cancellation to say that someone ended the task. asgiref
    drops that message if the cancellation comes during a call. So the call runs to its end as a
    task of its own, and the cancellation arrives here with its message.
    """
    calling = asyncio.ensure_future(sync_to_async(call, thread_sensitive=False)(*args, **kwargs))
    await asyncio.wait({calling})
    return calling.result()
