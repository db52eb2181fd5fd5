"""Which stretches of a series must be judged so that the outcome is that of judging all of it.

Without an open alert a rule rests on its window and on how often samples usually come, which both are known after a
while. So it is enough to begin so long before each minute in which a limit may be crossed, and to go on until nothing
is open and no sample of that minute is in the window any more.
"""

from bisect import bisect_left
from collections.abc import Container, Sequence
from itertools import islice, pairwise

from pulsemon_schemas.rules import Rule
from pulsemon_schemas.series_history import SLOT_MS, Points

from pulsemon_stream_processors.replay.backtest.series_run import SeriesRun

MINUTE_MS = 60_000
WARM_MS, LONG_WARM_MS = 10 * MINUTE_MS, 360 * MINUTE_MS
"""In so long it shows how often a series usually comes; the longer time is for one that comes once a minute or less."""
UNUSUAL = 1.5
"""Where samples are so much further apart than at other times, the series is judged whole."""
BUCKETS = 12
CHUNK = 256


def warm_ms(rule: Rule, most_in_a_minute: int) -> int:
    """How long before a sample its window, and what else it is judged by, begins: a bucket more than the window."""
    warm = WARM_MS if most_in_a_minute > 1 else LONG_WARM_MS
    return warm + round(rule.window.seconds * 1000 * (1 + 2 / BUCKETS))


class Stretches:
    """A series with the minutes that matter, ``most_in_a_minute`` samples in the fullest one of all.

    ``advance`` is called with the samples of the ``slots`` that are needed until nothing is left to judge.
    """

    def __init__(
        self,
        run: SeriesRun,
        rule: Rule,
        minutes: Sequence[int],
        most_in_a_minute: int,
        since_ms: int,
        until_ms: int,
    ) -> None:
        self.run = run
        self._warm_ms = warm_ms(rule, most_in_a_minute)
        self._usual_ms = MINUTE_MS / most_in_a_minute if most_in_a_minute > 1 else 2 * MINUTE_MS
        self._window_ms = round(rule.window.seconds * 1000)
        self._minutes = minutes
        self._next = 0
        self._fed_ms = since_ms - 1
        self._since_ms, self._until_ms = since_ms, until_ms

    def slots(self, count: int = 10_000) -> set[int]:
        """The slots whose samples are needed for the next minutes that matter; at first of all of them."""
        found: set[int] = set()
        if not self.run.is_idle:
            found.add((self._fed_ms + 1) // SLOT_MS)
        for minute in islice(self._minutes, self._next, self._next + count):
            first_ms = max(minute * MINUTE_MS - self._warm_ms, self._since_ms)
            last_ms = min((minute + 1) * MINUTE_MS + self._window_ms, self._until_ms - 1)
            found.update(range(first_ms // SLOT_MS, last_ms // SLOT_MS + 1))
        return {slot for slot in found if slot * SLOT_MS < self._until_ms}

    def advance(self, points: Points, known_slots: Container[int]) -> bool:
        """Judges as far as the samples of these slots go. True when nothing is left to judge."""
        while self._next < len(self._minutes) or not self.run.is_idle:
            begin_ms, end_ms = self._bounds()
            if begin_ms > self._fed_ms + 1 and not self._is_usual(points, begin_ms, end_ms):
                self._judge_whole()
                continue
            at_ms = self._feed(points, known_slots, begin_ms, end_ms)
            if at_ms is None:
                return False
            while self._next < len(self._minutes) and self._matters_until(self._next) <= self._fed_ms + 1:
                self._next += 1
            if at_ms >= self._until_ms:
                self.run.end(self._until_ms)
                return True
        return True

    def _bounds(self) -> tuple[int, int]:
        """From where on to feed, and at least how far."""
        if self._next >= len(self._minutes):
            return self._fed_ms + 1, self._fed_ms + 1
        first_ms = max(self._minutes[self._next] * MINUTE_MS - self._warm_ms, self._since_ms)
        if self.run.is_idle and first_ms > self._fed_ms + 1:
            self.run.begin()
            return first_ms, self._matters_until(self._next)
        return self._fed_ms + 1, max(self._matters_until(self._next), self._fed_ms + 1)

    def _is_usual(self, points: Points, begin_ms: int, end_ms: int) -> bool:
        """Whether samples come as often here as anywhere, so that what was before shows in nothing."""
        if begin_ms <= self._since_ms:
            return True
        times = points.times_ms
        near = times[bisect_left(times, begin_ms) : bisect_left(times, min(begin_ms + self._warm_ms, end_ms))]
        return min((other - one for one, other in pairwise(near)), default=MINUTE_MS * 60) <= UNUSUAL * self._usual_ms

    def _judge_whole(self) -> None:
        self.run.forget()
        self._minutes = range(self._since_ms // MINUTE_MS, (self._until_ms - 1) // MINUTE_MS + 1)
        self._next, self._fed_ms = 0, self._since_ms - 1

    def _matters_until(self, index: int) -> int:
        return min((self._minutes[index] + 1) * MINUTE_MS + self._window_ms, self._until_ms)

    def _feed(self, points: Points, known: Container[int], begin_ms: int, end_ms: int) -> int | None:
        """Feeds from ``begin_ms`` to ``end_ms``, and on until nothing is open; up to where. None: more is needed."""
        times, values = points
        while True:
            slot = begin_ms // SLOT_MS
            if begin_ms >= self._until_ms:
                return self._until_ms
            if slot not in known:
                return None
            limit_ms = min((slot + 1) * SLOT_MS, self._until_ms)
            if begin_ms < end_ms:
                limit_ms = min(limit_ms, end_ms)
            low = bisect_left(times, begin_ms)
            high = bisect_left(times, limit_ms)
            if begin_ms >= end_ms:  # only what is open still needs more
                high = min(high, low + CHUNK)
                limit_ms = times[high - 1] + 1 if low + CHUNK == high else limit_ms
            self.run.feed(zip(times[low:high], values[low:high], strict=True))
            self._fed_ms = limit_ms - 1
            begin_ms = limit_ms
            if begin_ms >= end_ms and self.run.is_idle:
                return begin_ms
