"""Distributions: how values spread."""

from collections import deque
from typing import SupportsFloat

from pulsemon_producers.client.instrument import ASLEEP, Host, Instrument
from pulsemon_producers.client.natives import new_lock
from pulsemon_producers.client.reading import Labels, Reading
from pulsemon_producers.client.sketch import MAX_BUCKETS, ZERO, Sketch
from pulsemon_producers.client.sums import READ_WAIT_SECONDS, floats, take

INFINITY = float("inf")
WAITING_LIMIT = 128
"""Values that wait before a caller counts them: sorting one into its bucket takes about half a microsecond."""
QUANTILES = ((0.5, ".p50"), (0.9, ".p90"), (0.95, ".p95"), (0.99, ".p99"))
REFRESH_TICKS = 30
"""Buckets are sent when they have changed, and all of them this often: a dropped batch is made good by then."""


class Histogram(Instrument):
    """A distribution of values that are not negative: sizes, times, scores. Quantiles are right to 1 %.

    Sent are ``NAME.count`` and ``NAME.sum``, totals since the process began; of the values since the last flush
    ``NAME.min``, ``NAME.max``, ``NAME.p50``, ``NAME.p90``, ``NAME.p95``, ``NAME.p99``; and ``NAME.bucket{bucket=i}``,
    the totals of the buckets, which can be added over processes and times.

    Example::

        sizes = client.histogram("shop.basket.items")
        sizes.observe(7)
    """

    __slots__ = ("_append", "_interval", "_limit", "_lock", "_since_refresh", "_total", "_waiting")
    KIND = "histogram"
    SUFFIXES = (".count", ".sum", ".min", ".max", ".p50", ".p90", ".p95", ".p99", ".bucket")

    def __init__(self, host: Host, name: str, labels: Labels, refusal: tuple[str, str] | None = None) -> None:
        super().__init__(host, name, labels, refusal)
        self._interval = Sketch()
        self._total = _Totals()
        self.begin_anew()

    def observe(self, value: SupportsFloat) -> None:
        """Counts a value, in the histogram's own unit. Never blocks, never raises.

        What is negative, not finite or not a number is dropped and counted as ``invalid``.
        """
        try:
            if 0 <= value < INFINITY:  # type: ignore[operator]  # numbers of all kinds compare; others raise
                self._append(value)
                if len(self._waiting) > self._limit:
                    self._settle()
                return
        except Exception:  # noqa: BLE001, S110 - whatever foreign numbers do, the host goes on
            pass
        self._refuse(value, "a number from 0")

    def read(self) -> list[Reading]:
        """As ``Instrument.read``; the interval for minimum, maximum and quantiles begins anew."""
        if not self._lock.acquire(timeout=READ_WAIT_SECONDS):
            return []
        try:
            self._count_waiting()
            interval = self._interval
            self._interval = Sketch()
            self._total.merge(interval)
        finally:
            self._lock.release()
        readings = [Reading(".count", (), float(self._total.count)), Reading(".sum", (), self._total.total)]
        if interval.count:
            readings += _shape(interval)
        readings += self._bucket_readings(interval)
        return readings

    def begin_anew(self) -> None:
        """As ``Instrument.begin_anew``."""
        self._lock = new_lock()
        self._waiting: deque[SupportsFloat] = deque()
        self._append = self._waiting.append
        self._interval = Sketch()
        self._total = _Totals()
        self._since_refresh = 0
        self.sleep()

    def sleep(self) -> None:
        """The next value takes the slow way."""
        self._limit = ASLEEP

    def _settle(self) -> None:
        """The slow way of ``observe``: its value waits already."""
        if self._limit == ASLEEP:
            if not self._admits():
                self._waiting.pop()
                return
            self._limit = WAITING_LIMIT if self._host.is_running else ASLEEP
        if self._lock.acquire(blocking=False):
            try:
                self._count_waiting()
            finally:
                self._lock.release()

    def _count_waiting(self) -> None:
        good, bad = floats(take(self._waiting))
        self._interval.add(good)
        if bad:
            self._host.drop("invalid", bad, f"{self.name} got what is not a number")

    def _bucket_readings(self, interval: Sketch) -> list[Reading]:
        self._since_refresh += 1
        totals = self._total.buckets
        if self._since_refresh >= REFRESH_TICKS:
            self._since_refresh = 0
            changed = set(totals)
        else:
            changed = {self._total.place(bucket) for bucket in interval.buckets}
        return [
            Reading(".bucket", (("bucket", "zero" if bucket == ZERO else str(bucket)),), float(totals[bucket]))
            for bucket in changed
        ]


class _Totals:
    """Totals of a distribution that readers add up bucket by bucket: no count ever moves from one to another."""

    __slots__ = ("buckets", "count", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.buckets: dict[int, int] = {}

    def merge(self, interval: Sketch) -> None:
        """Adds what an interval has counted."""
        self.count += interval.count
        self.total += interval.total
        # the highest first: where there is no room for all, what people ask for are the high quantiles
        for bucket in sorted(interval.buckets, reverse=True):
            place = self.place(bucket)
            self.buckets[place] = self.buckets.get(place, 0) + interval.buckets[bucket]

    def place(self, bucket: int) -> int:
        """The bucket in which one is counted: itself, or the nearest when there are as many as may be."""
        if bucket in self.buckets or len(self.buckets) < MAX_BUCKETS:
            return bucket
        return min(self.buckets, key=lambda known: abs(known - bucket))


def _shape(interval: Sketch) -> list[Reading]:
    quantiles = [(suffix, interval.quantile(share)) for share, suffix in QUANTILES]
    return [
        Reading(".min", (), interval.least),
        Reading(".max", (), interval.greatest),
        *(Reading(suffix, (), value) for suffix, value in quantiles if value is not None),
    ]
