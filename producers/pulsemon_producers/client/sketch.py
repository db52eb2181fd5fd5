"""The shape of a distribution in few numbers: counts of buckets that grow by a constant factor.

A value is known by its bucket to ``RELATIVE_ERROR``, and so is each quantile. Two sketches are merged by adding the
counts of equal buckets; the result is the sketch of all values together, to the last bucket.
"""

import math
from collections.abc import Iterable

RELATIVE_ERROR = 0.0098
"""A little less than one in a hundred, which leaves room for what logarithms round."""
GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
LOG_GAMMA = math.log(GAMMA)
SMALLEST = 1e-12
"""Values below are counted as zero."""
ZERO = -(1 << 31)
"""The bucket of zero, below all others."""
MAX_BUCKETS = 1024
"""From the highest bucket down over a range of 1 : 500,000,000; beyond, the lowest buckets become one."""


def bucket_of(value: float) -> int:
    """The number of the bucket of a value that is not negative: bucket i ends with ``GAMMA**i``, its upper bound."""
    return ZERO if value < SMALLEST else math.ceil(math.log(value) / LOG_GAMMA)


def value_of(bucket: int) -> float:
    """The value that stands for a bucket: no value in it is further away than ``RELATIVE_ERROR``."""
    return 0.0 if bucket == ZERO else 2 * math.exp(bucket * LOG_GAMMA) / (GAMMA + 1)


class Sketch:
    """Count, sum, least, greatest and buckets of values that are finite and not negative. Not thread-safe."""

    __slots__ = ("buckets", "count", "greatest", "least", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.least = math.inf
        self.greatest = 0.0
        self.buckets: dict[int, int] = {}

    def add(self, values: Iterable[float]) -> None:
        """Counts values."""
        buckets = self.buckets
        for value in values:
            self.count += 1
            self.total += value
            self.least = min(self.least, value)
            self.greatest = max(self.greatest, value)
            bucket = bucket_of(value)
            buckets[bucket] = buckets.get(bucket, 0) + 1
        self._collapse()

    def merge(self, other: "Sketch") -> None:
        """Counts what the other one has counted."""
        self.count += other.count
        self.total += other.total
        self.least = min(self.least, other.least)
        self.greatest = max(self.greatest, other.greatest)
        for bucket, count in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count
        self._collapse()

    def quantile(self, share: float) -> float | None:
        """A value within 1 % of the one at rank ``floor(share * (count - 1))`` of all in order; None if there is none.

        Not of the lowest ranks when the values spread over more than ``MAX_BUCKETS`` buckets.
        """
        rank = math.floor(share * (self.count - 1))
        seen = 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen > rank:
                return min(max(value_of(bucket), self.least), self.greatest)
        return None

    def _collapse(self) -> None:
        """Puts the lowest buckets together: what people ask for are the high quantiles."""
        if len(self.buckets) <= MAX_BUCKETS:
            return
        ordered = sorted(self.buckets)
        low, kept = ordered[: -MAX_BUCKETS + 1], ordered[-MAX_BUCKETS + 1 :]
        merged = sum(self.buckets[bucket] for bucket in low)
        self.buckets = {low[-1]: merged} | {bucket: self.buckets[bucket] for bucket in kept}
