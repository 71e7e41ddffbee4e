"""Windows are open while the clock on the wall shows a time in them, whatever it does at night."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.hours.windows import (
    Hours,
    Stretch,
    hours_of,
    overlaps,
    read_windows,
    require_ever_open,
)
from airflow_ddb_migrate.core.limits import WINDOWS
from airflow_ddb_migrate.deployment.packaging.shipped import package_files
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import ROOT

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",  # its clock jumps at midnight
    "America/Santiago",  # likewise, to the day before
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Casablanca",  # four times a year, in some
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)
JUMPS = (  # days on which some of these clocks jump
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 4, 5),
    date(2026, 9, 6),
    date(2026, 10, 4),
    date(2026, 10, 25),
    date(2026, 11, 1),
)
WALKED_DAYS = 3
HOUR = 3_600


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def hours(*texts: str) -> Hours:
    return hours_of(texts)


def stretches(of: Hours, since: str, days: int) -> list[tuple[str, str]]:
    found = of.stretches(at(since), days=days)
    return [(utc(one.opens_at), utc(one.closes_at)) for one in found]


def utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%m-%d %H:%M")


@st.composite
def a_window(draw: st.DrawFn) -> tuple[int, int, frozenset[int], str]:
    step = draw(st.sampled_from((1, 30)))
    begin = draw(st.integers(0, 1_439 // step)) * step
    end = draw(st.integers(0, 1_440 // step).filter(lambda end: end * step != begin)) * step
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    return begin, end, days, draw(st.sampled_from(ZONES))


def text_of(begin: int, end: int, days: frozenset[int], zone: str) -> str:
    times = f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
    return f"{times} {','.join(DAYS[day] for day in sorted(days))} {zone}"


def walks_in(window: tuple[int, int, frozenset[int], str], minute: float) -> bool:
    """Ask the clock on the wall: has one of its days begun the window, and not ended it yet?"""
    begin, end, days, zone = window
    wall = datetime.fromtimestamp(minute, ZoneInfo(zone)).replace(tzinfo=None)
    for back in (0, 1):
        day = datetime.combine(wall.date() - timedelta(days=back), datetime.min.time())
        opens, closes = day + timedelta(minutes=begin), day + timedelta(minutes=end)
        closes += timedelta(days=1) if end < begin else timedelta()
        if day.weekday() in days and opens <= wall < closes:
            return True
    return False


@settings(max_examples=15, deadline=None)
@given(
    lists=st.lists(st.lists(a_window(), min_size=1, max_size=2), min_size=1, max_size=2),
    near=st.sampled_from(JUMPS),
    before=st.integers(0, 2 * 1_440),
)
def test_it_opens_and_closes_as_a_walk_by_the_minute_says(lists, near, before) -> None:
    first = datetime(near.year, near.month, near.day, tzinfo=UTC) - timedelta(minutes=before)
    since = first.timestamp()
    read = Hours(tuple(read_windows([text_of(*one) for one in many]) for many in lists))

    walked = [
        all(any(walks_in(one, since + 60 * minute) for one in many) for many in lists)
        for minute in range(WALKED_DAYS * 1_440)
    ]
    found = list(read.stretches(since, days=WALKED_DAYS))
    for minute, is_open in enumerate(walked):
        now = since + 60 * minute
        assert is_open == read.is_open(now)
        assert is_open == any(one.opens_at <= now < one.closes_at for one in found), utc(now)
    assert all(one.closes_at < two.opens_at for one, two in pairwise(found))


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    """That of Friday ends on Saturday; on Sunday evening none begins."""
    night = hours("22:00-06:00 Mon-Fri Europe/Berlin")

    assert [
        ("11-27 21:00", "11-28 05:00"),
        ("11-30 21:00", "12-01 05:00"),
    ] == stretches(night, "2026-11-27T12:00Z", days=4)


@pytest.mark.parametrize(
    ("window", "night", "expected"),
    [
        # In spring 02:00 is followed by 03:00.
        ("22:00-06:00", "2026-03-28", [("03-28 21:00", "03-29 04:00")]),
        ("02:30-04:00", "2026-03-28", [("03-29 01:00", "03-29 02:00")]),
        ("02:15-02:45", "2026-03-28", []),
        ("01:00-02:30", "2026-03-28", [("03-29 00:00", "03-29 01:00")]),
        # In autumn 03:00 is 02:00 again.
        ("22:00-06:00", "2026-10-24", [("10-24 20:00", "10-25 05:00")]),
        (
            "02:30-04:00",
            "2026-10-24",
            [("10-25 00:30", "10-25 01:00"), ("10-25 01:30", "10-25 03:00")],
        ),
        (
            "02:15-02:45",
            "2026-10-24",
            [("10-25 00:15", "10-25 00:45"), ("10-25 01:15", "10-25 01:45")],
        ),
    ],
)
def test_the_clock_on_the_wall_counts_also_on_the_nights_when_it_jumps(
    window: str, night: str, expected: list[tuple[str, str]]
) -> None:
    """A time that it skips is in no window; one that it shows twice is in it twice."""
    one = hours(f"{window} Europe/Berlin")

    found = stretches(one, f"{night}T17:00Z", days=1)

    assert expected == found


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("Mon-Fri ", "Mon Tue Wed Thu Fri"),
        ("Fri-Mon ", "Mon Fri Sat Sun"),
        ("sat,SUN ", "Sat Sun"),
        ("Mon,Wed-Thu ", "Mon Wed Thu"),
        ("", "Mon Tue Wed Thu Fri Sat Sun"),
    ],
)
def test_days_are_ranges_and_lists(days: str, expected: str) -> None:
    (window,) = read_windows([f"  08:00-09:00  {days} UTC "])

    assert expected.split() == [DAYS[day] for day in sorted(window.days)]


def test_windows_of_one_list_add_up_and_lists_must_be_open_together() -> None:
    """What the author of a DAG allows cannot be widened by who triggers it."""
    both = hours_of(["20:00-23:00 UTC", "22:00-02:00 UTC"], ["21:00-01:00 UTC"])

    assert [("11-30 21:00", "12-01 01:00")] == stretches(both, "2026-11-30T12:00Z", days=1)
    assert "20:00-23:00 UTC or 22:00-02:00 UTC, and also 21:00-01:00 UTC" == str(both)


def test_without_windows_it_is_always_open() -> None:
    always = hours_of(None, [])

    assert not always
    assert always.is_open(0)
    assert require_ever_open(always, 0.0) is None


def test_a_whole_day_has_no_break_at_midnight() -> None:
    whole = hours("00:00-24:00 Mon,Tue UTC")

    assert [("11-30 00:00", "12-02 00:00")] == stretches(whole, "2026-11-29T12:00Z", days=4)


def test_a_stretch_that_is_too_short_is_left_out() -> None:
    """Of a window that has nearly ended nothing can be made."""
    night = hours("22:00-06:00 UTC")
    since = at("2026-11-30T05:58Z")

    assert Stretch(since, since + 120) == night.next_stretch(since)
    assert at("2026-11-30T22:00Z") == night.next_stretch(since, least_seconds=300).opens_at


REFUSED = {
    "no list": ("22:00-06:00 UTC", "must be a list"),
    "a number": (7, "must be a list"),
    "an object": ({"a": 1}, "must be a list"),
    "of numbers": ([7], "begin and end as HH:MM, days and time zone"),
    "an empty text": ([""], "begin and end as HH:MM, days and time zone"),
    "no zone": (["22:00-06:00"], "begin and end as HH:MM, days and time zone"),
    "no zone but days": (["22:00-06:00 Mon-Fri"], "is not a time zone"),
    "one digit": (["6:00-8:00 UTC"], "begin and end as HH:MM, days and time zone"),
    "a long dash": (["22:00\u201306:00 UTC"], "begin and end as HH:MM, days and time zone"),
    "other digits": (["\u0662\u0662:00-06:00 UTC"], "begin and end as HH:MM, days and time zone"),
    "no hour": (["25:00-06:00 UTC"], "25:00 is not a time"),
    "no minute": (["22:60-06:00 UTC"], "22:60 is not a time"),
    "after midnight": (["22:00-24:01 UTC"], "24:01 is not a time"),
    "empty": (["06:00-06:00 UTC"], "it is empty"),
    "begins at the end": (["24:00-06:00 UTC"], "it is empty"),
    "unknown day": (["22:00-06:00 Mon-Fry UTC"], "'Fry' is not a day"),
    "a whole name": (["22:00-06:00 Monday UTC"], "'Monday' is not a day"),
    "unknown zone": (["22:00-06:00 Europe/Berlim"], "did you mean Europe/Berlin?"),
    "a place without a zone": (["22:00-06:00 Berlin"], "is not a time zone"),
    "a folder": (["22:00-06:00 Europe"], "is not a time zone"),
    "a path": (["22:00-06:00 ../../../etc/passwd"], "is not a time zone"),
    "another path": (["22:00-06:00 /etc/localtime"], "is not a time zone"),
    "the machine's own": (["22:00-06:00 localtime"], "is not a time zone"),
    "a null byte": (["22:00-06:00 UTC\0"], "is not a time zone"),
    "lines": (["22:00-06:00 UTC\n22:00-06:00 UTC"], "begin and end as HH:MM, days and time zone"),
    "too long": (
        ["22:00-06:00 " + "Mon," * 5_000 + "Mon UTC"],
        "begin and end as HH:MM, days and time zone",
    ),
    "html": (["<img src=x onerror=alert(1)>"], "begin and end as HH:MM, days and time zone"),
    "too many": (["22:00-06:00 UTC"] * (WINDOWS + 1), "the limit is 20"),
}


@pytest.mark.parametrize(("given", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_window_is_refused_in_words(given: object, why: str) -> None:
    with pytest.raises(InvalidInputError, match="windows") as caught:
        read_windows(given)

    assert why in str(caught.value)
    assert len(str(caught.value)) < 400


def test_windows_that_are_never_open_together_are_refused() -> None:
    never = hours_of(["08:00-09:00 Mon UTC"], ["08:00-09:00 Tue UTC"])

    with pytest.raises(InvalidInputError, match="never open together"):
        require_ever_open(never, at("2026-11-30T12:00Z"))


def test_windows_that_are_too_short_to_begin_in_are_refused() -> None:
    short = hours("08:00-08:10 UTC")

    with pytest.raises(
        InvalidInputError, match=r"longest open time is 10 minutes.*takes 15 minutes"
    ):
        require_ever_open(short, at("2026-11-30T12:00Z"), least_seconds=900)


def test_the_lambda_reads_no_windows() -> None:
    """It is told when to end: the data of time zones may be older there, or not there at all."""
    code = [path.read_bytes() for path in (ROOT / "lambda").rglob("*.py")]
    assert code

    ships = package_files(code)
    assert [] == [path for path, text in ships.items() if b"zoneinfo" in text]


def test_windows_that_overlap_are_named() -> None:
    over = hours("22:00-06:00 Fri UTC", "05:00-07:00 Sat UTC", "07:00-08:00 Sat UTC")

    assert (
        "The windows 22:00-06:00 Fri UTC and 05:00-07:00 Sat UTC overlap; they count as one.",
    ) == overlaps(over, at("2026-11-30T12:00Z"))


def test_an_open_window_is_found_in_the_dead_of_the_year() -> None:
    """Two lists may be open together in summer alone: zones change their clocks apart."""
    summer = hours_of(["22:00-23:00 Europe/Berlin"], ["20:00-21:00 UTC"])

    found = list(
        takewhile(
            lambda one: one.opens_at < at("2027-04-01T00:00Z"),
            summer.stretches(at("2026-11-30T12:00Z")),
        )
    )
    assert "03-28 20:00" == utc(found[0].opens_at)
