"""Recurring windows against the slowest way there is: every minute in UTC, asked what its clock shows."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from pulsemon_schemas.recurrence import Recurrence, intervals, read_recurrence
from pulsemon_schemas.rules.fields import Fields

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# a few days before a change of the clock, in each direction
AROUND = (
    ("Europe/Berlin", date(2027, 3, 22)),
    ("Europe/Berlin", date(2026, 10, 19)),
    ("America/New_York", date(2027, 3, 8)),
    ("America/New_York", date(2026, 10, 26)),
    ("Australia/Lord_Howe", date(2026, 9, 29)),
    ("Australia/Lord_Howe", date(2027, 3, 30)),
    ("Africa/Casablanca", date(2027, 2, 1)),
    ("Africa/Casablanca", date(2027, 3, 9)),
    ("Asia/Kathmandu", date(2026, 11, 25)),
)
SPAN_DAYS = 14
MINUTE = timedelta(minutes=1)


@st.composite
def rules(draw: st.DrawFn) -> tuple[str, Callable[[date, date], bool]]:
    """A rule without its end, and the same as a question about a day, given the day on which it begins."""
    interval = draw(st.integers(1, 3))
    kind = draw(st.sampled_from(("DAILY", "WEEKLY", "MONTHLY")))
    if kind == "DAILY":
        return f"FREQ=DAILY;INTERVAL={interval}", lambda day, first: (day - first).days % interval == 0
    if kind == "WEEKLY":
        chosen = draw(st.sets(st.integers(0, 6), min_size=1))
        names = ",".join(DAYS[one] for one in sorted(chosen))
        return (
            f"FREQ=WEEKLY;INTERVAL={interval};BYDAY={names}",
            lambda day, first: day.weekday() in chosen and (_monday(day) - _monday(first)).days // 7 % interval == 0,
        )
    days = draw(st.sets(st.integers(1, 31), min_size=3))
    return (
        f"FREQ=MONTHLY;BYMONTHDAY={','.join(map(str, sorted(days)))}",
        lambda day, first: day.day in days,
    )


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(AROUND),
    st.integers(0, 20),
    st.integers(0, 16),
    rules(),
    st.one_of(st.none(), st.integers(1, 12)),
    st.integers(1, 6000),
)
def test_windows_are_those_that_every_minute_tells(
    place: tuple[str, date],
    before_days: int,
    quarters: int,
    rule: tuple[str, Callable[[date, date], bool]],
    count: int | None,
    minutes: int,
) -> None:
    zone, change = ZoneInfo(place[0]), place[1]
    at = time(quarters // 4, quarters % 4 * 15)
    text, holds_on = rule
    first = next(one for one in _days(change - timedelta(days=before_days)) if holds_on(one, one))
    starts_at = datetime.combine(first, at)
    recurrence = _read(text + (f";COUNT={count}" if count else ""), starts_at, zone, minutes)

    since = datetime.combine(change, time(), UTC)
    before = since + timedelta(days=SPAN_DAYS)
    begin = datetime.combine(first, time(), UTC) - timedelta(days=1)
    starts = _by_minute(begin, before, zone, at, starts_at, lambda day: holds_on(day, first))[:count]

    assert intervals(recurrence, since, before) == _merged(starts, timedelta(minutes=minutes), since)


def _by_minute(
    begin: datetime, before: datetime, zone: ZoneInfo, at: time, starts_at: datetime, holds_on: Callable[[date], bool]
) -> list[datetime]:
    found: list[datetime] = []
    shown: set[datetime] = set()
    moment = begin
    while moment < before:
        local = moment.astimezone(zone).replace(tzinfo=None)
        if local.time() == at and local >= starts_at and local not in shown and holds_on(local.date()):
            found.append(moment)
            shown.add(local)
        moment += MINUTE
    if starts_at not in shown and starts_at.replace(tzinfo=zone).astimezone(UTC) < before:
        # the very first counts though clocks skip it, by the offset before the gap
        found.insert(0, starts_at.replace(tzinfo=zone).astimezone(UTC))
    return found


def _merged(starts: list[datetime], duration: timedelta, since: datetime) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start in starts:
        first, end = (round(one.timestamp() * 1000) for one in (start, start + duration))
        if end <= since.timestamp() * 1000:
            continue
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((first, end))
    return found


def _read(text: str, starts_at: datetime, zone: ZoneInfo, minutes: int) -> Recurrence:
    problems: list[str] = []
    body = {
        "rrule": text,
        "starts_at": starts_at.isoformat(timespec="minutes"),
        "zone": zone.key,
        "duration_seconds": minutes * 60,
    }
    found = read_recurrence(Fields(body, problems))
    assert not problems, problems
    assert found is not None
    return found


def _days(first: date) -> list[date]:
    return [first + timedelta(days=one) for one in range(40)]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
