"""What a kernel can run out of: descriptors, processes and threads, randomness."""

from collections.abc import Iterator

from pulsemon_producers.collectors.base import Collector, Point, Tick, gauge, updown
from pulsemon_producers.collectors.host import Host

RUNNING_COLUMN = 3
"""Of ``/proc/loadavg``: ``2/345``, the threads that run and those that exist."""


class TablesCollector(Collector):
    """How full the kernel's tables are."""

    name = "tables"

    def collect(self, tick: Tick) -> Iterator[Point]:
        """The limits only now and then: they rarely change."""
        files = (self.host.proc_if_any("sys/fs/file-nr") or "").split()
        if len(files) == 3:
            yield updown("system.fd.allocated", int(files[0]))
            yield updown("system.fd.max", int(files[2]))
        yield from _threads(self.host, tick)
        if tick.wants("system.entropy.available"):
            entropy = self.host.proc_if_any("sys/kernel/random/entropy_avail")
            if entropy is not None:
                yield gauge("system.entropy.available", int(entropy))


def _threads(host: Host, tick: Tick) -> Iterator[Point]:
    threads = int(host.proc("loadavg").split()[RUNNING_COLUMN].partition("/")[2])
    yield updown("system.process.threads", threads)
    if not tick.wants("system.process.limit") and not tick.wants("system.process.utilization"):
        return
    texts = [host.proc_if_any(f"sys/kernel/{name}") for name in ("threads-max", "pid_max")]
    limits = [int(text) for text in texts if text]
    if limits:
        # each thread takes a place in both tables
        yield updown("system.process.limit", min(limits))
        yield gauge("system.process.utilization", threads / min(limits))
