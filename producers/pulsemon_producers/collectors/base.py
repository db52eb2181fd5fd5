"""The interface of a collector: what it is given, what it yields, what it may raise, and on which thread it runs."""

import functools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pulsemon_schemas.labels import canonical

from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.names import Names

ENTRY_POINT_GROUP = "pulsemon.collectors"
"""Installed packages offer collectors of their own as entry points of this group: subclasses of ``Collector``."""

CACHED_LABEL_SETS = 4096


class Kind(StrEnum):
    """How values of a series relate: only growing, as they are, or as they are and meaningful when added up."""

    COUNTER = "counter"
    GAUGE = "gauge"
    UPDOWN = "updown"


class Point(NamedTuple):
    """One value that a collector yields. ``labels`` is the canonical text. A tuple, because there are many."""

    kind: Kind
    name: str
    labels: str
    value: float


NO_LABELS: Mapping[str, str] = {}


def gauge(name: str, value: float, labels: Mapping[str, str] = NO_LABELS) -> Point:
    """A value as it is now, in the unit that the catalogue gives ``name``."""
    return Point(Kind.GAUGE, name, label_text(labels), float(value))


def counter(name: str, value: float, labels: Mapping[str, str] = NO_LABELS) -> Point:
    """A total since some start; within one boot of the host it never falls, else the point is an error."""
    return Point(Kind.COUNTER, name, label_text(labels), float(value))


def updown(name: str, value: float, labels: Mapping[str, str] = NO_LABELS) -> Point:
    """An amount that rises and falls, and that makes sense added up over its labels."""
    return Point(Kind.UPDOWN, name, label_text(labels), float(value))


def label_text(labels: Mapping[str, str]) -> str:
    """The canonical text of labels; bytes of names that are no text become ``?``. ValueError if a key is empty."""
    return _label_text(tuple(labels.items())) if labels else ""


@functools.lru_cache(maxsize=CACHED_LABEL_SETS)
def _label_text(items: tuple[tuple[str, str], ...]) -> str:
    return canonical(dict(items)).encode("utf-8", "replace").decode()


def begins_interval(previous_ms: int | None, now_ms: int, interval_ms: int) -> bool:
    """True if no earlier tick fell into the interval that ``now_ms`` lies in.

    With every tick in place that is true at the multiples of the interval, and at the first tick; after a missed
    tick it is true at the next one, so that a slow metric does not lose an hour to a busy second.
    """
    return previous_ms is None or previous_ms // interval_ms != now_ms // interval_ms


@dataclass(frozen=True, slots=True)
class Tick:
    """One moment of collection. ``previous_ms`` is the last tick that this collector answered, None at its first.

    ``boot_id`` tells whether counters go on or began anew ("" where the host hides it). ``intervals_ms`` has the
    interval of every metric of the catalogue, in whole ticks of the agent, ``off`` the names that are not sent at all.
    """

    recorded_at_ms: int
    previous_ms: int | None
    boot_id: str
    intervals_ms: Mapping[str, int]
    off: frozenset[str] = frozenset()

    def wants(self, name: str) -> bool:
        """True if the metric is sent at this tick; what costs something to find out is not looked up otherwise."""
        if name in self.off:
            return False
        interval_ms = self.intervals_ms.get(name)
        return interval_ms is None or begins_interval(self.previous_ms, self.recorded_at_ms, interval_ms)


class Collector(ABC):
    """Reads one group of metrics of the host.

    *Who calls.* The agent makes one instance at its start and calls ``collect`` from one worker thread that belongs to
    this collector alone: at the first tick, then at the first tick of each ``interval_seconds``. Never twice at once,
    so an instance may keep the last reading in plain attributes. ``close`` is called once, from the agent's thread,
    after the last ``collect`` returned; not at all for one that hangs.

    *What it may raise.* Any Exception: it is counted in ``pulsemon.agent.collect.errors``, logged when it begins and
    when it is over, and the points of that call are dropped as a whole. It is called again at the next tick, then at
    pauses that double up to its interval.

    *Deadline.* A call that takes longer than ``deadline_seconds`` has failed: it is counted, its points are dropped
    when it returns, and until then it is not called again. A call that is in time but slower than the agent waits for
    has its points sent with the next tick. Others are never delayed. There is no way to interrupt a call: where you
    can, block on nothing without a timeout of your own.

    *What it yields.* Points with distinct (name, labels). Ours must be in the catalogue, with its kind; those of others
    begin with ``custom.``. A rate needs two readings: the first tick yields none. A counter that fell within one boot
    is refused and counted; never hide it in a negative or clipped rate.
    """

    name: str
    """Short and unique; the label ``collector`` of the agent's metrics about itself."""
    interval_seconds: float = 10.0
    """How often ``collect`` is called: rounded up to whole ticks of the agent."""
    deadline_seconds: float = 5.0
    needs_two_readings: bool = True
    """False if one call tells all: to show what would be sent, such a collector is called once instead of twice."""
    names: Names = Names.OURS
    """What it may send. Nothing looks at this in a class of others: the agent runs those behind one of ours."""

    def __init__(self, host: Host) -> None:
        self.host = host

    @abstractmethod
    def collect(self, tick: Tick) -> Iterable[Point]:
        """The points of this tick; a generator is read to its end on the worker thread. See the class."""

    def interrupt(self) -> None:
        """The agent stops: a ``collect`` that still runs should return soon. From another thread; must not block."""
        return

    def close(self) -> None:
        """Lets go of what is open. Must not block."""
        return
