"""How fast a migration is, what it has cost, and how long it may still take. Pure.

The figures come from two readings of the ledger and from the plan. A figure that is not known is
reported as unknown, never guessed: DynamoDB's own item count is up to six hours old, and one
finished segment says little about the others.
"""

import math
from dataclasses import dataclass, field, replace

from airflow_ddb_migrate.core.execution.progress import Progress
from airflow_ddb_migrate.core.text.figures import dollars_words, time_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of a migration, at ``at`` seconds since the epoch.

    The budgets are units per second of the whole migration (0: none). ``dollars`` is the cost so
    far; None if unknown.
    """

    at: float
    progress: Progress
    attempt: int
    attempt_started_at: float
    read_units_per_second: float = 0.0
    write_units_per_second: float = 0.0
    dollars: float | None = None
    is_held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWork:
    """The plan's number of items in the table, and its dollars for the parts that are measured."""

    items: int = 0
    dollars: float | None = None


NOTHING_PLANNED = PlannedWork()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """The current figures. Rates are per second; None is unknown.

    Units are counted as the budgets count them: for writes, those of the table or of one index,
    whichever are more. ``*_now`` are since the previous reading, ``items_on_average`` since the
    attempt began, or since it was first read. The shares are shares of the budgets, from 0 to 1.
    ``seconds_left`` are the least and the most seconds.
    """

    items_now: float | None = None
    items_on_average: float | None = None
    written_now: float | None = None
    read_now: float | None = None
    write_share: float | None = None
    read_share: float | None = None
    workers: int = 0
    dollars: float | None = None
    planned_dollars: float | None = None
    seconds_left: tuple[float, float] | None = None


def pulse_of(
    look: Reading,
    *,
    before: Reading | None = None,
    first: Reading | None = None,
    expected: PlannedWork = NOTHING_PLANNED,
) -> Pulse:
    """Return a reading's figures; ``before`` is the previous reading, ``first`` the first one."""
    written = _rate_now(look, before, "written")
    read = _rate_now(look, before, "read")
    now, average = _rate_now(look, before, "items"), _average(look, first)
    return Pulse(
        items_now=now,
        items_on_average=average,
        written_now=written,
        read_now=read,
        write_share=_share(written, look.write_units_per_second),
        read_share=_share(read, look.read_units_per_second),
        workers=look.progress.live,
        dollars=look.dollars,
        planned_dollars=expected.dollars,
        seconds_left=_seconds_left(look, (now, average), expected.items),
    )


@dataclass(slots=True)
class Pulses:
    """Turns readings of one migration into figures, and keeps the earlier readings for that.

    Current rates are since the previous reading. With ``window_seconds`` they are since the oldest
    reading within that time: for anyone who reads every few seconds, rates would otherwise show
    when workers save, not how fast they work. Only readings under the current budget and hold count
    there, so a change shows at once.
    """

    window_seconds: float = 0.0
    _first: Reading | None = field(default=None, init=False)
    _recent: tuple[Reading, ...] = field(default=(), init=False)

    def of(self, look: Reading, expected: PlannedWork = NOTHING_PLANNED) -> Pulse:
        """Return the figures of the latest reading."""
        slim = replace(look, progress=replace(look.progress, failed=(), unfinished=()))
        if self._first is None or self._first.attempt != look.attempt:
            self._first = slim
        if self.window_seconds:
            oldest = look.at - self.window_seconds
            self._recent = tuple(
                one for one in self._recent if oldest <= one.at and _order(one) == _order(look)
            )
        before = self._recent[0] if self._recent else None
        self._recent = (*self._recent, slim) if self.window_seconds else (slim,)
        return pulse_of(look, before=before, first=self._first, expected=expected)


def _order(look: Reading) -> tuple[object, ...]:
    return look.is_held, look.read_units_per_second, look.write_units_per_second


def pulse_words(pulse: Pulse, look: Reading) -> str:
    """Return the figures as sentences; those of a budget only if there is one."""
    parts = (
        _items_words(pulse),
        _units_words("Writing", pulse.written_now, pulse.write_share, look.write_units_per_second),
        _units_words("Reading", pulse.read_now, pulse.read_share, look.read_units_per_second),
        f"{pulse.workers:,} workers.",
        _cost_words(pulse),
        f"Time left: {_left_words(pulse, look)}.",
    )
    return " ".join(part for part in parts if part)


def _items_words(pulse: Pulse) -> str:
    now, average = pulse.items_now, pulse.items_on_average
    known = [
        f"{rate:,.0f} {words}"
        for rate, words in ((now, "now"), (average, "on average"))
        if rate is not None
    ]
    return f"Items per second: {', '.join(known)}." if known else ""


def _units_words(verb: str, rate: float | None, share: float | None, budget: float) -> str:
    if rate is None or share is None:
        return ""
    return f"{verb} {rate:,.0f} of {budget:,.0f} units per second ({100 * share:.0f} %)."


def _cost_words(pulse: Pulse) -> str:
    if pulse.dollars is None:
        return ""
    planned = pulse.planned_dollars
    of = f" of {dollars_words(planned)} planned" if planned is not None else ""
    return f"Cost so far: {dollars_words(pulse.dollars)}{of}."


def _left_words(pulse: Pulse, look: Reading) -> str:
    if pulse.seconds_left is None:
        return "unknown while it is on hold" if look.is_held else "unknown"
    least, most = map(time_words, pulse.seconds_left)
    return least if least == most else f"{least} to {most}"


def _rate_now(look: Reading, before: Reading | None, what: str) -> float | None:
    """Return the current rate, which is 0 once every lane was given back during a hold."""
    is_at_rest = look.is_held and not look.progress.running
    return 0.0 if is_at_rest else _rate(look, before, what)


def _rate(look: Reading, before: Reading | None, what: str) -> float | None:
    if before is None or look.at <= before.at:
        return None
    return max(0.0, _amount(look, what) - _amount(before, what)) / (look.at - before.at)


def _amount(look: Reading, what: str) -> float:
    progress = look.progress
    if what == "items":
        return progress.counts.seen
    return progress.units.busiest if what == "written" else progress.units.read


def _average(look: Reading, first: Reading | None) -> float | None:
    """Return the attempt's own average: a later attempt does not count what it found done."""
    seconds = look.at - look.attempt_started_at
    if look.attempt == 1 and look.attempt_started_at and seconds > 0:
        return look.progress.counts.seen / seconds
    return _rate(look, first, "items")


def _share(rate: float | None, budget: float) -> float | None:
    return rate / budget if rate is not None and budget > 0 else None


def _seconds_left(
    look: Reading, rates: tuple[float | None, float | None], planned_items: int
) -> tuple[float, float] | None:
    """Return the least and the most seconds: fewest items at the best rate, most at the worst."""
    if look.progress.is_finished:
        return 0.0, 0.0
    known = [rate for rate in rates if rate]
    left = _items_left(look.progress, planned_items)
    if look.is_held or not known or left is None:
        return None
    return left[0] / max(known), left[1] / min(known)


def _items_left(progress: Progress, planned_items: int) -> tuple[float, float] | None:
    """Return the least and the most items that are left, by finished segments and by the plan.

    Finished segments are taken as a sample of all segments, with a sample's uncertainty: segments
    that finish first tend to be small. None without any basis, or if more items were seen than
    that.
    """
    seen = progress.counts.seen
    totals = [float(planned_items)] if planned_items else []
    if progress.done and progress.items_of_done:
        total = progress.items_of_done / progress.done * progress.lanes
        doubt = (total - progress.items_of_done) / math.sqrt(progress.done)
        totals += [total, total + doubt]
    left = [max(0.0, total - seen) for total in totals]
    return (min(left), max(left)) if left and max(left) > 0 else None
