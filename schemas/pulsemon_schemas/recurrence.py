"""Times that come again: rules of RFC 5545 in an IANA zone, as dated intervals in UTC. Pure.

Clock times are those of the zone. One that a clock skips (spring) is no time of the rule, and is not counted; of one
that a clock shows twice (autumn) the first is meant (RFC 5545, 3.3.10 and 3.3.5). An interval lasts as long as it says,
whatever clocks do meanwhile.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrule, rrulestr

from pulsemon_schemas.rules.fields import Fields

MS_PER_SECOND = 1000
DAY_SECONDS = 86_400
STEPS = {"HOURLY": timedelta(hours=1), "DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1)}
"""Between two times of a rule without BY parts; of months and years there are few."""
FREQUENCIES = (*STEPS, "MONTHLY", "YEARLY")
BY_PARTS = ("MONTH", "WEEKNO", "YEARDAY", "MONTHDAY", "DAY", "HOUR", "MINUTE", "SETPOS")
PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", *(f"BY{name}" for name in BY_PARTS)})
MAX_COUNT = 10_000
MAX_INTERVAL = 1000
MAX_DURATION_SECONDS = 366 * DAY_SECONDS
MAX_EXCEPTIONS = 1000
MAX_STARTS = 5000
FIRST_YEAR, LAST_YEAR = 2000, 2100
ZONE_SPAN = timedelta(hours=26)
"""No clock is further from UTC."""
_UNTIL = "%Y%m%dT%H%M%SZ"
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")

Interval = tuple[int, int]
"""[from, until) in milliseconds UTC."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """``rule`` has neither COUNT nor UNTIL, which are counted and compared here. ``starts_at`` is the zone's time.

    ``excluded`` are times of the zone at which nothing begins.
    """

    rule: str
    starts_at: datetime
    zone: ZoneInfo
    duration: timedelta
    count: int | None = None
    until: datetime | None = None
    excluded: frozenset[datetime] = frozenset()

    def starts(self, since: datetime, before: datetime) -> Iterator[datetime]:
        """The moments, in UTC and in order, at which an interval begins, from ``since`` on and before ``before``."""
        for number, start in enumerate(self._counted(since, before)):
            if self.count is not None and number >= self.count:
                return
            if self.until is not None and start > self.until:
                return
            if start >= since and start.astimezone(self.zone).replace(tzinfo=None) not in self.excluded:
                yield start

    def _counted(self, since: datetime, before: datetime) -> Iterator[datetime]:
        """All times that there really are, in order; from the first on if they are counted."""
        last_local = before.replace(tzinfo=None) + ZONE_SPAN
        rule = _parsed(self.rule, self.starts_at if self.count is not None else self._late_start(since))
        found = (_moment(local, self.zone, local == self.starts_at) for local in rule.replace(until=last_local))
        for start in _ordered(one for one in found if one is not None):
            if start >= before:
                return
            yield start

    def _late_start(self, since: datetime) -> datetime:
        """As many whole steps later as make no difference: a rule of long ago takes no longer than a new one."""
        parts = dict(part.split("=") for part in self.rule.split(";"))
        step = STEPS.get(parts["FREQ"])
        ahead = since.replace(tzinfo=None) - ZONE_SPAN - timedelta(days=7) - self.starts_at
        if step is None or ahead <= timedelta():
            return self.starts_at
        stride = step * int(parts.get("INTERVAL", "1"))
        return self.starts_at + stride * (ahead // stride)


def intervals(recurrence: Recurrence, since: datetime, before: datetime) -> list[Interval]:
    """The intervals that hold at some time from ``since`` on and begin before ``before``; those that touch are one.

    Raises ValueError if it begins more than MAX_STARTS times.
    """
    duration_ms = _ms(recurrence.duration)
    since_ms = round(since.timestamp() * MS_PER_SECOND)
    found: list[Interval] = []
    for number, start in enumerate(recurrence.starts(since - recurrence.duration, before)):
        if number >= MAX_STARTS:
            raise ValueError(f"begins more than {MAX_STARTS} times in {(before - since).days} days")
        first = round(start.timestamp() * MS_PER_SECOND)
        if first + duration_ms <= since_ms:
            continue  # it is over
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], first + duration_ms)
        else:
            found.append((first, first + duration_ms))
    return found


def read_recurrence(fields: Fields) -> Recurrence | None:
    """The recurrence in an object; what is wrong with it goes to the problems of ``fields``, and the answer is None."""
    starts_at = _local(fields, "starts_at", fields.text("starts_at", None))
    zone = _zone(fields)
    seconds = fields.number("duration_seconds", None, minimum=1.0)
    parts = _parts(fields)
    excluded = [_local(fields, "except", text) for text in fields.listed("except")[:MAX_EXCEPTIONS]]
    fields.unasked()
    if seconds > MAX_DURATION_SECONDS:
        fields.problem("duration_seconds", f"must be at most {MAX_DURATION_SECONDS}")
    if (
        starts_at is None
        or zone is None
        or parts is None
        or not 0 < seconds <= MAX_DURATION_SECONDS
        or None in excluded
    ):
        return None
    rule = ";".join(f"{name}={value}" for name, value in parts.items() if name not in {"COUNT", "UNTIL"})
    until = datetime.strptime(parts["UNTIL"], _UNTIL).replace(tzinfo=UTC) if "UNTIL" in parts else None
    count = int(parts["COUNT"]) if "COUNT" in parts else None
    if not _begins_with(rule, starts_at, fields):
        return None
    known = frozenset(one for one in excluded if one is not None)
    return Recurrence(rule, starts_at, zone, timedelta(seconds=seconds), count, until, known)


def _parts(fields: Fields) -> dict[str, str] | None:
    """The parts of the rule, in capitals; None if one cannot be understood, which is said."""
    text = fields.text("rrule", None).upper().removeprefix("RRULE:")
    pairs = [part.partition("=") for part in text.split(";") if part]
    parts = {name: value for name, _, value in pairs}
    problems = [f"{name} is no part of a rule, or not taken" for name, _, _ in pairs if name not in PARTS]
    if len(parts) < len(pairs):
        problems.append("a part stands twice")
    if parts.get("FREQ") not in FREQUENCIES:
        problems.append(f"FREQ must be one of {', '.join(FREQUENCIES)}")
    if "COUNT" in parts and "UNTIL" in parts:
        problems.append("COUNT and UNTIL exclude each other")
    problems += _number_problems(parts)
    if "UNTIL" in parts and not _is_time(parts["UNTIL"]):
        problems.append("UNTIL must be in UTC: 20271231T230000Z")
    for problem in problems if text else ():
        fields.problem("rrule", problem)
    return None if problems else parts


def _number_problems(parts: Mapping[str, str]) -> list[str]:
    limits = {"COUNT": MAX_COUNT, "INTERVAL": MAX_INTERVAL}
    return [
        f"{name} must be a number from 1 to {limit}"
        for name, limit in limits.items()
        if name in parts and not (parts[name].isdecimal() and 1 <= int(parts[name][:9]) <= limit)
    ]


def _begins_with(rule: str, starts_at: datetime, fields: Fields) -> bool:
    """RFC 5545 leaves open what a rule means whose first time is not one of its own: it is refused."""
    try:
        first = next(iter(_parsed(rule, starts_at).replace(until=starts_at + timedelta(days=8 * 366))), None)
    except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
        fields.problem("rrule", f"cannot be understood: {error}")
        return False
    if first == starts_at:
        return True
    shown = f"the first after it is {first:%Y-%m-%dT%H:%M}" if first else "and there is none within 8 years"
    fields.problem("starts_at", f"is no time of the rule, {shown}")
    return False


def _parsed(rule: str, starts_at: datetime) -> rrule:
    return rrulestr(f"RRULE:{rule}", dtstart=starts_at)


def _zone(fields: Fields) -> ZoneInfo | None:
    name = fields.text("zone", None)
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fields.problem("zone", f"{name[:60]!r} is no zone of the IANA, such as Europe/Berlin")
        return None


def _local(fields: Fields, name: str, text: Any) -> datetime | None:
    """A time of the zone as people write it, without an offset."""
    if not text and name == "starts_at":
        return None
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) and _LOCAL.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        fields.problem(name, f"must be a time such as 2026-11-01T02:00 of {FIRST_YEAR} to {LAST_YEAR}, is {text!r}")
        return None
    return found


def _is_time(text: str) -> bool:
    try:
        datetime.strptime(text, _UNTIL).replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def _moment(local: datetime, zone: ZoneInfo, is_first: bool) -> datetime | None:
    """A time of a zone in UTC, the first of two. One that is skipped is none, but as the start of all: that is said.

    There the offset before the gap counts (RFC 5545, 3.3.5), as ``fold=0`` has it.
    """
    moment = local.replace(tzinfo=zone).astimezone(UTC)
    is_real = moment.astimezone(zone).replace(tzinfo=None) == local
    return moment if is_real or is_first else None


def _ordered(found: Iterable[datetime]) -> Iterator[datetime]:
    """Each once: a rule that begins in the hour that a clock skips has the next hour's moments twice."""
    newest: datetime | None = None
    for one in found:
        if newest is None or one > newest:
            newest = one
            yield one


def _ms(duration: timedelta) -> int:
    return round(duration.total_seconds() * MS_PER_SECOND)
