"""One thread for one collector: it may hang there without anyone waiting for it."""

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from pulsemon_producers.collectors.base import Collector, Point, Tick


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of a collector ended. ``error`` is None if it went well; ``points`` are empty if it did not."""

    collector: str
    tick: Tick
    points: Sequence[Point]
    seconds: float
    error: BaseException | None


class Worker:
    """Runs a collector when told to, one run at a time; outcomes go to a queue that all workers share."""

    def __init__(self, collector: Collector, outcomes: "queue.SimpleQueue[Outcome]") -> None:
        self.collector = collector
        self._outcomes = outcomes
        self._ticks: queue.SimpleQueue[Tick | None] = queue.SimpleQueue()
        # one that hangs in the kernel must not keep the process from ending
        self._thread = threading.Thread(target=self._run, name=f"pulsemon-{collector.name}", daemon=True)
        self._thread.start()

    def begin(self, tick: Tick) -> None:
        """Starts a run; the one before must have ended."""
        self._ticks.put(tick)

    def end(self) -> None:
        """The thread ends after the run it is in."""
        self._ticks.put(None)

    def join(self, timeout_seconds: float) -> bool:
        """Waits for the end of the thread; False if it is still in a run."""
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (tick := self._ticks.get()) is not None:
            self._outcomes.put(self._collect(tick))

    def _collect(self, tick: Tick) -> Outcome:
        begun = time.monotonic()
        points: Sequence[Point] = ()
        error: BaseException | None = None
        try:
            points = tuple(self.collector.collect(tick))
        # what ends a program would end this thread alone, unseen
        except (Exception, SystemExit) as raised:  # noqa: BLE001 - they may raise anything, it is counted
            error = raised
        return Outcome(self.collector.name, tick, points, time.monotonic() - begun, error)
