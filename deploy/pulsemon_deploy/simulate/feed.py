"""What one simulated server sends at each tick: samples, sequence numbers, and who it was before."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pulsemon_schemas.records import MetricBatch

from pulsemon_deploy.simulate.chapter import SOURCE
from pulsemon_deploy.simulate.fleet import Server
from pulsemon_deploy.simulate.noise import Seconds
from pulsemon_deploy.simulate.signals import Signals, Table, intervals_seconds

# Values are computed for so many ticks at once: ten times cheaper than one by one.
TICKS_AT_ONCE = 30
# Curves are made for so long; the past before them is needed for averages.
HORIZON_SECONDS = 3600
QUEUE_FULL = "queue_full"


@dataclass(frozen=True, slots=True)
class _Ahead:
    """Values of the next ticks: one column each."""

    times: Seconds
    is_sending: list[bool]
    table: Table


@dataclass(frozen=True, slots=True)
class _Choice:
    """The series that are due together."""

    rows: Seconds
    names: tuple[str, ...]
    labels: tuple[str, ...]


class Feed:
    """One server. ``new_id`` makes the ids of its producers: a new one at the start and after each silence."""

    def __init__(self, seed: int, server: Server, interval_seconds: int, new_id: Callable[[], str]) -> None:
        self._seed = seed
        self.server = server
        self._interval = interval_seconds
        self._new_id = new_id
        self._signals: Signals | None = None
        self._ahead: _Ahead | None = None
        self._intervals: tuple[int, ...] = ()
        self._choices: dict[tuple[bool, ...], _Choice] = {}
        self._producer_id, self._sequence = "", -1
        self._previous_id, self._previous_sequence = "", -1
        self._is_away = True
        self._dropped = 0

    def drop(self, tick: int) -> None:
        """What the batch of a tick would have held is lost: the next batch tells how much."""
        ahead, column = self._at(tick)
        if ahead.is_sending[column]:
            self._dropped += len(self._choose(ahead.table, tick, self._is_away).names)

    def batch(self, tick: int, sent_at_ms: int) -> MetricBatch | None:
        """The batch of a tick (seconds; ticks are an interval apart), or None while the server is silent."""
        ahead, column = self._at(tick)
        if not ahead.is_sending[column]:
            self._is_away = True
            return None
        is_first = self._is_away
        if is_first:
            self._begin_life()
        self._sequence += 1
        chosen = self._choose(ahead.table, tick, is_first)
        dropped, self._dropped = ({QUEUE_FULL: self._dropped} if self._dropped else {}), 0
        return MetricBatch(
            server_id=self.server.server_id,
            source=SOURCE,
            producer_id=self._producer_id,
            sequence=self._sequence,
            previous_producer_id=self._previous_id,
            previous_sequence=self._previous_sequence,
            recorded_at_ms=tick * 1000,
            sent_at_ms=sent_at_ms,
            names=chosen.names,
            labels=chosen.labels,
            values=tuple(ahead.table.values[chosen.rows, column].tolist()),
            dropped=dropped,
        )

    def _begin_life(self) -> None:
        self._previous_id, self._previous_sequence = self._producer_id, self._sequence
        self._producer_id, self._sequence = self._new_id(), -1
        self._is_away = False

    def _at(self, tick: int) -> tuple[_Ahead, int]:
        """The values around a tick, and its column in them."""
        ahead = self._ahead
        if ahead is None or not ahead.times[0] <= tick <= ahead.times[-1]:
            ahead = self._ahead = self._look_ahead(tick)
        return ahead, (tick - int(ahead.times[0])) // self._interval

    def _look_ahead(self, tick: int) -> _Ahead:
        times = tick + np.arange(TICKS_AT_ONCE, dtype=np.int64) * self._interval
        last = int(times[-1])
        if self._signals is None or last > self._signals.end or tick < self._signals.start:
            self._signals = Signals(self._seed, self.server, tick, last + HORIZON_SECONDS)
        return _Ahead(times, self._signals.is_sending(times).tolist(), self._signals.table(times))

    def _choose(self, table: Table, tick: int, is_first: bool) -> _Choice:
        """What is due: a series at the first tick of each of its intervals, and everything in a first batch."""
        if not self._intervals:
            self._intervals = tuple(sorted(set(intervals_seconds(table.names).tolist())))
        due = tuple(is_first or tick // one != (tick - self._interval) // one for one in self._intervals)
        found = self._choices.get(due)
        if found is None:
            wanted = [one for one, is_due in zip(self._intervals, due, strict=True) if is_due]
            rows = np.flatnonzero(np.isin(intervals_seconds(table.names), wanted))
            found = _Choice(rows, tuple(table.names[row] for row in rows), tuple(table.labels[row] for row in rows))
            self._choices[due] = found
        return found
