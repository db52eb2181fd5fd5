"""The value below which a share of a window's samples lies, from counted values: exact while they are few."""

import math
from bisect import insort
from collections.abc import Sequence
from typing import Any

from pulsemon_schemas.rules.rule import Window as WindowSpec

from pulsemon_stream_processors.engine.window import COUNT, TOTAL, Bucket, Window

MAX_VALUES = 256
"""Different values that a bucket keeps as they are; with more it rounds all of its values."""
GRAINS = (53, 10, 8, 7, 6, 5, 4, 3, 2, 1)
"""Binary digits that a value keeps, from one rounding to the next: with 10 it is at most 0.2 % nearer to zero."""
TALLY = 6
"""Place in a bucket of how often each value came. ``TOTAL`` is the place in ``GRAINS``."""


class Quantile(Window):
    """The smallest sample that at least a share of all samples does not exceed, as p50 and p95.

    What a bucket holds depends on its samples alone, not on their order. Without end it grows only if a series goes
    through all magnitudes that a number has.
    """

    __slots__ = ("_counts", "_ordered", "_percent")

    def __init__(self, spec: WindowSpec) -> None:
        super().__init__(spec)
        self._percent = int(spec.function.removeprefix("p"))
        self._counts: dict[float, int] = {}
        self._ordered: list[float] = []

    def state(self) -> list[list[Any]]:
        """The buckets, their values sorted."""
        return [[*bucket[:TALLY], sorted(bucket[TALLY].items())] for bucket in self.buckets]

    def restore(self, buckets: Sequence[Sequence[Any]], previous: float | None) -> None:
        """Takes over a state."""
        tallied = [[*bucket[:TALLY], dict(bucket[TALLY])] for bucket in buckets]
        super().restore(tallied, previous)

    def _opened(self, slot: int, at_ms: int, offset: int) -> Bucket:
        return [*super()._opened(slot, at_ms, offset), {}]

    def _fold(self, bucket: Bucket, value: float) -> None:
        tally: dict[float, int] = bucket[TALLY]
        kept = rounded(value, GRAINS[int(bucket[TOTAL])])
        tally[kept] = tally.get(kept, 0) + 1
        known = self._counts.get(kept, 0)
        self._counts[kept] = known + 1
        if not known:
            insort(self._ordered, kept)
        if len(tally) > MAX_VALUES and bucket[TOTAL] < len(GRAINS) - 1:
            self._coarsen(bucket)
            self._count_again(self.buckets)

    def _coarsen(self, bucket: Bucket) -> None:
        while len(bucket[TALLY]) > MAX_VALUES and bucket[TOTAL] < len(GRAINS) - 1:
            bucket[TOTAL] += 1
            tally: dict[float, int] = {}
            for value, count in bucket[TALLY].items():
                kept = rounded(value, GRAINS[int(bucket[TOTAL])])
                tally[kept] = tally.get(kept, 0) + count
            bucket[TALLY] = tally

    def _total(self, closed: Sequence[Bucket]) -> float:
        self._count_again([*closed, self.buckets[-1]])
        return 0.0

    def _count_again(self, buckets: Sequence[Bucket]) -> None:
        counts: dict[float, int] = {}
        for bucket in buckets:
            for value, count in bucket[TALLY].items():
                counts[value] = counts.get(value, 0) + count
        self._counts = counts
        self._ordered = sorted(counts)

    def _judged(self, bucket: Bucket, _at_ms: int, /) -> float:
        total = self._closed_count + int(bucket[COUNT])
        above = total - -(-total * self._percent // 100)
        counts = self._counts
        for value in reversed(self._ordered):  # from above: of p95 only the highest are looked at
            above -= counts[value]
            if above < 0:
                return value
        return 0.0


def rounded(value: float, digits: int) -> float:
    """The number towards zero with so many binary digits: rounded in two steps it is the same as in one."""
    if digits >= GRAINS[0]:
        return value + 0.0  # -0.0 and 0.0 are one value
    mantissa, exponent = math.frexp(value)
    return math.ldexp(int(mantissa * (1 << digits)), exponent - digits)
