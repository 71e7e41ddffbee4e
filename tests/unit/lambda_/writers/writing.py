"""What tests of the writers share: intents, a client that answers as it is told, a writer, too."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.core.execution.pacing import Pacer
from airflow_ddb_migrate.core.ledger.counts import Units
from ddb_transform.contract.intent import Change, Intent
from ddb_transform.patience import Patience
from ddb_transform.writers.dispatch import Dispatcher, DispatchResult
from ddb_transform.writers.interface import APPLIED, WriteAnswer, Written
from ddb_transform.writers.proof import Proof
from tests.support.factories import typed_item
from tests.support.worlds.migration_world import PROVEN, Clock

KEY = {"id": {"S": "a"}}
CHANGED = Change("changed", {"n": {"N": "2"}}, {"n": {"N": "1"}}, 10, 10)
DELETED = Change("deleted", {}, {"n": {"N": "1"}}, 10, 0)


def intent(change: Change = CHANGED, key: str = "a") -> Intent:
    """A write of the item with this key, which had ``n`` 1."""
    return Intent({"id": {"S": key}}, change, typed_item(key, n={"N": "1"}))


def intents(count: int, change: Change = CHANGED) -> list[Intent]:
    return [intent(change, f"i{i:03d}") for i in range(count)]


def no_tick() -> None:
    pass


class StubDynamoDB:
    """Answers as it is told, and keeps what it was asked.

    ``answers`` are what writes come to, the last one for ever; an exception is raised. ``item`` is
    what a read finds.
    """

    def __init__(self, *answers: Any, item: Any = None) -> None:
        self.answers = list(answers) or [{}]
        self.item = item
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name == "get_item":
            return self._get
        if name not in {"update_item", "delete_item", "put_item", "batch_execute_statement"}:
            raise AttributeError(name)
        return lambda **arguments: self._write(name, arguments)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.asked]

    def _write(self, name: str, arguments: dict[str, Any]) -> Any:
        self.asked.append((name, arguments))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _get(self, **arguments: Any) -> Any:
        self.asked.append(("get_item", arguments))
        if isinstance(self.item, Exception):
            raise self.item
        found = {"Item": self.item} if self.item else {}
        return {**found, "ConsumedCapacity": {"CapacityUnits": 1.0}}


@dataclass(slots=True)
class ScriptedWriter:
    """Answers each write of an item as a test says, in the order of ``answers``; then APPLIED.

    A request takes ``units`` of the table and as many of an index. ``asked`` are the batches;
    ``hook`` sees each before it is answered.
    """

    answers: Iterator[Written | Exception] = field(default_factory=lambda: iter(()))
    batch: int = 25
    fitting: bool = True
    units: float = 0.0
    hook: Callable[[Sequence[Intent]], None] = lambda intents: None
    asked: list[list[Intent]] = field(default_factory=list)

    def fits(self, intent: Intent) -> bool:
        return self.fitting

    def write(self, intents: Sequence[Intent]) -> WriteAnswer:
        self.asked.append(list(intents))
        self.hook(intents)
        return WriteAnswer(
            [self._answer() for _ in intents], Units(written=2 * self.units, busiest=self.units)
        )

    def _answer(self) -> Written:
        answer = next(self.answers, APPLIED)
        if isinstance(answer, Exception):
            raise answer
        return answer


def scripted(*answers: Written | Exception, **options: Any) -> ScriptedWriter:
    return ScriptedWriter(iter(answers), **options)


def impatient(slept: list[float] | None = None) -> Patience:
    """Sleeps in no time, and always the longest that the jitter allows."""
    note = slept.append if slept is not None else (lambda seconds: None)
    return Patience(sleep=note, jitter=lambda least, most: most)


@dataclass(slots=True)
class Bench:
    """A dispatcher and what it works with."""

    dispatcher: Dispatcher
    fast: Any
    reference: Any
    pacer: Pacer
    clock: Clock
    slept: list[float]

    def write(self, wanted: list[Intent], tick: Callable[[], None] = no_tick) -> DispatchResult:
        return self.dispatcher.write(wanted, tick)


def bench(
    threads: ThreadPoolExecutor,
    *,
    fast: Any = None,
    reference: Any = None,
    proof: Proof = PROVEN,
    share: float | None = None,
) -> Bench:
    """Make one; the writers are scripted, and all is proven, unless a test says otherwise."""
    clock, slept = Clock(), list[float]()
    pacer = Pacer(clock, share)
    fast = scripted() if fast is None else fast
    reference = scripted(batch=1) if reference is None else reference
    made = Dispatcher(fast, reference, proof, pacer, threads, impatient(slept))
    return Bench(made, fast, reference, pacer, clock, slept)
