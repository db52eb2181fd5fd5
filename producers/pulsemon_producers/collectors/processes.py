"""Processes: how many in which state, the biggest users by name, and those that are watched."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pulsemon_producers.collectors.base import Collector, Point, Tick, counter, gauge, updown
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.limits import logical_cpus
from pulsemon_producers.collectors.proc_stat import TICKS_PER_SECOND
from pulsemon_producers.collectors.process_table import (
    Process,
    ProcessTable,
    Use,
    arguments_of,
    descriptor_limit,
    use_of,
)
from pulsemon_producers.collectors.programs import Program, Running, biggest, by_name, watched, watches

STATES: Mapping[str, str] = {
    "R": "running",
    "S": "sleeping",
    "D": "blocked",
    "T": "stopped",
    "t": "stopped",
    "Z": "zombie",
    "I": "idle",
}
NAME = "process.executable.name"
RANKINGS: Mapping[str, str] = {
    "process.cpu.utilization": "cpu_ticks",
    "process.memory.usage": "resident_pages",
    "process.disk.io": "disk_bytes",
    "process.unix.file_descriptor.count": "descriptors",
}
"""Each has its own biggest users, by this measure."""
WATCHED = ("process.up", "process.thread.count", "process.uptime", "process.fd.utilization")
MAX_NAMES = 2000
"""Programs whose disk bytes are kept adding up; the one that was longest away begins anew first."""
NO_USE = Use(None, None, None)


class ProcessCollector(Collector):
    """One pass over all processes. Command lines are only held against the patterns of watches; they are never sent."""

    name = "process"
    interval_seconds = 30.0

    def __init__(self, host: Host, top: int = 10, watch: Sequence[str] = ()) -> None:
        super().__init__(host)
        self._top = top
        self._watches = watches(watch)
        self._boot_id = ""
        self._read_at: float | None = None
        self._table = ProcessTable(host)
        self._last: dict[tuple[int, int], Running] = {}
        self._arguments: dict[tuple[int, int, str], str] = {}
        self._totals: dict[str, tuple[int, int]] = {}

    def collect(self, tick: Tick) -> Iterator[Point]:
        """States at once, use of processors and disks from the second tick on."""
        now = self.host.monotonic_seconds()
        found = self._table.read()
        yield from _states(found)
        if not any(map(tick.wants, (*RANKINGS, *WATCHED))) or not (self._top or self._watches):
            return
        if self._boot_id != tick.boot_id:
            self._boot_id, self._last, self._read_at = tick.boot_id, {}, None
        running = self._running(found)
        seconds = None if self._read_at is None else now - self._read_at
        self._read_at = now
        named = by_name(running)
        seen = watched(running, self._watches, self._arguments_of(found))
        programs = named | seen
        self._add_up(programs.values())
        yield from self._ranked(named, programs, tuple(seen), seconds)
        for program in seen.values():
            yield from _watched(self.host, program)

    def _running(self, found: Iterable[Process]) -> list[Running]:
        last, self._last = self._last, {}
        is_first = self._read_at is None
        for process in found:
            before = last.get(process.identity)
            if before is None or before.process is not process or not before.is_idle:
                before = _since(process, self._use(process, before), before, is_first=is_first)
            self._last[process.identity] = before
        return list(self._last.values())

    def _use(self, process: Process, before: Running | None) -> Use:
        if process.is_kernel:
            return NO_USE
        # one that did not run since has opened and written nothing
        if before is not None and before.process.cpu_ticks == process.cpu_ticks:
            return before.use
        return use_of(self.host, process.pid)

    def _arguments_of(self, found: Iterable[Process]) -> dict[int, str]:
        """Read once for each program that a process runs."""
        if not self._watches:
            return {}
        keys = {process.pid: (*process.identity, process.name) for process in found}
        known = self._arguments
        self._arguments = {
            key: known[key] if key in known else arguments_of(self.host, pid) for pid, key in keys.items()
        }
        return {pid: self._arguments[key] for pid, key in keys.items()}

    def _add_up(self, programs: Iterable[Program]) -> None:
        for program in programs:
            read, written = self._totals.pop(program.name, (0, 0))
            read += sum(one.read_bytes for one in program.members)
            written += sum(one.written_bytes for one in program.members)
            self._totals[program.name] = read, written
        while len(self._totals) > MAX_NAMES:
            self._totals.pop(next(iter(self._totals)))

    def _ranked(
        self, named: Mapping[str, Program], programs: Mapping[str, Program], seen: Iterable[str], seconds: float | None
    ) -> Iterator[Point]:
        for metric, measure in RANKINGS.items():
            chosen = dict.fromkeys((*biggest(named.values(), measure, self._top), *seen))
            for program in (programs[name] for name in chosen if programs[name].members):
                yield from self._points(metric, program, seconds)

    def _points(self, metric: str, program: Program, seconds: float | None) -> Iterator[Point]:
        labels = {NAME: program.name}
        if metric == "process.cpu.utilization" and seconds:
            used = program.cpu_ticks / TICKS_PER_SECOND
            yield gauge(metric, used / seconds / logical_cpus(self.host), labels)
        elif metric == "process.memory.usage":
            yield updown(metric, program.resident_pages * self.host.page_bytes, labels)
        elif metric == "process.unix.file_descriptor.count" and program.shows_descriptors:
            yield updown(metric, program.descriptors, labels)
        elif metric == "process.disk.io" and seconds and program.shows_disk_bytes:
            for direction, total in zip(("read", "write"), self._totals[program.name], strict=True):
                yield counter(metric, total, {**labels, "direction": direction})


def _states(found: Iterable[Process]) -> Iterator[Point]:
    counts = Counter(dict.fromkeys(STATES.values(), 0))
    counts.update(STATES[process.state] for process in found if process.state in STATES)
    for state, count in counts.items():
        yield updown("system.process.count", count, {"process.state": state})


def _since(process: Process, use: Use, before: Running | None, *, is_first: bool) -> Running:
    """What a process used since the last reading; all it ever used if it began since then."""
    if before is None:
        if is_first:
            return Running(process, use, 0, 0, 0)
        return Running(process, use, process.cpu_ticks, use.read_bytes or 0, use.written_bytes or 0)
    known = before.use
    return Running(
        process,
        use,
        process.cpu_ticks - before.process.cpu_ticks,
        _growth(known.read_bytes, use.read_bytes),
        _growth(known.written_bytes, use.written_bytes),
    )


def _growth(before: int | None, now: int | None) -> int:
    # a program that changed its user may not be asked any more
    return 0 if before is None or now is None else max(0, now - before)


def _watched(host: Host, program: Program) -> Iterator[Point]:
    labels = {NAME: program.name}
    yield gauge("process.up", bool(program.members), labels)
    if not program.members:
        return
    yield updown("process.thread.count", sum(one.process.threads for one in program.members), labels)
    first = min(one.process.started_ticks for one in program.members)
    uptime = float(host.proc("uptime").split()[0])
    yield gauge("process.uptime", max(0.0, uptime - first / TICKS_PER_SECOND), labels)
    shares = [
        one.use.descriptors / limit
        for one in program.members
        if one.use.descriptors is not None and (limit := descriptor_limit(host, one.process.pid))
    ]
    if shares:
        yield gauge("process.fd.utilization", max(shares), labels)
