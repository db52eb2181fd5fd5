"""The host as collectors see it: its files, its clocks, its system calls. Tests put recorded trees there."""

import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Host:
    """Paths and clocks of one host. Every read goes through ``procfs``, ``sysfs`` and ``root``."""

    procfs: Path = Path("/proc")
    sysfs: Path = Path("/sys")
    root: Path = Path("/")
    monotonic_seconds: Callable[[], float] = time.monotonic
    wall_seconds: Callable[[], float] = time.time
    statvfs: Callable[[str], os.statvfs_result] = os.statvfs
    machine: str = field(default_factory=platform.machine)
    agent_version: str = ""

    def bind_psutil(self) -> None:
        """Points psutil, which knows one place for its whole process, at ``procfs``."""
        psutil.PROCFS_PATH = str(self.procfs)

    def proc(self, name: str) -> str:
        """The text of a file below ``procfs``. Raises OSError."""
        return (self.procfs / name).read_text(encoding="utf-8", errors="surrogateescape")

    def proc_if_any(self, name: str) -> str | None:
        """As ``proc``; None where this kernel or container has no such file."""
        return _text_if_any(self.procfs / name)

    def sys_if_any(self, name: str) -> str | None:
        """The stripped text of a file below ``sysfs``; None where there is none, or no value in it now."""
        text = _text_if_any(self.sysfs / name)
        return text if text is None else text.strip()

    def root_if_any(self, name: str) -> str | None:
        """The text of a file below the root folder, such as ``etc/os-release``; None where there is none."""
        return _text_if_any(self.root / name)

    def boot_id(self) -> str:
        """The kernel's id of this boot, "" where it is hidden."""
        return (self.proc_if_any("sys/kernel/random/boot_id") or "").strip()


def fields(text: str) -> Iterator[tuple[str, int]]:
    """Name and number of each line of ``meminfo`` and ``vmstat``; units are left out."""
    for line in text.splitlines():
        parts = line.split()
        if len(parts) >= 2 and parts[1].isdigit():
            yield parts[0].rstrip(":"), int(parts[1])


def _text_if_any(path: Path) -> str | None:
    # a network card that is down answers EINVAL when asked for its speed, a hidden file EACCES
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
