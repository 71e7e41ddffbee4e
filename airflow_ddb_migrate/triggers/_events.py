"""What triggers tell the tasks that wait for them, and how they call the synchronous adapters."""

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
    """The migration waits; so does whoever hears this, with another trigger.

    ``told`` are the holds that were told before.
    """
    return TriggerEvent({"status": HELD, "hold": hold, "told": told})  # type: ignore[no-untyped-call]


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call in a thread of its own: one slow answer must not hold up every other trigger.

    The triggerer says by the message of a cancellation that a person ended the task. asgiref
    drops it when the cancellation comes in the middle of a call, so the call is a task of its
    own: it runs to its end, and the cancellation arrives here whole.
    """
    calling = asyncio.ensure_future(sync_to_async(call, thread_sensitive=False)(*args, **kwargs))
    await asyncio.wait({calling})
    return calling.result()
