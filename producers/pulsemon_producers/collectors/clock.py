"""The clock: how far the kernel thinks it is off, and whether anyone corrects it."""

from collections.abc import Iterator

from pulsemon_producers.collectors.base import Collector, Point, Tick, gauge


class ClockCollector(Collector):
    """What the time service told the kernel; nothing where the kernel may not be asked."""

    name = "clock"
    interval_seconds = 60.0

    def collect(self, tick: Tick) -> Iterator[Point]:  # noqa: ARG002 - part of the interface
        """All at once."""
        clock = self.host.kernel_clock()
        if clock is not None:
            yield gauge("system.clock.offset", clock.offset_seconds)
            yield gauge("system.clock.synchronized", clock.is_synchronized)
            yield gauge("system.clock.max_error", clock.max_error_seconds)
