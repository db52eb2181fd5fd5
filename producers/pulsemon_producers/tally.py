"""What became of the samples: counted since the start, and what was dropped also since the last batch."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

QUEUE_FULL = "queue_full"
SPOOL_FULL = "spool_full"
SPOOL_DAMAGED = "spool_damaged"
DROP_REASONS = (QUEUE_FULL, SPOOL_FULL, SPOOL_DAMAGED, "expired", "too_large", "invalid")
"""All reasons there are; the catalogue lists the same."""


@dataclass(frozen=True, slots=True)
class Totals:
    """A moment's view of the tally. ``latency_seconds`` is None before the first delivery."""

    delivered: int
    dropped: dict[str, int]
    latency_seconds: float | None


@dataclass(slots=True)
class Tally:
    """Counts of samples. Thread-safe."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _delivered: int = 0
    _latency_seconds: float | None = None
    _dropped: Counter[str] = field(default_factory=Counter)
    _unreported: Counter[str] = field(default_factory=Counter)

    def deliver(self, count: int, latency_seconds: float) -> None:
        """``count`` samples were acknowledged, ``latency_seconds`` after their tick."""
        with self._lock:
            self._delivered += count
            self._latency_seconds = latency_seconds

    def drop(self, reason: str, count: int) -> None:
        """``count`` samples are gone, and no batch has said so yet."""
        if count:
            with self._lock:
                self._dropped[reason] += count
                self._unreported[reason] += count

    def drop_reported(self, reason: str, count: int) -> None:
        """As ``drop``, for samples that a batch already counts."""
        with self._lock:
            self._dropped[reason] += count

    def take_unreported(self) -> dict[str, int]:
        """What was dropped since the last call: it goes into the next batch."""
        with self._lock:
            taken, self._unreported = dict(self._unreported), Counter()
        return taken

    def unreported(self) -> dict[str, int]:
        """What ``take_unreported`` would return."""
        with self._lock:
            return dict(self._unreported)

    def restore_unreported(self, counts: Mapping[str, int]) -> None:
        """What an earlier process dropped, and no batch tells of yet."""
        with self._lock:
            self._unreported.update(counts)

    def totals(self) -> Totals:
        """Everything since the start; every reason is there, so that its series begins at 0."""
        with self._lock:
            return Totals(
                self._delivered, {reason: self._dropped[reason] for reason in DROP_REASONS}, self._latency_seconds
            )
