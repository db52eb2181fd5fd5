"""Silences and maintenance that come again: expanded into the dated intervals that the control log has. Pure.

The object ``recurrence`` beside the intervals says what they come from; engines do not read it. What is written depends
on the day alone, so that whoever expands on the same day writes the same.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pulsemon_schemas.recurrence import MS_PER_SECOND, Interval, intervals, read_recurrence
from pulsemon_schemas.rules import RuleError
from pulsemon_schemas.rules.fields import Fields
from pulsemon_schemas.rules.quiet import MAX_INTERVALS

RECURRENCE, INTERVALS = "recurrence", "intervals"
AHEAD = timedelta(days=60)
SPARE = timedelta(days=7)
"""So much more is written at once: the control log, which is kept for ever, then has a version a week and not a day."""
BEHIND = timedelta(days=7)
"""What is over for longer is left out: no partition's time is so far behind that it would still count."""
SEARCHED = timedelta(days=9 * 366)
"""A window that is further ahead than ``AHEAD`` is looked for so far, and is the one that is written then."""
DAY = timedelta(days=1)


def recurs(body: Mapping[str, Any]) -> bool:
    """Whether its intervals come from a rule."""
    return body.get(RECURRENCE) is not None


def is_due(kind: str, entity_id: str, body: Mapping[str, Any], now_ms: int) -> bool:
    """Whether one of its intervals within 60 days is not written. Raises RuleError as ``expanded``."""
    if not recurs(body):
        return False
    today = day_of(now_ms)
    wanted = _found(kind, entity_id, body, today, today + AHEAD + DAY)
    present = [(start, end) for start, end in body.get(INTERVALS) or ()]
    return any(not any(start <= first and last <= end for start, end in present) for first, last in wanted)


def expanded(kind: str, entity_id: str, body: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
    """The body with its intervals as of now, if it recurs; as it is if not. Raises RuleError with all problems."""
    if not recurs(body):
        return dict(body)
    today = day_of(now_ms)
    found = _found(kind, entity_id, body, today - BEHIND, today + AHEAD + SPARE + DAY)
    if not found and body.get(INTERVALS):
        found = [tuple(body[INTERVALS][-1])]  # a quiet period has one at least
    if not 0 < len(found) <= MAX_INTERVALS:
        days = (AHEAD + SPARE).days
        what = "never holds again" if not found else f"holds more than {MAX_INTERVALS} times in {days} days"
        raise RuleError(f"{kind} {entity_id!r}", [f"{RECURRENCE}.rrule: {what}"])
    return {**body, INTERVALS: [list(one) for one in found]}


def _found(kind: str, entity_id: str, body: Mapping[str, Any], since: datetime, before: datetime) -> list[Interval]:
    """Those that hold within the time; where none is ahead, the next one too."""
    problems: list[str] = []
    recurrence = read_recurrence(Fields(body, problems).nested(RECURRENCE))
    if recurrence is None or problems:
        raise RuleError(f"{kind} {entity_id!r}", problems or [f"{RECURRENCE}: cannot be used"])
    try:
        found = intervals(recurrence, since, before)
    except ValueError as error:
        raise RuleError(f"{kind} {entity_id!r}", [f"{RECURRENCE}.rrule: {error}"]) from error
    if found and found[-1][1] > _ms(before - AHEAD):
        return found
    later = next(recurrence.starts(before, before + SEARCHED), None)
    return found if later is None else [*found, (_ms(later), _ms(later + recurrence.duration))]


def day_of(now_ms: int) -> datetime:
    """The beginning of a day in UTC."""
    return datetime.fromtimestamp(now_ms // MS_PER_SECOND, UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _ms(time: datetime) -> int:
    return round(time.timestamp() * MS_PER_SECOND)
