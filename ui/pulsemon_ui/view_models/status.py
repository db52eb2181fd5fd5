"""What can be said of a server from the time of its newest data.

A server is judged against the newest data of the whole fleet (``as_of``), not against the wall clock: when the way of
the data lags, every server looks equally old, and none may be called silent for that. Only when nothing at all has
arrived for as long as a server may be silent does the wall clock decide: then nothing can be said of any server.
A host whose clock runs ahead cannot make the others look silent: the reference never lies after the wall clock.
"""

from dataclasses import dataclass
from enum import Enum

LATE_SECONDS = 30
SILENT_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Look:
    """How a status is told: its word in URLs and style sheets, its title, its glyph; the worst first by ``rank``."""

    key: str
    title: str
    glyph: str
    rank: int


class Status(Enum):
    """The status of a server. What limits say about it joins here."""

    SILENT = Look("silent", "No data", "?", 0)
    LATE = Look("late", "Late", "…", 1)
    NEW = Look("new", "New", "+", 2)
    OK = Look("ok", "OK", "●", 3)

    @property
    def key(self) -> str:
        """Its word in the URL."""
        return self.value.key


@dataclass(frozen=True, slots=True)
class Verdict:
    """A status and how long the server's data have been missing (0 while they arrive, None before the first)."""

    status: Status
    silent_seconds: float | None


def judge(last_seen_ms: int | None, as_of_ms: int | None, now_ms: int) -> Verdict:
    """The verdict on one server; all times are epoch milliseconds."""
    if last_seen_ms is None:
        return Verdict(Status.NEW, None)
    seconds = max(0.0, (reference_ms(as_of_ms, now_ms) - last_seen_ms) / 1000)
    if seconds > SILENT_SECONDS:
        return Verdict(Status.SILENT, max(0.0, (now_ms - last_seen_ms) / 1000))
    return Verdict(Status.LATE if seconds > LATE_SECONDS else Status.OK, seconds)


def reference_ms(as_of_ms: int | None, now_ms: int) -> int:
    """The time against which servers are judged; see the module."""
    if as_of_ms is None or has_stopped(as_of_ms, now_ms):
        return now_ms
    return min(as_of_ms, now_ms)


def has_stopped(as_of_ms: int | None, now_ms: int) -> bool:
    """True if nothing has arrived from any server for longer than one may be silent."""
    return as_of_ms is not None and now_ms - as_of_ms > SILENT_SECONDS * 1000
