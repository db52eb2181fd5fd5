"""When a series reaches a value if it goes on as over the window: a straight line through its samples."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pulsemon_schemas.rules.rule import Window as WindowSpec

from pulsemon_stream_processors.engine.window import COUNT, ENTRY, SLOT, TOTAL, Bucket, Window

NEVER_SECONDS = 366 * 86_400.0
"""A year and a day, which stands for never: the series stands still, goes away, or does what it always does."""
HOUR_MS = 3_600_000
DAY_HOURS = 24
GUARD_DAYS = 7
GUARDED_SECONDS = 86_400.0
"""Only rises that would reach the value within a day are remembered: others need no excuse."""
WARM_MS = 86_400_000
"""A guard that has not seen each hour of a day once can excuse nothing, and so says nothing."""
VALUES, TIMES_VALUES = 6, 7
"""Places in a bucket, beside ``TOTAL`` for the sum of times and ``ENTRY`` for that of their squares, in seconds from
the bucket's beginning.
"""


class Sums(NamedTuple):
    """Of some samples: how many, and the sums of times, squared times, values and products of both."""

    samples: float
    times: float
    squares: float
    values: float
    products: float

    def later(self, seconds: float) -> "Sums":
        """The sums if all times were so much later."""
        samples, times, squares, values, products = self
        return Sums(
            samples,
            times + samples * seconds,
            squares + 2 * seconds * times + samples * seconds * seconds,
            values,
            products + seconds * values,
        )

    def plus(self, other: "Sums") -> "Sums":
        """The sums of all samples together."""
        return Sums(*(own + more for own, more in zip(self, other, strict=True)))

    def slope(self) -> float:
        """By how much the value grows a second, by least squares; 0 if all samples are of one time."""
        spread = self.samples * self.squares - self.times * self.times
        return (self.samples * self.products - self.times * self.values) / spread if spread > 0 else 0.0


NOTHING = Sums(0.0, 0.0, 0.0, 0.0, 0.0)


class TimeTo(Window):
    """Seconds until the newest value has become ``target``. Needs order: late samples are passed over.

    With a ``guard`` it is never as long as the rise over the window is at most so many times the largest one at the
    same hour, or the one beside it, of the seven days before. ``rises`` has the largest of each hour since 1970.
    """

    __slots__ = ("_closed_sums", "_seconds", "_value", "born_ms", "rises")

    needs_order = True

    def __init__(self, spec: WindowSpec) -> None:
        super().__init__(spec)
        self._closed_sums = NOTHING
        self._seconds = 0.0
        self._value = 0.0
        self.born_ms = -1
        self.rises: dict[int, float] = {}

    @property
    def is_ready(self) -> bool:
        """Whether a guard has the history that it judges by."""
        if not self.spec.guard:
            return True
        newest_ms: float = self.buckets[-1][SLOT] * self._width_ms
        return newest_ms - self.born_ms >= WARM_MS

    def state(self) -> list[Any]:
        """The buckets; the first one is preceded by what is known of the days before."""
        if not self.spec.guard:
            return list(self.buckets)
        return [[self.born_ms, sorted(self.rises.items())], *self.buckets]

    def restore(self, buckets: Sequence[Sequence[Any]], previous: float | None) -> None:
        """Takes over a state."""
        if self.spec.guard and buckets:
            born_ms, rises = buckets[0]
            self.born_ms, self.rises = born_ms, dict(rises)
            buckets = buckets[1:]
        super().restore(buckets, previous)

    def _opened(self, slot: int, at_ms: int, offset: int) -> Bucket:
        if self.born_ms < 0:
            self.born_ms = at_ms
        return [*super()._opened(slot, at_ms, offset), 0.0, 0.0]

    def add(self, at_ms: int, value: float, offset: int) -> float:
        """Takes a sample that is newer than all before and returns what is judged."""
        self._value = value
        self._seconds = at_ms % self._width_ms / 1000
        return super().add(at_ms, value, offset)

    def _fold(self, bucket: Bucket, value: float) -> None:
        seconds = self._seconds
        bucket[TOTAL] += seconds
        bucket[ENTRY] += seconds * seconds
        bucket[VALUES] += value
        bucket[TIMES_VALUES] += seconds * value

    def _total(self, closed: Sequence[Bucket]) -> float:
        newest = self.buckets[-1][SLOT]
        found = NOTHING
        for bucket in closed:
            found = found.plus(_sums(bucket).later((bucket[SLOT] - newest) * self._width_ms / 1000))
        self._closed_sums = found
        return 0.0

    def _judged(self, bucket: Bucket, at_ms: int, /) -> float:
        slope = self._closed_sums.plus(_sums(bucket)).slope()
        seconds = seconds_to(self._value, self.spec.target, slope)
        if not self.spec.guard:
            return seconds
        return self._guarded(seconds, abs(slope) * self.spec.seconds, at_ms // HOUR_MS)

    def _guarded(self, seconds: float, rise: float, hour: int) -> float:
        if seconds > GUARDED_SECONDS:
            return seconds
        rises = self.rises
        usual = max((rises.get(hour - DAY_HOURS * day + side, 0.0) for day in range(1, GUARD_DAYS + 1)
                     for side in (-1, 0, 1)), default=0.0)  # fmt: skip
        if rise > rises.get(hour, 0.0):
            rises[hour] = float(f"{rise:.2e}")
            for old in [one for one in rises if one < hour - DAY_HOURS * GUARD_DAYS - 1]:
                del rises[old]
        return NEVER_SECONDS if rise <= self.spec.guard * usual else seconds


def seconds_to(value: float, target: float, slope: float) -> float:
    """How long a value that grows by ``slope`` a second takes to a target; at most ``NEVER_SECONDS``."""
    way = target - value
    if way == 0.0:
        return 0.0
    if way * slope <= 0.0:
        return NEVER_SECONDS
    return min(way / slope, NEVER_SECONDS)


def _sums(bucket: Bucket) -> Sums:
    return Sums(bucket[COUNT], bucket[TOTAL], bucket[ENTRY], bucket[VALUES], bucket[TIMES_VALUES])
