"""What each built-in collector costs on this machine: CPU a run, and all together as a share of a core.

Ticks are five seconds apart, as caches grow cold between them: a loop without pauses shows half the cost. ``make
prove-collectors`` takes two minutes and prints the table. The agent as a whole is measured by ``pulsemon bench agent``.
"""

import time
from collections import Counter
from collections.abc import Iterable

from pulsemon_producers.admission import Admission
from pulsemon_producers.collectors.base import Collector, Point, Tick
from pulsemon_producers.collectors.builtin import built_in
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.crew import Crew
from pulsemon_producers.intervals import metric_intervals_ms
from pulsemon_producers.settings import AgentSettings
from pulsemon_schemas.catalogue import METRICS

TICK_MS = 10_000
TICKS = 24
"""Four minutes for the collectors, so that the slowest of them run four times."""
PAUSE_SECONDS = 5.0
LIMIT_PERCENT = 0.1
"""Half of what the whole agent may take."""


class Measured(Collector):
    """A collector that notes what its thread takes."""

    def __init__(self, inner: Collector) -> None:
        super().__init__(inner.host)
        self.inner = inner
        self.name = inner.name
        self.interval_seconds = inner.interval_seconds
        self.seconds: list[float] = []

    def collect(self, tick: Tick) -> Iterable[Point]:
        begun = time.thread_time()
        points = tuple(self.inner.collect(tick))
        self.seconds.append(time.thread_time() - begun)
        return points

    def close(self) -> None:
        self.inner.close()


def test_collecting_takes_half_of_what_the_agent_may_take() -> None:
    collectors = [Measured(one) for one in built_in(Host(), AgentSettings("web-1"))]
    crew = Crew.of(collectors, TICK_MS)
    intervals_ms = metric_intervals_ms(METRICS, TICK_MS)
    off = frozenset(metric.name for metric in METRICS if not metric.default_on)
    admission = Admission(METRICS, intervals_ms)
    samples: Counter[str] = Counter()
    previous_ms, begun = None, time.process_time()
    for number in range(TICKS + 1):
        if number == 1:  # the first tick learns what there is
            begun = time.process_time()
            samples.clear()
            for collector in collectors:
                collector.seconds.clear()
        tick = Tick(number * TICK_MS, previous_ms, "boot", intervals_ms, off)
        for outcome in crew.collect(tick):
            samples[outcome.collector] += len(admission.admit(outcome.collector, outcome.tick, outcome.points)[0])
        previous_ms = tick.recorded_at_ms
        time.sleep(PAUSE_SECONDS)  # nothing is waited for: this is the pause between two ticks
    whole = time.process_time() - begun
    crew.close(1.0)

    for collector in collectors:
        each, a_tick = sum(collector.seconds) / len(collector.seconds), sum(collector.seconds) / TICKS
        print(
            f"{collector.name:12} {each * 1000:7.3f} ms a run {a_tick * 1000:7.3f} ms a tick"
            f" {samples[collector.name] / TICKS:6.1f} samples a tick"
        )
    percent = whole / (TICKS * TICK_MS / 1000) * 100
    print(f"all, with their threads and the gate: {whole / TICKS * 1000:.2f} ms a tick, {percent:.4f} % of a core")
    assert percent < LIMIT_PERCENT
