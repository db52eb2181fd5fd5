"""One collector at work, and when it is called."""

from dataclasses import dataclass

from pulsemon_producers.collectors.base import Collector, Tick, begins_interval
from pulsemon_producers.intervals import in_ticks_ms
from pulsemon_producers.worker import Worker

MS_PER_SECOND = 1000
MAX_DOUBLINGS = 20
"""Of the pause after a failure: by then it has reached any interval."""


@dataclass(slots=True)
class Member:
    """A collector, its thread, and what became of its runs."""

    worker: Worker
    tick_ms: int
    errors: int = 0
    missed: int = 0
    last_seconds: float = 0.0
    previous_ms: int | None = None
    begun_seconds: float | None = None
    is_failing: bool = False
    is_resting: bool = False
    failed_runs: int = 0
    failed_ms: int | None = None

    @property
    def collector(self) -> Collector:
        """The collector itself."""
        return self.worker.collector

    @property
    def interval_ms(self) -> int:
        """How often it is called. Asked at each tick: a collector of others knows it only once it is loaded."""
        return in_ticks_ms(self.collector.interval_seconds, self.tick_ms)

    def is_due(self, tick: Tick) -> bool:
        """True if it is to be called at this tick: at its interval, after a failure when the pause is over."""
        now_ms = tick.recorded_at_ms
        if self.is_resting or not begins_interval(self.previous_ms, now_ms, self.interval_ms):
            return False
        return self.failed_ms is None or not self.failed_ms <= now_ms < self.failed_ms + self.pause_ms

    @property
    def pause_ms(self) -> int:
        """From a failed run to the next: a tick, twice as long after each further failure, at most the interval."""
        return min(self.interval_ms, self.tick_ms << min(self.failed_runs - 1, MAX_DOUBLINGS))

    @property
    def is_busy(self) -> bool:
        """True while a run has not returned."""
        return self.begun_seconds is not None

    @property
    def deadline_at(self) -> float | None:
        """When the present run has failed, on the monotonic clock; None if there is no run."""
        return None if self.begun_seconds is None else self.begun_seconds + self.collector.deadline_seconds

    @property
    def when_again(self) -> str:
        """When it is called again after a run that failed, in words."""
        interval_seconds, tick_seconds = self.interval_ms / MS_PER_SECOND, self.tick_ms / MS_PER_SECOND
        if self.interval_ms == self.tick_ms:
            return f"every {tick_seconds:g} s"
        return f"after {tick_seconds:g} s, then at pauses that double up to its interval of {interval_seconds:g} s"
