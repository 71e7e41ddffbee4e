"""Windows of time as people write them: ``22:00-06:00 Mon-Fri Europe/Berlin``. Pure.

A window is open while the local time of its zone is in it. A time that is skipped in spring is in
no window, and a time that is repeated in autumn is in it twice. A window over midnight belongs to
the day on which it begins.
"""

import difflib
import functools
import re
import zoneinfo
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import HOURS_AHEAD_DAYS, WINDOW_CHARS, WINDOWS
from airflow_ddb_migrate.core.validation import shown

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FORM = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)(?: ([A-Za-z]+(?:[-,][A-Za-z]+)*))? (\S+)")
_EXAMPLE = "22:00-06:00 Mon-Fri Europe/Berlin"
_DAY_MINUTES = 24 * 60
_DAY_SECONDS = 86_400
_FIELD = "windows"


@dataclass(frozen=True, slots=True)
class Window:
    """One window. ``begin`` and ``end`` are minutes of the day; in ``days`` Monday is 0."""

    text: str
    begin: int
    end: int
    days: frozenset[int]
    zone: zoneinfo.ZoneInfo

    def is_open(self, at: float) -> bool:
        """Return whether it is open at a time in seconds since the epoch."""
        wall = datetime.fromtimestamp(at, self.zone)
        minute, day = wall.hour * 60 + wall.minute, wall.weekday()
        if self.begin < self.end:
            return day in self.days and self.begin <= minute < self.end
        began_yesterday = (day - 1) % len(_DAYS) in self.days and minute < self.end
        return began_yesterday or (day in self.days and minute >= self.begin)

    def instants(self, day: date) -> Iterator[float]:
        """Yield the times around a day at which it may open or close; local time can repeat."""
        for minute in (self.begin, self.end):
            wall = datetime.combine(day, time(0, tzinfo=self.zone)) + timedelta(minutes=minute)
            for fold in (0, 1):
                yield wall.replace(fold=fold).timestamp()
        yield from _change_of_offset(self.zone, day)


@dataclass(frozen=True, slots=True)
class Stretch:
    """An uninterrupted time in which work may be done, in seconds since the epoch."""

    opens_at: float
    closes_at: float

    @property
    def seconds(self) -> float:
        return self.closes_at - self.opens_at


@dataclass(frozen=True, slots=True)
class Hours:
    """When a migration may work: while a window of every list is open; always, without lists.

    Windows of one list may overlap: they count as one.
    """

    lists: tuple[tuple[Window, ...], ...] = ()
    texts: tuple[tuple[str, ...], ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        texts = tuple(tuple(window.text for window in windows) for windows in self.lists)
        object.__setattr__(self, "texts", texts)

    def __bool__(self) -> bool:
        """Return whether there are any windows."""
        return bool(self.lists)

    def __str__(self) -> str:
        return ", and also ".join(" or ".join(texts) for texts in self.texts)

    def is_open(self, at: float) -> bool:
        return all(any(window.is_open(at) for window in windows) for windows in self.lists)

    def stretches(
        self, since: float, least_seconds: float = 0.0, days: int = HOURS_AHEAD_DAYS
    ) -> Iterator[Stretch]:
        """Yield the stretches from a time on, for ``days`` days; the first may have begun before.

        Stretches shorter than ``least_seconds`` are left out.
        """
        opened = since if self.is_open(since) else None
        for at in self._instants(since, days):
            if opened is None and self.is_open(at):
                opened = at
            elif opened is not None and not self.is_open(at):
                if at - opened >= least_seconds:
                    yield Stretch(opened, at)
                opened = None
        if opened is not None:
            yield Stretch(opened, since + days * _DAY_SECONDS)

    def next_stretch(self, since: float, least_seconds: float = 0.0) -> Stretch | None:
        """Return the first of ``stretches``; None if there is none within HOURS_AHEAD_DAYS."""
        return next(self.stretches(since, least_seconds), None)

    def _instants(self, since: float, days: int) -> Iterator[float]:
        """Yield in order, from a time on, the times at which any window may open or close."""
        first = datetime.fromtimestamp(since, UTC).date()
        windows = [window for windows in self.lists for window in windows]
        held = set[float]()
        for ahead in range(-2, days + 4):
            day = first + timedelta(days=ahead)
            held.update(at for window in windows for at in window.instants(day))
            # By then a day has begun in every zone, so the times before it are complete.
            ready = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() - _DAY_SECONDS
            for at in sorted(at for at in held if at <= ready):
                held.remove(at)
                if since < at < since + days * _DAY_SECONDS:
                    yield at


def hours_of(*lists: object) -> Hours:
    """Read lists of windows; an empty list is left out.

    :raises InvalidInputError: a window is not valid, or the lists are never open together.
    """
    return Hours(tuple(windows for windows in map(read_windows, lists) if windows))


def require_ever_open(
    hours: Hours, now: float, least_seconds: float = 0.0, whose: str = ""
) -> Stretch | None:
    """Return the stretch in which work begins; None without windows.

    :param whose: what the message ends with: who can change the windows.
    :raises InvalidInputError: there is none within HOURS_AHEAD_DAYS, or all are too short.
    """
    if not hours:
        return None
    if stretch := hours.next_stretch(now, least_seconds):
        return stretch
    longest = max((one.seconds for one in hours.stretches(now)), default=0.0)
    if longest:
        raise InvalidInputError(
            f"windows are {hours}: the longest open time is {longest / 60:,.0f} minutes. To begin "
            f"and to do one slice of work takes {least_seconds / 60:,.0f} minutes. Make a window "
            f"longer.{whose}"
        )
    raise InvalidInputError(
        f"windows are {hours}: they are never open together within the next {HOURS_AHEAD_DAYS:,} "
        f"days, so the migration could not work. Correct them.{whose}"
    )


def overlaps(hours: Hours, since: float) -> tuple[str, ...]:
    """Yield a sentence for each two windows of one list that overlap within two weeks."""
    return tuple(
        f"The windows {one.text} and {other.text} overlap; they count as one."
        for windows in hours.lists
        for one, other in combinations(windows, 2)
        if any(Hours(((one,), (other,))).stretches(since, days=2 * len(_DAYS)))
    )


def read_windows(given: object) -> tuple[Window, ...]:
    """Read a list of windows; None gives an empty one.

    :raises InvalidInputError: it is not a list, or one of its entries is not a valid window.
    """
    if given is None:
        return ()
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise InvalidInputError(
            f'{_FIELD} is {shown(given)}; it must be a list of texts, as in ["{_EXAMPLE}"].'
        )
    if len(given) > WINDOWS:
        raise InvalidInputError(
            f"{_FIELD} has {len(given):,} windows; the limit is {WINDOWS}. Merge some."
        )
    return tuple(_window(text) for text in given)


def validate_windows(given: object) -> tuple[str, ...]:
    """Return windows as texts; raises InvalidInputError if any of them is not valid."""
    return tuple(window.text for window in read_windows(given))


def _window(text: object) -> Window:
    plain = " ".join(text.split()) if isinstance(text, str) and len(text) <= WINDOW_CHARS else ""
    parts = _FORM.fullmatch(plain)
    if not parts or not plain.isascii():
        raise _refused(
            text,
            f'it must have begin and end as HH:MM, days and time zone, as in "{_EXAMPLE}"; the '
            "days can be left out",
        )
    hour, minute, end_hour, end_minute = map(int, parts.groups()[:4])
    begin = _minutes(text, hour, minute)
    end = _minutes(text, end_hour, end_minute)
    if begin in {end, _DAY_MINUTES}:
        raise _refused(text, 'it is empty; a whole day is "00:00-24:00"')
    days = _days(text, parts[5] or f"{_DAYS[0]}-{_DAYS[-1]}")
    return Window(plain, begin, end, days, _zone(text, parts[6]))


def _minutes(text: object, hour: int, minute: int) -> int:
    minutes = hour * 60 + minute
    if minute >= 60 or minutes > _DAY_MINUTES:  # noqa: PLR2004
        raise _refused(text, f"{hour:02}:{minute:02} is not a time; give one from 00:00 to 24:00")
    return minutes


def _days(text: object, days: str) -> frozenset[int]:
    """Read ``Mon-Fri``, ``Sat,Sun`` or both; ``Fri-Mon`` continues over the end of the week."""
    found: set[int] = set()
    for part in days.split(","):
        first, _, last = part.partition("-")
        begin, end = _day(text, first), _day(text, last or first)
        found.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return frozenset(found)


def _day(text: object, day: str) -> int:
    title = day.capitalize()
    if title not in _DAYS:
        raise _refused(
            text,
            f"{shown(day)} is not a day; give {', '.join(_DAYS)}, as in Mon-Fri or Sat,Sun",
        )
    return _DAYS.index(title)


def _zone(text: object, key: str) -> zoneinfo.ZoneInfo:
    known = _known_zones()
    if not known:
        raise InvalidInputError(
            f"{_FIELD} cannot be read: this machine has no time zone data. Install the package "
            "tzdata on every Airflow component."
        )
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "as in Europe/Berlin, or UTC"
        raise _refused(text, f"{shown(key)} is not a time zone of the IANA list ({hint})")
    return zoneinfo.ZoneInfo(key)


@functools.cache
def _known_zones() -> frozenset[str]:
    """Return the names of the zones that mean the same on every machine."""
    return frozenset(zoneinfo.available_timezones() - {"localtime", "Factory"})


def _refused(text: object, why: str) -> InvalidInputError:
    return InvalidInputError(f"{_FIELD} has {shown(text)}: {why}.")


def _change_of_offset(zone: zoneinfo.ZoneInfo, day: date) -> Iterator[float]:
    """Yield when the zone's UTC offset changes on a day in UTC, to the second."""
    first = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    before = _offset(zone, first)
    if before == _offset(zone, first + _DAY_SECONDS):
        return
    seconds = range(first, first + _DAY_SECONDS + 1)
    step = bisect_left(seconds, True, key=lambda at: _offset(zone, at) != before)
    yield float(seconds[step])


def _offset(zone: zoneinfo.ZoneInfo, at: float) -> timedelta | None:
    return datetime.fromtimestamp(at, zone).utcoffset()
