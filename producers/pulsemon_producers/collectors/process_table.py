"""The processes of the host, each read directly from its files; what it was started with stays there."""

import os
from typing import NamedTuple

from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.kernel_files import read_bytes

KERNEL_THREAD = 0x00200000
"""PF_KTHREAD in the flags of a process."""

STATE, FLAGS, USER_TICKS, SYSTEM_TICKS, THREADS, STARTED, RESIDENT_PAGES = 0, 6, 11, 12, 17, 19, 21
"""Columns of ``/proc/PID/stat`` behind the name, which stands in brackets and may hold anything."""
STAT_BYTES = 4096
"""More than the line ever has: the kernel gives it whole, so it is read once."""


class Process(NamedTuple):
    """A process, or a thread of the kernel. ``name`` is the program's, at most 15 characters; never its arguments.

    A tuple, because there are many.
    """

    pid: int
    name: str
    state: str
    is_kernel: bool
    cpu_ticks: int
    threads: int
    started_ticks: int
    resident_pages: int

    @property
    def identity(self) -> tuple[int, int]:
        """Tells it from another that is given its number later."""
        return self.pid, self.started_ticks


class Use(NamedTuple):
    """What only the owner of a process and root may know; None for what was refused."""

    read_bytes: int | None
    written_bytes: int | None
    descriptors: int | None


class ProcessTable:
    """The processes of the host, from one reading to the next. One that did nothing since stays the same object."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: dict[str, tuple[bytes, Process]] = {}

    def read(self) -> list[Process]:
        """All that the agent can see; one that ends meanwhile is left out."""
        known, self._known = self._known, {}
        procfs = str(self._host.procfs)
        for name in os.listdir(procfs):  # noqa: PTH208 - read for every process there is, so without a Path
            if not name.isdigit():
                continue
            try:
                line = _line(f"{procfs}/{name}/stat")
            except OSError:
                continue
            before = known.get(name)
            # most processes sleep: what the kernel says of them is the same as last time, to the byte
            self._known[name] = before if before and before[0] == line else (line, parse_process(line))
        return [process for _, process in self._known.values()]


def parse_process(stat: bytes) -> Process:
    """One line of ``/proc/PID/stat``."""
    head, _, rest = stat.rpartition(b")")
    pid, _, name = head.partition(b" (")
    columns = rest.split(None, RESIDENT_PAGES + 1)
    is_kernel = bool(int(columns[FLAGS]) & KERNEL_THREAD)
    text = name.decode("utf-8", "replace")
    return Process(
        int(pid),
        _family(text) if is_kernel else text,
        columns[STATE].decode(),
        is_kernel,
        int(columns[USER_TICKS]) + int(columns[SYSTEM_TICKS]),
        int(columns[THREADS]),
        int(columns[STARTED]),
        int(columns[RESIDENT_PAGES]),
    )


def use_of(host: Host, pid: int) -> Use:
    """Disk bytes and open descriptors of a process."""
    amounts = _io(host, pid)
    return Use(amounts.get(b"read_bytes"), amounts.get(b"write_bytes"), _descriptors(f"{host.procfs}/{pid}/fd"))


def arguments_of(host: Host, pid: int) -> str:
    """What the process was started with, to be held against a pattern, and for nothing else."""
    try:
        return read_bytes(f"{host.procfs}/{pid}/cmdline").rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def descriptor_limit(host: Host, pid: int) -> int | None:
    """How many descriptors the process may have open; None if that is refused or without a limit."""
    for line in (host.proc_if_any(f"{pid}/limits") or "").splitlines():
        if line.startswith("Max open files"):
            soft = line.split()[3]
            return int(soft) if soft.isdigit() else None
    return None


def _line(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, STAT_BYTES)
    finally:
        os.close(descriptor)


def _family(name: str) -> str:
    """``kworker/u4:3-events`` is one of many that come and go."""
    return name.partition("/")[0].partition(":")[0]


def _io(host: Host, pid: int) -> dict[bytes, int]:
    try:
        lines = read_bytes(f"{host.procfs}/{pid}/io").splitlines()
    except OSError:
        return {}
    pairs = (line.split(b": ") for line in lines)
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}


def _descriptors(folder: str) -> int | None:
    """Since Linux 6.2 the folder's size is their number; before, and in a recorded tree, they are counted."""
    try:
        size = os.stat(folder).st_size  # noqa: PTH116 - as above
        is_counted = size and folder.startswith("/proc/")
        return size if is_counted else len(os.listdir(folder))  # noqa: PTH208 - as above
    except OSError:
        return None
