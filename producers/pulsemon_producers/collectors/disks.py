"""Disks: bytes, operations and time of each whole disk, and how busy it is."""

from collections.abc import Iterator, Mapping

from pulsemon_producers.collectors.base import Collector, Point, Tick, counter, gauge
from pulsemon_producers.collectors.counters import Change, Reading, Unwrap, changes
from pulsemon_producers.collectors.devices import shows_disk
from pulsemon_producers.collectors.host import Host

SECTOR_BYTES = 512
"""The unit of ``/proc/diskstats``, whatever the sectors of the disk are."""
MS_PER_SECOND = 1000.0

DEVICE_COLUMN = 2
COLUMNS: Mapping[str, int] = {
    "read.operations": 3,
    "read.merged": 4,
    "read.sectors": 5,
    "read.ms": 6,
    "write.operations": 7,
    "write.merged": 8,
    "write.sectors": 9,
    "write.ms": 10,
    "pending": 11,
    "busy.ms": 12,
    "weighted.ms": 13,
}
"""Where ``/proc/diskstats`` has them, the kernel's major, minor and device name included."""
DIRECTIONS = ("read", "write")
PENDING = "pending"

Disk = dict[str, float]


class DiskCollector(Collector):
    """What every disk did since boot, and since the last tick."""

    name = "disk"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._last: Reading | None = None
        self._unwrap = Unwrap()

    def collect(self, tick: Tick) -> Iterator[Point]:
        """Totals at once, rates from the second tick of a disk on."""
        disks = self._read()
        totals = {
            device: {key: value for key, value in disk.items() if key != PENDING} for device, disk in disks.items()
        }
        now = Reading(self.host.monotonic_seconds(), tick.boot_id, totals)
        last, self._last = self._last, now
        for device, disk in disks.items():
            yield from _totals(device, disk)
        for device, change in changes(last, now).items():
            yield from _rates(device, change)

    def _read(self) -> dict[str, Disk]:
        rows = (line.split() for line in (self.host.proc_if_any("diskstats") or "").splitlines())
        shown = {row[DEVICE_COLUMN]: row for row in rows if shows_disk(row[DEVICE_COLUMN])}
        disks = {device: self._disk(device, row) for device, row in shown.items() if _was_ever_used(row)}
        self._unwrap.keep({f"{device} {key}" for device in disks for key in COLUMNS})
        return disks

    def _disk(self, device: str, row: list[str]) -> Disk:
        return {
            key: self._unwrap.total(f"{device} {key}", int(row[column])) / MS_PER_SECOND
            if key.endswith(".ms")
            else int(row[column])
            for key, column in COLUMNS.items()
        }


def _was_ever_used(row: list[str]) -> bool:
    """False for slots without a disk, which some hypervisors show by the dozen."""
    return len(row) > max(COLUMNS.values()) and any(row[column] != "0" for column in COLUMNS.values())


def _totals(device: str, disk: Disk) -> Iterator[Point]:
    at = {"device": device}
    for direction in DIRECTIONS:
        labels = {"device": device, "direction": direction}
        yield counter("system.disk.io", disk[f"{direction}.sectors"] * SECTOR_BYTES, labels)
        yield counter("system.disk.operations", disk[f"{direction}.operations"], labels)
        yield counter("system.disk.merged", disk[f"{direction}.merged"], labels)
        yield counter("system.disk.operation_time", disk[f"{direction}.ms"], labels)
    yield counter("system.disk.io_time", disk["busy.ms"], at)
    yield counter("system.disk.weighted_io_time", disk["weighted.ms"], at)
    yield gauge("system.disk.pending_operations", disk[PENDING], at)


def _rates(device: str, change: Change) -> Iterator[Point]:
    at = {"device": device}
    for direction in DIRECTIONS:
        labels = {"device": device, "direction": direction}
        yield gauge("system.disk.io.rate", change.rate(f"{direction}.sectors") * SECTOR_BYTES, labels)
        if operations := change.growth[f"{direction}.operations"]:
            yield gauge("system.disk.await", change.growth[f"{direction}.ms"] / operations, labels)
    # the kernel adds busy time at the end of an operation, so one tick may see some of the last one's
    yield gauge("system.disk.utilization", min(1.0, change.rate("busy.ms")), at)
    yield gauge("system.disk.queue_length", change.rate("weighted.ms"), at)
