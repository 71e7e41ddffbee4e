"""Sends intents to the writers: in batches, from several threads, paced, and with retries."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from airflow_ddb_migrate.core.execution.pacing import Pacer
from airflow_ddb_migrate.core.ledger.counts import Units
from airflow_ddb_migrate.core.ledger.throttles import names_reason
from airflow_ddb_migrate.core.limits import BATCH_BYTES, WRITE_TRIES
from ddb_transform.contract.intent import Intent
from ddb_transform.failures import PassingError
from ddb_transform.patience import Patience
from ddb_transform.writers.interface import WriteAnswer, Writer, WriteVerdict, Written
from ddb_transform.writers.proof import Proof
from ddb_transform.writers.reference import refusal_of_size

_LOOK_SECONDS = 0.5

Tick = Callable[[], None]


@dataclass(slots=True)
class _Pending:
    """An intent that is not settled yet; ``ambiguous`` once a response to it was lost.

    ``reason`` says why it is retried; ``unexplained``: it was throttled, and no reason was given.
    """

    place: int
    intent: Intent
    alone: bool = False
    ambiguous: bool = False
    reason: str = ""
    unexplained: bool = False


@dataclass(frozen=True, slots=True)
class _Job:
    writer: Writer
    pending: Sequence[_Pending]


@dataclass(frozen=True, slots=True)
class DispatchResult:
    """The final result of each intent, in their order, and the units consumed."""

    written: Sequence[Written]
    units: Units


@dataclass(slots=True, eq=False, repr=False)
class Dispatcher:
    """Writes intents until each is applied, lost or refused.

    The fast writer gets what the engine's proof covers, the reference writer the rest; what fits
    neither is refused. ``tick`` is called every half second and may raise to end the slice.
    """

    fast: Writer
    reference: Writer
    proof: Proof
    pacer: Pacer
    threads: ThreadPoolExecutor
    patience: Patience

    def write(self, intents: Sequence[Intent], tick: Tick) -> DispatchResult:
        """Settle intents with distinct keys; none is left in flight, even if this raises.

        :raises FatalError: an error that affects every item.
        """
        results: list[Written | None] = [None] * len(intents)
        pending = [_Pending(place, intent) for place, intent in enumerate(intents)]
        units, tries = Units(), 0
        while pending:
            tick()
            jobs = list(self._jobs(pending, results))
            answers = self._run(jobs, tick)
            before, pending = len(pending), []
            for job, answer in zip(jobs, answers, strict=True):
                units += answer.units
                pending += self._unsettled(job, answer, results)
            again = [one for one in pending if one.reason]
            self._ask_why(again)
            if again:  # any progress, however slow, resets the tries
                tries = tries if len(pending) == before else 0
                tries = self._back_off(tries, again[0], tick)
        return DispatchResult([one for one in results if one is not None], units)

    def _jobs(self, pending: Sequence[_Pending], results: list[Written | None]) -> Iterator[_Job]:
        batch: list[_Pending] = []
        weight = 0
        for one in pending:
            if not one.alone and self.proof.covers(one.intent) and self.fast.fits(one.intent):
                heavy = weight + one.intent.weight_bytes > BATCH_BYTES
                if batch and (heavy or len(batch) >= self.fast.batch):
                    yield _Job(self.fast, batch)
                    batch, weight = [], 0
                batch.append(one)
                weight += one.intent.weight_bytes
            elif self.reference.fits(one.intent):
                yield _Job(self.reference, [one])
            else:
                refusal = refusal_of_size(one.intent)
                results[one.place] = Written(WriteVerdict.REFUSED, error=refusal)
        if batch:
            yield _Job(self.fast, batch)

    def _run(self, jobs: Sequence[_Job], tick: Tick) -> list[WriteAnswer]:
        futures = [self.threads.submit(self._send, job) for job in jobs]
        try:
            while _is_working(futures):
                tick()
            return [future.result() for future in futures]
        except BaseException:
            self.patience.stop()
            _drain(futures)
            raise

    def _send(self, job: _Job) -> WriteAnswer:
        intents = [one.intent for one in job.pending]
        reservation = self.pacer.reserve(float(sum(intent.units for intent in intents)))
        self.patience.wait(reservation.wait_seconds, self.pacer.stretch_of(reservation))
        answer = job.writer.write(intents)
        self.pacer.settle(reservation, answer.units.busiest)
        for intent, written in zip(intents, answer.written, strict=True):
            if written.throttled:
                self.pacer.throttled(float(intent.units), written.reason)
        return answer

    def _unsettled(
        self, job: _Job, answer: WriteAnswer, results: list[Written | None]
    ) -> Iterator[_Pending]:
        for one, written in zip(job.pending, answer.written, strict=True):
            one.ambiguous = one.ambiguous or written.ambiguous
            one.reason = written.reason
            one.unexplained = written.throttled and not names_reason(written.reason)
            if written.verdict is WriteVerdict.ALONE:
                one.alone = True
                yield one
            elif written.verdict is WriteVerdict.AGAIN:
                yield one
            elif one.ambiguous:
                results[one.place] = Written(
                    written.verdict, written.current, written.error, ambiguous=True
                )
            else:
                results[one.place] = written

    def _ask_why(self, again: Sequence[_Pending]) -> None:
        """Retry one throttled write alone: a batch does not report why it throttles a statement."""
        for one in again:
            if one.unexplained and (one.alone or self.reference.fits(one.intent)):
                one.alone = True
                return

    def _back_off(self, tries: int, one: _Pending, tick: Tick) -> int:
        if tries >= WRITE_TRIES:
            raise PassingError(
                one.reason.partition(" ")[0],
                f"A write failed {tries + 1} times in a row: {one.reason}.",
            )
        seconds = self.patience.back_off(tries)
        while seconds > 0:
            tick()
            self.patience.wait(min(seconds, _LOOK_SECONDS))
            seconds -= _LOOK_SECONDS
        return tries + 1


def _is_working(futures: Sequence["Future[WriteAnswer]"]) -> bool:
    """Return whether any is unfinished after half a second; raise at once what one raised."""
    done, left = wait(futures, timeout=_LOOK_SECONDS, return_when=FIRST_EXCEPTION)
    for future in done:
        future.result()
    return bool(left)


def _drain(futures: Sequence["Future[WriteAnswer]"]) -> None:
    """Cancel what has not begun, and wait for what is in flight."""
    for future in futures:
        future.cancel()
    wait(futures)
