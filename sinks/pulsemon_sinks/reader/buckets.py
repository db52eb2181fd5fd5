"""Answers by bucket put into tables with one row for each bucket of a window; what has no row is null.

Here and not in SQL: WITH FILL and a column for each choice made texts whose parsing took longer than the reading.
"""

from collections.abc import Sequence
from itertools import repeat

import pyarrow as pa

from pulsemon_sinks.clickhouse.connection import Columns
from pulsemon_sinks.reader.choice import Window

Values = list[float | None]


class Buckets:
    """The buckets of a window, the last one in full."""

    def __init__(self, window: Window) -> None:
        last = -(-window.end_ms // 1000 // window.step_seconds) * window.step_seconds
        self._seconds = range(window.first_bucket, last, window.step_seconds)

    def table(self, found: Columns) -> pa.Table:
        """Of rows whose first column is their bucket's start in seconds: x, and the other columns by their names."""
        if not found:
            return self._made(found.names[1:], [self._empty() for _ in found.names[1:]])
        at, *values = found.values
        return self._made(found.names[1:], [self._placed(at, one) for one in values])

    def by_number(self, found: Columns, count: int, names: Sequence[str]) -> pa.Table:
        """Of rows (number, bucket's start, value for each name): x, and columns such as a0, lo0, hi0, a1, …

        Rows of other numbers than 0 to ``count - 1`` are passed over.
        """
        columns = [[self._empty() for _ in names] for _ in range(count)]
        first, step = self._seconds.start, self._seconds.step
        for number, at, *values in zip(*found.values, strict=True) if found else ():
            index = (at - first) // step
            if 0 <= number < count and 0 <= index < len(self._seconds):
                for column, value in zip(columns[number], values, strict=True):
                    column[index] = value
        flat = [column for one in columns for column in one]
        return self._made([f"{name}{number}" for number in range(count) for name in names], flat)

    def _empty(self) -> Values:
        return list(repeat(None, len(self._seconds)))

    def _placed(self, at: Sequence[int], values: Sequence[float | None]) -> Values:
        placed = dict(zip(at, values, strict=True))
        return [placed.get(one) for one in self._seconds]

    def _made(self, names: Sequence[str], columns: Sequence[Values]) -> pa.Table:
        x = pa.array([1000.0 * one for one in self._seconds], pa.float64())
        return pa.table([x, *(pa.array(one, pa.float64()) for one in columns)], names=["x", *names])
