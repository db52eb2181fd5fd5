"""What of the history is missing: minutes in which no simulated server of a group has a batch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pulsemon_deploy.simulate.fleet import Server

MINUTE_SECONDS = 60
DAY_SECONDS = 86_400
# A server that was first seen later than this before the end has no history yet, only its live part.
RECENT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Window:
    """Minutes from ``start`` up to, not including, ``end`` (seconds, whole minutes) within one day of UTC."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Gap:
    """One window of history that a group of servers lacks."""

    servers: tuple[Server, ...]
    window: Window


def groups(servers: Iterable[Server], first_seen: dict[str, int], end: int) -> list[tuple[Server, ...]]:
    """Servers whose history is the same: of one block, and old or new together."""
    found: dict[tuple[int, bool], list[Server]] = {}
    for server in servers:
        is_new = first_seen.get(server.server_id, end) > end - RECENT_SECONDS
        found.setdefault((server.block, is_new), []).append(server)
    return [tuple(group) for group in found.values()]


def missing(start: int, end: int, known_minutes: Iterable[int]) -> list[Window]:
    """The windows between two times (seconds) of which no minute is known, the newest first.

    ``known_minutes`` are minutes since 1970. Cut at the days of UTC, so that a run that was broken off leaves whole
    windows behind.
    """
    windows: list[Window] = []
    position = start
    known = sorted(at for minute in set(known_minutes) if start <= (at := minute * MINUTE_SECONDS) < end)
    for at in [*known, end]:
        windows.extend(_days(position, at))
        position = at + MINUTE_SECONDS
    return windows[::-1]


def newest_first(gaps: Iterable[Gap]) -> Sequence[Gap]:
    """The order of filling: what people look at first comes first."""
    return sorted(gaps, key=lambda gap: -gap.window.start)


def _days(start: int, end: int) -> Iterable[Window]:
    while start < end:
        cut = min(end, (start // DAY_SECONDS + 1) * DAY_SECONDS)
        yield Window(start, cut)
        start = cut
