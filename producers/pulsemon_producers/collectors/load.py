"""Load: how many threads want a processor or wait for a disk."""

from collections.abc import Iterator

from pulsemon_producers.collectors.base import Collector, Point, Tick, gauge
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.limits import cpu_limit
from pulsemon_producers.collectors.remembered import Remembered

WINDOWS = ("1m", "5m", "15m")


class LoadCollector(Collector):
    """Load averages, also for each processor that may be used."""

    name = "load"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._cpus = Remembered(lambda: cpu_limit(host))

    def collect(self, tick: Tick) -> Iterator[Point]:
        """All at every tick."""
        averages = dict(zip(WINDOWS, map(float, self.host.proc("loadavg").split()[:3]), strict=True))
        cpus = self._cpus.at(tick)
        for window, average in averages.items():
            yield gauge(f"system.cpu.load_average.{window}", average)
            yield gauge("system.load.per_cpu", average / cpus, {"window": window})
