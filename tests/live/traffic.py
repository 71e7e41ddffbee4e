"""Live traffic: threads that write all the time, and writes at the worst moments for a worker."""

import random
import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from botocore.exceptions import ConnectionClosedError
from tests.live.application import Application

_THREADS = 3
_LOST_REQUESTS = 0.01
_LOST_ANSWERS = 0.02
_SHARES = {"page": 0.35, "transform": 0.25}  # of the items that are struck there


@dataclass(slots=True)
class LiveTraffic:
    """Writers in the background, ``rate`` operations per second each, while the context lasts.

    The seed decides what they write; when is up to the threads.
    """

    application: Application
    seed: int
    rate: float = 200.0
    _over: threading.Event = field(default_factory=threading.Event, init=False)
    _pool: ThreadPoolExecutor = field(init=False)
    _writers: list[Future[None]] = field(default_factory=list, init=False)

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="live")
        self._writers = [self._pool.submit(self._write, number) for number in range(_THREADS)]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the writers; whatever ended one early is raised."""
        self._over.set()
        self._pool.shutdown()
        for writer in self._writers:
            writer.result()

    def _write(self, number: int) -> None:
        draw = random.Random(f"{self.seed}-writer-{number}")
        does = self.application
        deeds = (does.update, does.touch, does.put, does.insert, does.delete)
        while not self._over.wait(1 / self.rate):
            deed = draw.choices(deeds, weights=(50, 15, 10, 10, 15))[0]
            deed(draw.choice(does.keys), draw)


@dataclass(slots=True)
class Strikes:
    """Live writes on an item while a worker has it in hand, so that conflicts are certain.

    An item is struck at most once after its page was read and once within its transform: a third
    lost race in a row sets an item aside, and that is not what is tested here.
    """

    application: Application
    seed: int
    struck: Counter[str] = field(default_factory=Counter, init=False)
    _calls: Counter[tuple[str, str]] = field(default_factory=Counter, init=False)

    def after_read(self, key: str, *, is_due: bool) -> None:
        """Strike a share of the items of a page that was read and not yet written.

        ``is_due`` tells whether the worker will have to write the item that it has in hand.
        """
        self._strike("page", key, is_due, within=1)

    def within_transform(self, key: str, *, is_due: bool) -> None:
        """Strike a share of the items in one of their first transforms, tries included."""
        self._strike("transform", key, is_due, within=3)

    def _strike(self, where: str, key: str, is_due: bool, *, within: int) -> None:
        draw = random.Random(f"{self.seed}-{where}-{key}")
        turn = draw.randrange(within) if draw.random() < _SHARES[where] else -1
        call = self._calls[where, key]
        self._calls[where, key] += 1
        if call == turn:
            self.struck[where] += 1
            self._any_deed(key, draw, self.application.while_due if is_due else self.application)

    @staticmethod
    def _any_deed(key: str, draw: random.Random, does: Application) -> None:
        deeds = (does.update, does.touch, does.put, does.delete, does.delete_and_put)
        weights = (40, 15, 15, 15, 15 if does.manner.reinserts else 0)
        draw.choices(deeds, weights=weights)[0](key, draw)


class StruckClient:
    """A DynamoDB client for workers: small pages, and strikes between reading and writing them."""

    def __init__(self, dynamodb: Any, strikes: Strikes, *, page_items: int) -> None:
        self._dynamodb = dynamodb
        self._strikes = strikes
        self._page_items = page_items

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dynamodb, name)

    def scan(self, **arguments: Any) -> dict[str, Any]:
        if arguments["TableName"] != self._strikes.application.table_name:
            return self._dynamodb.scan(**arguments)  # type: ignore[no-any-return]
        page: dict[str, Any] = self._dynamodb.scan(**{**arguments, "Limit": self._page_items})
        for item in page["Items"]:
            self._strikes.after_read(item["id"]["S"], is_due="total" not in item)
        return page


class LossyClient:
    """A DynamoDB client for live traffic that loses some requests, and some answers.

    Its user cannot tell the one from the other.
    """

    def __init__(self, dynamodb: Any, seed: int) -> None:
        self._dynamodb = dynamodb
        self._draw = random.Random(f"{seed}-lossy")

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._dynamodb, name)
        if name not in {"put_item", "update_item", "delete_item"}:
            return attribute

        def call(**arguments: Any) -> Any:
            lot = self._draw.random()
            answer = attribute(**arguments) if lot > _LOST_REQUESTS else None
            if lot < _LOST_REQUESTS + _LOST_ANSWERS:
                raise ConnectionClosedError(endpoint_url="a test")
            return answer

        return call
