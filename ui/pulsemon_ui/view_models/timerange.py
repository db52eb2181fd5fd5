"""Ranges of time: their words in the URL, their buckets, and what a brush chose."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pulsemon_sinks.reader.choice import Window

RANGES = {"15m": 900, "1h": 3600, "6h": 21_600, "24h": 86_400, "7d": 604_800}
DEFAULT = "6h"
SHORTEST_SECONDS = 60
RAW_SECONDS = 21_600
RAW_BUCKETS = 360
TICK_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Span:
    """A window, and whether it follows the newest data."""

    window: Window
    is_live: bool


def live_span(word: str, now_ms: int) -> Span:
    """The range that ends now; an unknown word means the default."""
    seconds = RANGES.get(word, RANGES[DEFAULT])
    step = step_seconds(seconds)
    end = (now_ms // 1000 // step + 1) * step if step < 60 else now_ms // 1000 // 10 * 10 + 10
    return Span(Window((end - seconds) * 1000, end * 1000, step), is_live=True)


def fixed_span(start: str | None, end: str | None, now_ms: int) -> Span | None:
    """What ``from`` and ``to`` in the URL mean (epoch seconds); None unless both are numbers in order."""
    if start is None or end is None or not (start.isdecimal() and end.isdecimal()):
        return None
    first, last = int(start), min(int(end), now_ms // 1000)
    if len(start) > 10 or last - first < SHORTEST_SECONDS:
        return None
    return Span(Window(first * 1000, last * 1000, step_seconds(last - first)), is_live=False)


def step_seconds(seconds: int) -> int:
    """Raw up to 6 h (never finer than an agent's tick nor more than 360 points), 5 min up to a day, then hours."""
    if seconds <= RAW_SECONDS:
        return max(TICK_SECONDS, -(-seconds // RAW_BUCKETS // TICK_SECONDS) * TICK_SECONDS)
    return 300 if seconds <= RANGES["24h"] else 3600


def chosen(times: str) -> tuple[str, str] | None:
    """``from`` and ``to`` of what was chosen by dragging, as the browser tells it: two epoch seconds, ``100-200``."""
    first, _, last = times.partition("-")
    if not (first.isdecimal() and last.isdecimal()) or int(last) <= int(first):
        return None
    middle, half = (int(first) + int(last)) // 2, max(int(last) - int(first), SHORTEST_SECONDS) // 2
    return str(middle - half), str(middle + half)


def aligned_window(now_ms: int, seconds: int, step: int) -> Window:
    """The last ``seconds`` in whole buckets, the unfinished one included: the same for all who ask in it."""
    end = (now_ms // 1000 // step + 1) * step
    return Window((end - seconds) * 1000, end * 1000, step)


def complete_window(now_ms: int, seconds: int, step: int) -> Window:
    """The last ``seconds`` in whole buckets, all of them finished: a count does not fall in one that just began."""
    end = now_ms // 1000 // step * step
    return Window((end - seconds) * 1000, end * 1000, step)


def coarse(window: Window, buckets: int) -> Window:
    """The same window in about so many buckets."""
    step = max(window.step_seconds, (window.end_ms - window.start_ms) // 1000 // buckets)
    return Window(window.start_ms, window.end_ms, step)


def viewer_zone(name: str | None) -> tzinfo:
    """The time zone a browser names; UTC if it names none that is known here."""
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, ZoneInfoNotFoundError):
        return UTC


def span_text(span: Span, zone: tzinfo) -> str:
    """The two ends of a span: ``Tue 24 Nov, 18:24 to 20:08``."""
    first, last = (datetime.fromtimestamp(ms / 1000, zone) for ms in (span.window.start_ms, span.window.end_ms))
    end = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%a %d %b, %H:%M}"
    return f"{first:%a %d %b, %H:%M} to {end}"
