"""Samples of a series summed up in buckets over event time: the state does not grow with the samples."""

from collections.abc import Sequence
from typing import Any

from pulsemon_schemas.rules.rule import Window as WindowSpec

BUCKETS = 12
"""A window is the bucket of the newest sample and the eleven before: 11/12 to 12/12 of its length."""

Bucket = list[Any]
SLOT, COUNT, TOTAL, ENTRY, FIRST_MS, OFFSET = range(6)
"""``TOTAL`` is the sum, the extreme, or the growth inside; ``ENTRY`` the growth from the sample before the bucket."""


class Window:
    """The samples of a series that are new enough; each function is a class of its own.

    ``value``, ``count`` and ``first_offset`` are as of the newest sample. ``previous`` is the sample before, where it
    matters.
    """

    __slots__ = ("_closed_count", "_closed_total", "_width_ms", "buckets", "count", "first_offset", "previous", "spec")

    needs_order = False

    def __init__(self, spec: WindowSpec) -> None:
        self.spec = spec
        self.buckets: list[Bucket] = []
        self.previous: float | None = None
        self.count = 0
        self.first_offset = -1
        self._width_ms = max(1, -(-round(spec.seconds * 1000) // BUCKETS))
        self._closed_count = 0
        self._closed_total = 0.0

    def add(self, at_ms: int, value: float, offset: int) -> float:
        """Takes a sample that is newer than all before and returns what is judged."""
        slot = at_ms // self._width_ms
        buckets = self.buckets
        if buckets and buckets[-1][SLOT] == slot:
            bucket = buckets[-1]
        else:
            while buckets and buckets[0][SLOT] <= slot - BUCKETS:
                buckets.pop(0)
            bucket = self._opened(slot, at_ms, offset)
            buckets.append(bucket)
            self.close()
        self._fold(bucket, value)
        bucket[COUNT] += 1
        self.count = self._closed_count + int(bucket[COUNT])
        return self._judged(bucket, at_ms)

    def amend(self, at_ms: int, value: float, offset: int) -> bool:
        """Takes a sample that is not the newest; False if it does not lie in the window, or comes too late for it."""
        slot = at_ms // self._width_ms
        if self.needs_order or not self.buckets or slot <= self.buckets[-1][SLOT] - BUCKETS:
            return False
        at = next(at for at, bucket in enumerate(self.buckets) if bucket[SLOT] >= slot)
        if self.buckets[at][SLOT] != slot:
            self.buckets.insert(at, self._opened(slot, at_ms, offset))
        bucket = self.buckets[at]
        self._fold(bucket, value)
        bucket[COUNT] += 1
        self.close()
        return True

    def amended(self, newest_ms: int) -> float:
        """What is judged at the newest sample, after others were amended."""
        newest = self.buckets[-1]
        self.count = self._closed_count + int(newest[COUNT])
        return self._judged(newest, newest_ms)

    @property
    def is_ready(self) -> bool:
        """Whether it has what it judges by, beside its samples."""
        return True

    def state(self) -> Sequence[Sequence[Any]]:
        """The buckets as data."""
        return self.buckets

    def restore(self, buckets: Sequence[Sequence[Any]], previous: float | None) -> None:
        """Takes over a state, and the sample before."""
        self.previous = previous
        self.buckets = [list(bucket) for bucket in buckets]
        if self.buckets:
            self.close()

    def close(self) -> None:
        """Sums up all buckets but the newest, which is still open."""
        closed = self.buckets[:-1]
        count = 0.0
        first_offset = self.buckets[-1][OFFSET]
        for bucket in closed:
            count += bucket[COUNT]
            first_offset = min(first_offset, bucket[OFFSET])
        self._closed_count = int(count)
        self.first_offset = int(first_offset)
        self._closed_total = self._total(closed)

    def _opened(self, slot: int, at_ms: int, offset: int) -> Bucket:
        """A bucket without samples; the next one comes at this time."""
        return [slot, 0, 0.0, 0.0, at_ms, offset]

    def _fold(self, bucket: Bucket, value: float) -> None:
        """Takes a sample into its bucket, whose count does not have it yet."""
        raise NotImplementedError

    def _total(self, closed: Sequence[Bucket]) -> float:
        """What the closed buckets come to."""
        raise NotImplementedError

    def _judged(self, bucket: Bucket, at_ms: int, /) -> float:
        """The value of the window with its newest bucket."""
        raise NotImplementedError


class Average(Window):
    """The mean of the samples."""

    __slots__ = ()

    def _fold(self, bucket: Bucket, value: float) -> None:
        bucket[TOTAL] += value

    def _total(self, closed: Sequence[Bucket]) -> float:
        total = 0.0
        for bucket in closed:
            total += bucket[TOTAL]
        return total

    def _judged(self, bucket: Bucket, _at_ms: int, /) -> float:
        mean: float = (self._closed_total + bucket[TOTAL]) / self.count
        return mean


class Count(Average):
    """How many samples there are."""

    __slots__ = ()

    def _fold(self, bucket: Bucket, value: float) -> None:
        pass

    def _judged(self, _bucket: Bucket, _at_ms: int, /) -> float:
        return float(self.count)


class Extreme(Window):
    """The highest or the lowest sample."""

    __slots__ = ("_worse",)

    def __init__(self, spec: WindowSpec) -> None:
        super().__init__(spec)
        self._worse = max if spec.function == "max" else min

    def _fold(self, bucket: Bucket, value: float) -> None:
        bucket[TOTAL] = self._worse(bucket[TOTAL], value) if bucket[COUNT] else value

    def _total(self, closed: Sequence[Bucket]) -> float:
        return self._worse((bucket[TOTAL] for bucket in closed), default=0.0)

    def _judged(self, bucket: Bucket, _at_ms: int, /) -> float:
        inside: float = bucket[TOTAL]
        return self._worse(self._closed_total, inside) if self._closed_count else inside


class Growth(Window):
    """By how much the value grew, a second if the rate is asked for. Needs order: late samples are passed over."""

    __slots__ = ()
    needs_order = True

    def _fold(self, bucket: Bucket, value: float) -> None:
        previous, self.previous = self.previous, value
        if previous is not None:
            is_restart = self.spec.is_counter and value < previous
            bucket[TOTAL if bucket[COUNT] else ENTRY] += value if is_restart else value - previous

    def _total(self, closed: Sequence[Bucket]) -> float:
        total = 0.0
        for index, bucket in enumerate(closed):
            total += bucket[TOTAL]
            if index:  # what led into the oldest bucket is not of the window
                total += bucket[ENTRY]
        return total

    def _judged(self, bucket: Bucket, at_ms: int, /) -> float:
        growth: float = self._closed_total + bucket[TOTAL] + (bucket[ENTRY] if self._closed_count else 0.0)
        if self.spec.function == "delta":
            return growth
        span_ms = at_ms - self.buckets[0][FIRST_MS]
        return 1000 * growth / span_ms if span_ms > 0 else 0.0
