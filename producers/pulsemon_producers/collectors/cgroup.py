"""One control group: what it may take and what it took, in the files of version 1 and of version 2."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulsemon_producers.collectors.host import Host, fields
from pulsemon_producers.collectors.proc_stat import TICKS_PER_SECOND

ROOT = "fs/cgroup"
V2_SIGN = "cgroup.controllers"
UNLIMITED_BYTES = 1 << 62
"""Version 1 writes "no limit" as the largest number of whole pages."""
US_PER_SECOND = 1e6
NS_PER_SECOND = 1e9


@dataclass(frozen=True, slots=True)
class Cgroup:
    """A group of processes by its ``path`` below the tree's root, "" for the root. What has no file here is None."""

    host: Host
    is_v2: bool
    path: str

    def text(self, controller: str, name: str) -> str | None:
        """A file of the group; version 1 has a tree for each controller."""
        tree = ROOT if self.is_v2 else f"{ROOT}/{controller}"
        return self.host.sys_if_any(f"{tree}/{self.path}/{name}" if self.path else f"{tree}/{name}")

    def cpu_quota(self) -> float | None:
        """Processors' worth of time that it may use, None for as much as there is."""
        if self.is_v2:
            quota, _, period = (self.text("cpu", "cpu.max") or "max").partition(" ")
        else:
            quota = self.text("cpu", "cpu.cfs_quota_us") or "-1"
            period = self.text("cpu", "cpu.cfs_period_us") or ""
        return int(quota) / int(period) if quota not in ("max", "-1") and period else None

    def cpu_set(self) -> str | None:
        """The list of processors that it is bound to."""
        if self.is_v2:
            return self.text("cpuset", "cpuset.cpus.effective")
        return self.text("cpuset", "cpuset.effective_cpus") or self.text("cpuset", "cpuset.cpus")

    def cpu_seconds(self) -> Mapping[str, float] | None:
        """What it used: ``user``, ``system``, and ``total``, which is the exact one."""
        if self.is_v2:
            stat = self._numbers("cpu", "cpu.stat")
            keys = {"user": "user_usec", "system": "system_usec", "total": "usage_usec"}
            return {name: stat[key] / US_PER_SECOND for name, key in keys.items()} if "usage_usec" in stat else None
        stat, total = self._numbers("cpuacct", "cpuacct.stat"), self._number("cpuacct", "cpuacct.usage")
        if total is None or not stat.keys() >= {"user", "system"}:
            return None
        return {name: stat[name] / TICKS_PER_SECOND for name in ("user", "system")} | {"total": total / NS_PER_SECOND}

    def throttled_seconds(self) -> float | None:
        """How long its threads had to wait because it had used up its quota."""
        stat = self._numbers("cpu", "cpu.stat")
        microseconds, nanoseconds = stat.get("throttled_usec"), stat.get("throttled_time")
        if microseconds is not None:
            return microseconds / US_PER_SECOND
        return None if nanoseconds is None else nanoseconds / NS_PER_SECOND

    def memory_bytes(self) -> int | None:
        """Memory that is charged to it, its part of the page cache included."""
        return self._number("memory", "memory.current" if self.is_v2 else "memory.usage_in_bytes")

    def inactive_file_bytes(self) -> int:
        """The part of its memory that the kernel takes back first, without anyone noticing."""
        return self._numbers("memory", "memory.stat").get("inactive_file" if self.is_v2 else "total_inactive_file", 0)

    def memory_limit_bytes(self) -> int | None:
        """Memory that it may have, None for as much as there is."""
        limit = self._number("memory", "memory.max" if self.is_v2 else "memory.limit_in_bytes")
        return None if limit is None or limit >= UNLIMITED_BYTES else limit

    def oom_kills(self) -> int | None:
        """Processes that were killed because it had no memory left; old kernels do not count them."""
        return self._numbers("memory", "memory.events" if self.is_v2 else "memory.oom_control").get("oom_kill")

    def disk_bytes(self) -> Mapping[str, tuple[int, int]] | None:
        """Bytes read and written by device number, as ``8:0``."""
        text = self.text("io", "io.stat") if self.is_v2 else self.text("blkio", "blkio.throttle.io_service_bytes")
        if text is None:
            return None
        return _io_stat(text) if self.is_v2 else _io_service_bytes(text)

    def _numbers(self, controller: str, name: str) -> dict[str, int]:
        return dict(fields(self.text(controller, name) or ""))

    def _number(self, controller: str, name: str) -> int | None:
        text = self.text(controller, name)
        return int(text) if text is not None and text.isdigit() else None


def tree(host: Host) -> Cgroup | None:
    """The root of the tree; None where there is none. If both versions are mounted, version 1 has the controllers."""
    if host.sys_if_any(f"{ROOT}/{V2_SIGN}") is not None:
        return Cgroup(host, is_v2=True, path="")
    if host.sys_if_any(f"{ROOT}/memory/cgroup.procs") is not None or host.sys_names(f"{ROOT}/cpuacct"):
        return Cgroup(host, is_v2=False, path="")
    return None


def own_cgroup(host: Host) -> Cgroup | None:
    """The container that the agent runs in; None on a host.

    A container's tree begins at its own group, which has files that the root of a host's tree never has, or lacks one
    that it always has. The limits of a service that the agent runs as are its own business, not the host's.
    """
    root = tree(host)
    if root is None:
        return None
    if root.is_v2:
        return root if root.text("", "cgroup.type") is not None else None
    is_host = any(root.text(controller, "release_agent") is not None for controller in ("memory", "cpuacct"))
    return None if is_host else root


def _io_stat(text: str) -> dict[str, tuple[int, int]]:
    found = {}
    for line in text.splitlines():
        device, *pairs = line.split()
        amounts = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        found[device] = (int(amounts.get("rbytes", 0)), int(amounts.get("wbytes", 0)))
    return found


def _io_service_bytes(text: str) -> dict[str, tuple[int, int]]:
    rows = [row for row in map(str.split, text.splitlines()) if len(row) == 3]
    amounts = {(device, kind): int(value) for device, kind, value in rows}
    return {device: (amounts.get((device, "Read"), 0), amounts.get((device, "Write"), 0)) for device, _ in amounts}
