"""Filesystems: space, inodes and state of each mount that can fill up."""

import os
from collections.abc import Iterator

from pulsemon_producers.collectors.base import Collector, Point, Tick, gauge, updown
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.mounts import Mount, mounts
from pulsemon_producers.collectors.probe import Probe

MOUNT_PATIENCE_SECONDS = 0.2
"""A local filesystem answers in microseconds; one whose server is away, not at all."""


class FilesystemCollector(Collector):
    """Each mount is asked with a deadline of its own: one that hangs or fails is an error of that mount alone."""

    name = "filesystem"
    interval_seconds = 60.0

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._probe = Probe(host.statvfs, MOUNT_PATIENCE_SECONDS)

    def collect(self, tick: Tick) -> Iterator[Point]:  # noqa: ARG002 - part of the interface
        """State of every mount; space and inodes of those that answered."""
        for mount in mounts(_table(self.host)):
            at = {"mountpoint": mount.mountpoint}
            found = self._probe.ask(mount.mountpoint)
            yield gauge("system.filesystem.readonly", mount.is_read_only, at)
            yield gauge("system.filesystem.error", found is None, at)
            if found is not None and found.f_blocks:
                yield from _space(mount, found)
                yield from _inodes(mount, found)

    def close(self) -> None:
        """Ends the threads that ask."""
        self._probe.close()


def _table(host: Host) -> str:
    """The mounts as the host's first process sees them: to a service that may write nowhere all are read-only."""
    return host.proc_if_any("1/mounts") or host.proc("self/mounts")


def _space(mount: Mount, found: os.statvfs_result) -> Iterator[Point]:
    block = found.f_frsize
    at_device = {"mountpoint": mount.mountpoint, "device": mount.device}
    labels = at_device | {"type": mount.kind}
    free, available = found.f_bfree * block, found.f_bavail * block
    used = found.f_blocks * block - free
    yield updown("system.filesystem.limit", found.f_blocks * block, labels)
    for state, amount in (("used", used), ("free", available), ("reserved", free - available)):
        yield updown("system.filesystem.usage", amount, labels | {"state": state})
    yield gauge("system.filesystem.available", available, at_device)
    if used + available > 0:
        yield gauge("system.filesystem.utilization", used / (used + available), labels)


def _inodes(mount: Mount, found: os.statvfs_result) -> Iterator[Point]:
    if not found.f_files:  # btrfs and others make them as needed
        return
    at = {"mountpoint": mount.mountpoint}
    used = found.f_files - found.f_ffree
    yield updown("system.filesystem.inodes.usage", used, at | {"state": "used"})
    yield updown("system.filesystem.inodes.usage", found.f_ffree, at | {"state": "free"})
    yield gauge("system.filesystem.inodes.utilization", used / found.f_files, at)
