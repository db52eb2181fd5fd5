"""What each built-in collector costs on this machine: CPU of its thread a run, and all together as a share of a core.

``make prove-collectors`` prints the table. The agent as a whole is measured by ``pulsemon bench agent``.
"""

import time
from dataclasses import dataclass

from pulsemon_producers.admission import Admission
from pulsemon_producers.collectors.base import Collector, Tick
from pulsemon_producers.collectors.builtin import built_in
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.intervals import in_ticks_ms, metric_intervals_ms
from pulsemon_producers.selection import select
from pulsemon_producers.settings import AgentSettings
from pulsemon_schemas.catalogue import METRICS

TICK_MS = 10_000
HOUR_MS = 3_600_000
LIMIT_PERCENT = 0.1
"""Half of what the whole agent may take."""


@dataclass(frozen=True, slots=True)
class Cost:
    """``seconds`` of CPU in an hour, of so many runs, which sent so many samples."""

    name: str
    seconds: float
    runs: int
    samples: int

    @property
    def percent(self) -> float:
        """Of a core."""
        return self.seconds / (HOUR_MS / 1000) * 100


def test_collecting_takes_half_of_what_the_agent_may_take() -> None:
    settings = AgentSettings("web-1")
    costs = [measured(collector, settings) for collector in built_in(Host(), settings)]

    for cost in costs:
        each_ms = cost.seconds / cost.runs * 1000
        a_tick = cost.samples / (HOUR_MS / TICK_MS)
        print(f"{cost.name:12} {each_ms:8.3f} ms a run {cost.percent:9.5f} % of a core {a_tick:6.1f} samples a tick")
    print(f"{'all':12} {'':17} {sum(cost.percent for cost in costs):9.5f} % of a core")
    assert sum(cost.percent for cost in costs) < LIMIT_PERCENT


def measured(collector: Collector, settings: AgentSettings) -> Cost:
    """An hour's runs, one right after the other."""
    metrics = select(METRICS, settings.enable, settings.disable)
    intervals_ms = metric_intervals_ms(metrics, TICK_MS)
    off = frozenset(metric.name for metric in metrics if not metric.default_on)
    admission = Admission(metrics, intervals_ms)
    seconds, runs, samples, previous_ms = 0.0, 0, 0, None
    for now_ms in range(0, HOUR_MS, in_ticks_ms(collector.interval_seconds, TICK_MS)):
        begun = time.thread_time()
        points = tuple(collector.collect(Tick(now_ms, previous_ms, "boot", intervals_ms, off)))
        seconds += time.thread_time() - begun
        samples += len(admission.admit(collector.name, Tick(now_ms, previous_ms, "boot", intervals_ms, off), points)[0])
        runs, previous_ms = runs + 1, now_ms
    collector.close()
    return Cost(collector.name, seconds, runs, samples)
