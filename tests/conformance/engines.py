"""The DynamoDBs that are scored, each started for as long as it is."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from moto.server import ThreadedMotoServer
from tests.conformance.score import Bench
from tests.live import endpoints
from tests.live.endpoints import Endpoint
from tests.support.engines import dynalite as dynalites
from tests.support.engines.double.engine import StrictDynamo

_UPDATE_MS = 200  # of a change of a table in dynalite, which is UPDATING meanwhile
_UPDATE_SECONDS = 10.0  # of the double, whose clock is set on


@dataclass(slots=True)
class _Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def advance(self) -> None:
        self.now += _UPDATE_SECONDS + 1


@contextmanager
def double(folder: Path) -> Iterator[Bench]:
    clock = _Clock()
    engine = StrictDynamo(clock=clock, updating_seconds=_UPDATE_SECONDS)
    with endpoints.double(folder, engine) as endpoint:
        yield Bench(endpoint.client(), pass_time=clock.advance)


@contextmanager
def ministack(folder: Path) -> Iterator[Bench]:
    with endpoints.ministack(folder) as endpoint:
        yield Bench(endpoint.client())


@contextmanager
def dynalite(folder: Path) -> Iterator[Bench]:
    with dynalites.dynalite(folder, update_table_ms=_UPDATE_MS) as url:
        yield Bench(Endpoint(url).client())


@contextmanager
def moto(folder: Path) -> Iterator[Bench]:  # it keeps nothing in files
    """As a server: what it cannot do is then an answer, and no exception in this process."""
    logging.getLogger("werkzeug").disabled = True
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Bench(Endpoint(f"http://{host}:{port}").client())
    finally:
        server.stop()


ENGINES: dict[str, Callable[[Path], AbstractContextManager[Bench]]] = {
    "double": double,
    "ministack": ministack,
    "dynalite": dynalite,
    "moto": moto,
}
