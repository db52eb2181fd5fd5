"""Samples of a series summed up in buckets over event time: the state does not grow with the samples."""

from pulsemon_schemas.rules.rule import Window as WindowSpec

BUCKETS = 12
"""A window is the bucket of the newest sample and the eleven before: 11/12 to 12/12 of its length."""

Bucket = list[float]
SLOT, COUNT, TOTAL, ENTRY, FIRST_MS, OFFSET = range(6)
"""``TOTAL`` is the sum, the extreme, or the growth inside; ``ENTRY`` the growth from the sample before the bucket."""


class Window:
    """The samples of a series that are new enough. ``value``, ``count`` and ``first_offset`` are as of the last one."""

    __slots__ = (
        "_closed_count",
        "_closed_total",
        "_width_ms",
        "buckets",
        "count",
        "first_offset",
        "previous",
        "spec",
        "value",
    )

    def __init__(self, spec: WindowSpec) -> None:
        self.spec = spec
        self.buckets: list[Bucket] = []
        self.previous: float | None = None
        self.value = 0.0
        self.count = 0
        self.first_offset = -1
        self._width_ms = max(1, -(-round(spec.seconds * 1000) // BUCKETS))
        self._closed_count = 0
        self._closed_total = 0.0

    def add(self, at_ms: int, value: float, offset: int) -> float:
        """Takes a sample that is newer than all before and returns what is judged."""
        slot = at_ms // self._width_ms
        buckets = self.buckets
        is_new = not buckets or buckets[-1][SLOT] != slot
        if is_new:
            while buckets and buckets[0][SLOT] <= slot - BUCKETS:
                buckets.pop(0)
            buckets.append([slot, 0, 0.0, 0.0, at_ms, offset])
            self.close()
        bucket = buckets[-1]
        self._fold(bucket, value, is_new)
        bucket[COUNT] += 1
        self.count = self._closed_count + int(bucket[COUNT])
        self.value = self._judged(bucket, at_ms)
        return self.value

    def amend(self, at_ms: int, value: float, offset: int) -> None:
        """Takes a sample that is not the newest, if it lies in the window. Growth needs order and passes it over."""
        slot = at_ms // self._width_ms
        if self.spec.function in {"delta", "rate"} or not self.buckets or slot <= self.buckets[-1][SLOT] - BUCKETS:
            return
        at = next((at for at, bucket in enumerate(self.buckets) if bucket[SLOT] >= slot), len(self.buckets))
        if at == len(self.buckets) or self.buckets[at][SLOT] != slot:
            self.buckets.insert(at, [slot, 0, 0.0, 0.0, at_ms, offset])
        bucket = self.buckets[at]
        self._fold(bucket, value, bucket[COUNT] == 0)
        bucket[COUNT] += 1
        self.close()

    def close(self) -> None:
        """Sums up all buckets but the newest, which is still open."""
        closed = self.buckets[:-1]
        self._closed_count = int(sum(bucket[COUNT] for bucket in closed))
        self.first_offset = int(min(bucket[OFFSET] for bucket in self.buckets))
        totals = [bucket[TOTAL] for bucket in closed]
        match self.spec.function:
            case "min":
                self._closed_total = min(totals, default=0.0)
            case "max":
                self._closed_total = max(totals, default=0.0)
            case "delta" | "rate":
                self._closed_total = sum(totals) + sum(bucket[ENTRY] for bucket in closed[1:])
            case _:
                self._closed_total = sum(totals)

    def _fold(self, bucket: Bucket, value: float, is_first: bool) -> None:
        match self.spec.function:
            case "avg":
                bucket[TOTAL] += value
            case "min":
                bucket[TOTAL] = value if is_first else min(bucket[TOTAL], value)
            case "max":
                bucket[TOTAL] = value if is_first else max(bucket[TOTAL], value)
            case "delta" | "rate":
                bucket[ENTRY if is_first else TOTAL] += self._growth(value)

    def _growth(self, value: float) -> float:
        previous, self.previous = self.previous, value
        if previous is None:
            return 0.0
        return value if self.spec.is_counter and value < previous else value - previous

    def _judged(self, bucket: Bucket, at_ms: int) -> float:
        total = bucket[TOTAL]
        match self.spec.function:
            case "avg":
                return (self._closed_total + total) / self.count
            case "count":
                return float(self.count)
            case "min":
                return min(self._closed_total, total) if self._closed_count else total
            case "max":
                return max(self._closed_total, total) if self._closed_count else total
        growth = self._closed_total + total + (bucket[ENTRY] if self._closed_count else 0.0)
        if self.spec.function == "delta":
            return growth
        span_ms = at_ms - self.buckets[0][FIRST_MS]
        return 1000 * growth / span_ms if span_ms > 0 else 0.0
