"""The status of a server: what the processor says, and what can be said from the time of the newest data alone.

By the age of its data a server is judged against the newest data of the whole fleet (``as_of``), not against the wall
clock: when the way of the data lags, every server looks equally old, and none may be called silent for that. Only when
nothing at all has arrived for as long as a server may be silent does the wall clock decide: then nothing can be said of
any server.
A host whose clock runs ahead cannot make the others look silent: the reference never lies after the wall clock.

What the processor says of a silence counts while it judges; of all else also afterwards, as the last that is known.
"""

from dataclasses import dataclass
from enum import Enum

from pulsemon_sinks.reader.alerts import ServerStatus

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
    """The status of a server."""

    CRITICAL = Look("critical", "Critical", "◆", 0)
    WARNING = Look("warning", "Warning", "▲", 1)
    SILENT = Look("silent", "No data", "?", 2)
    LATE = Look("late", "Late", "…", 3)
    MAINTENANCE = Look("maintenance", "Maintenance", "‖", 4)
    RETIRED = Look("retired", "Retired", "\N{MULTIPLICATION SIGN}", 5)
    NEW = Look("new", "New", "+", 6)
    OK = Look("ok", "OK", "●", 7)

    @property
    def key(self) -> str:
        """Its word in the URL."""
        return self.value.key


TROUBLED = frozenset({Status.CRITICAL, Status.WARNING, Status.SILENT})
"""Statuses that somebody has to look at."""

_SILENCE = frozenset({Status.SILENT, Status.LATE})
_WORDS = {
    **{status.key: status for status in Status if status not in _SILENCE},
    "down": Status.SILENT,
    "stale": Status.LATE,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A status and how long the server's data have been missing (0 while they arrive, None before the first).

    ``lasted_seconds``: since when the processor says so, None where nobody knows.
    """

    status: Status
    silent_seconds: float | None
    lasted_seconds: float | None = None

    @property
    def is_silent(self) -> bool:
        """True if its values are old ones, whatever its status."""
        return self.status is Status.SILENT or (self.silent_seconds or 0.0) > SILENT_SECONDS


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


def is_judging(judged_ms: int | None, as_of_ms: int | None, now_ms: int) -> bool:
    """True if a processor's newest Tick is as new as the data."""
    return judged_ms is not None and reference_ms(as_of_ms, now_ms) - judged_ms <= SILENT_SECONDS * 1000


def decide(by_age: Verdict, said: ServerStatus | None, *, is_judging: bool, now_ms: int) -> Verdict:
    """The verdict of the processor where it counts, else that by age."""
    status = _WORDS.get(said.status) if said is not None else None
    if said is None or status is None or _is_overtaken(status, by_age.status, is_judging=is_judging):
        return by_age
    return Verdict(status, by_age.silent_seconds, max(0.0, (now_ms - said.changed_at_ms) / 1000))


def _is_overtaken(said: Status, by_age: Status, *, is_judging: bool) -> bool:
    """A server is new to a processor that never saw a batch of it; the store may know more."""
    if said is Status.NEW:
        return by_age is not Status.OK
    if said in {Status.MAINTENANCE, Status.RETIRED} or is_judging:
        return False
    return said in _SILENCE or by_age in _SILENCE
