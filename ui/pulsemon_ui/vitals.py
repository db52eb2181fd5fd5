"""What the dashboard tells about itself: who looks, how long pages and their questions take, what fails."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pulsemon_schemas.runtime.own_metrics import Sample, sample

PREFIX = "pulsemon.ui"


@dataclass(slots=True)
class _Work:
    """How often something was done, and the longest time since that was told last."""

    count: int = 0
    longest_seconds: float = 0.0

    def done(self, seconds: float) -> None:
        self.count += 1
        self.longest_seconds = max(self.longest_seconds, seconds)

    def take_longest(self) -> float:
        longest_seconds, self.longest_seconds = self.longest_seconds, 0.0
        return longest_seconds


@dataclass(slots=True)
class Vitals:
    """Written by the threads of all viewers. Counts are since the start."""

    viewers: int = 0
    errors: int = 0
    _refreshes: _Work = field(default_factory=_Work)
    _queries: _Work = field(default_factory=_Work)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def viewing(self) -> Iterator[None]:
        """Within it somebody has a page open."""
        with self._lock:
            self.viewers += 1
        try:
            yield
        finally:
            with self._lock:
                self.viewers -= 1

    @contextmanager
    def refreshing(self) -> Iterator[None]:
        """Within it the live part of a page is made."""
        with self._timed(self._refreshes):
            yield

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Within it the store is asked; what it raises is counted and goes on."""
        try:
            with self._timed(self._queries):
                yield
        except Exception:
            with self._lock:
                self.errors += 1
            raise

    def samples(self) -> list[Sample]:
        """All of it."""
        with self._lock:
            told = {
                "viewers": self.viewers,
                "refreshes": self._refreshes.count,
                "refresh.duration": self._refreshes.take_longest(),
                "queries": self._queries.count,
                "query.duration": self._queries.take_longest(),
                "query.errors": self.errors,
            }
        return [sample(f"{PREFIX}.{name}", value) for name, value in told.items()]

    @contextmanager
    def _timed(self, work: _Work) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                work.done(time.perf_counter() - began)
