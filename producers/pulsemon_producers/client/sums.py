"""A sum that many threads add to, without a lock in the way.

``deque.append`` is documented to be thread-safe, so adding is one append, which nothing can interrupt halfway: no other
thread, no signal handler, no finaliser. Whoever finds many additions waiting sums them up under a lock that is only
tried, never waited for. That is faster than adding under a lock, and cannot deadlock.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable
from itertools import repeat, starmap
from typing import SupportsFloat

from pulsemon_producers.client.natives import new_lock

WAITING_LIMIT = 512
"""Additions that wait before a caller sums them up: 4 kB for each series."""
READ_WAIT_SECONDS = 0.05
"""Summing up takes some microseconds. Who holds the lock longer was interrupted by the signal that wants to read."""


class Sum:
    """Numbers added up, exactly up to 2**53. ``add`` is for those who need no checks; instruments append themselves.

    ``refuse`` is told how many of those that waited were no numbers after all.
    """

    __slots__ = ("_lock", "_refuse", "_total", "waiting")

    def __init__(self, refuse: Callable[[int], None] | None = None) -> None:
        self._refuse = refuse
        self.waiting: deque[SupportsFloat] = deque()
        self._lock = new_lock()
        self._total = 0.0

    def add(self, amount: SupportsFloat) -> None:
        """Never blocks."""
        self.waiting.append(amount)
        if len(self.waiting) > WAITING_LIMIT:
            self.settle()

    def settle(self) -> None:
        """Sums up what waits, unless somebody else is at it."""
        if self._lock.acquire(blocking=False):
            try:
                self._settle()
            finally:
                self._lock.release()

    def total(self) -> float:
        """The sum; if it cannot be made up now, that of the last time."""
        if self._lock.acquire(timeout=READ_WAIT_SECONDS):
            try:
                self._settle()
            finally:
                self._lock.release()
        return self._total

    def _settle(self) -> None:
        taken = take(self.waiting)
        try:
            self._total += math.fsum(taken)
        except Exception:  # noqa: BLE001 - what a foreign number raises is listed nowhere
            good, bad = floats(taken)
            self._total += math.fsum(good)
            if bad and self._refuse is not None:
                self._refuse(bad)


def take(waiting: deque[SupportsFloat]) -> list[SupportsFloat]:
    """All that waits, and not what comes meanwhile. For one thread at a time."""
    return list(starmap(waiting.popleft, repeat((), len(waiting))))


def floats(numbers: Iterable[SupportsFloat]) -> tuple[list[float], int]:
    """Those that are finite numbers, and how many are not."""
    good: list[float] = []
    bad = 0
    for number in numbers:
        try:
            value = float(number)
        except Exception:  # noqa: BLE001 - what a foreign number raises is listed nowhere
            value = math.nan
        if math.isfinite(value):
            good.append(value)
        else:
            bad += 1
    return good, bad
