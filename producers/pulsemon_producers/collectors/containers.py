"""Containers: processors, memory and disks of each one, as its control group counts them."""

from collections.abc import Iterator, Mapping

from pulsemon_producers.collectors.base import Collector, Point, Tick, counter, gauge, updown
from pulsemon_producers.collectors.cgroup import ROOT, Cgroup, own_cgroup, tree
from pulsemon_producers.collectors.container_names import name_of
from pulsemon_producers.collectors.container_paths import Container, containers
from pulsemon_producers.collectors.counters import Change, Reading, changes
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.remembered import Remembered

ID, NAME = "container.id", "container.name"
SELF = "self"
"""The container that the agent itself runs in, seen from inside, where it has no name."""


class ContainerCollector(Collector):
    """Every container of the host; inside a container that one, and those that it runs itself."""

    name = "container"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._last: Reading | None = None
        self._groups = Remembered(lambda: (tree(host), own_cgroup(host)))
        self._names: dict[str, str] = {}
        self._layered: dict[str, bool] = {}

    def collect(self, tick: Tick) -> Iterator[Point]:
        """Totals at once, the processors in use from a container's second tick on."""
        labelled = self._labelled(*self._groups.at(tick))
        used = {key: seconds for key, (cgroup, _) in labelled.items() if (seconds := cgroup.cpu_seconds()) is not None}
        now = Reading(self.host.monotonic_seconds(), tick.boot_id, used)
        last, self._last = self._last, now
        changed = changes(last, now)
        for key, (cgroup, labels) in labelled.items():
            if _began_anew(last, now, key):
                continue
            yield from _processors(cgroup, labels, used.get(key), changed.get(key))
            if tick.wants("container.cpu.limit") and (quota := cgroup.cpu_quota()) is not None:
                yield gauge("container.cpu.limit", quota, labels)
            yield from _memory(cgroup, labels)
            yield from self._disks(cgroup, labels)
            if tick.wants("container.uptime"):
                yield from self._uptime(cgroup, labels)

    def _labelled(self, root: Cgroup | None, own: Cgroup | None) -> dict[str, tuple[Cgroup, Mapping[str, str]]]:
        """The groups with their labels, by id."""
        if root is None:
            return {}
        found = containers(self.host, root)
        self._names = {one.id: self._names.get(one.id) or name_of(self.host, one) for one in found}
        labelled = {one.id: (one.cgroup, self._labels(one)) for one in found}
        if own is not None:
            labelled[SELF] = (own, {ID: SELF, NAME: SELF})
        return labelled

    def _labels(self, container: Container) -> Mapping[str, str]:
        return {ID: container.id, NAME: self._names[container.id]}

    def _disks(self, cgroup: Cgroup, labels: Mapping[str, str]) -> Iterator[Point]:
        devices = cgroup.disk_bytes()
        if devices is None:
            return
        whole = [amounts for device, amounts in devices.items() if not self._is_layered(device)]
        for number, direction in enumerate(("read", "write")):
            total = sum(amounts[number] for amounts in whole)
            yield counter("container.disk.io", total, {**labels, "direction": direction})

    def _is_layered(self, device: str) -> bool:
        """True for what lies on other disks (LVM, encryption, RAID), which count the same bytes again."""
        if device not in self._layered:
            self._layered[device] = bool(self.host.sys_names(f"dev/block/{device}/slaves"))
        return self._layered[device]

    def _uptime(self, cgroup: Cgroup, labels: Mapping[str, str]) -> Iterator[Point]:
        folder = self.host.sysfs / ROOT / ("" if cgroup.is_v2 else "cpuacct") / cgroup.path
        try:
            began = self.host.changed_seconds(folder)
        except OSError:  # it ended meanwhile
            return
        yield gauge("container.uptime", max(0.0, self.host.wall_seconds() - began), labels)


def _began_anew(last: Reading | None, now: Reading, key: str) -> bool:
    """True if the container was started again since the last tick: all its totals begin at 0, so it is a new one."""
    before, after = ({} if last is None else last.items).get(key), now.items.get(key)
    return before is not None and after is not None and after["total"] < before["total"]


def _processors(
    cgroup: Cgroup, labels: Mapping[str, str], used: Mapping[str, float] | None, change: Change | None
) -> Iterator[Point]:
    if used is not None:
        for mode in ("user", "system"):
            yield counter("container.cpu.time", used[mode], {**labels, "cpu.mode": mode})
    if change is not None:
        yield gauge("container.cpu.usage", change.rate("total"), labels)
    throttled = cgroup.throttled_seconds()
    if throttled is not None:
        yield counter("container.cpu.throttled.time", throttled, labels)


def _memory(cgroup: Cgroup, labels: Mapping[str, str]) -> Iterator[Point]:
    used, limit, kills = cgroup.memory_bytes(), cgroup.memory_limit_bytes(), cgroup.oom_kills()
    if used is not None:
        yield updown("container.memory.usage", used, labels)
        yield updown("container.memory.working_set", max(0, used - cgroup.inactive_file_bytes()), labels)
    if limit is not None:
        yield updown("container.memory.limit", limit, labels)
    if kills is not None:
        yield counter("container.memory.oom_kills", kills, labels)
