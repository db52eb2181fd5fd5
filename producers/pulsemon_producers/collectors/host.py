"""The host as collectors see it: its files, its clocks, its system calls. Tests put recorded trees there."""

import os
import platform
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pulsemon_producers.collectors.command import run_command
from pulsemon_producers.collectors.kernel_clock import KernelClock, read_kernel_clock
from pulsemon_producers.collectors.kernel_files import OpenFiles, read_bytes
from pulsemon_producers.collectors.socket_diag import TcpSockets, read_tcp_sockets


@dataclass(frozen=True, slots=True)
class Host:
    """Paths and clocks of one host. Every read goes through ``procfs``, ``sysfs`` and ``root``.

    ``run`` runs a program of the system and returns what it printed; it raises OSError if that fails or takes too long.
    ``tcp_sockets`` raises OSError where the kernel may not be asked; then its files tell.
    """

    procfs: Path = Path("/proc")
    sysfs: Path = Path("/sys")
    root: Path = Path("/")
    monotonic_seconds: Callable[[], float] = time.monotonic
    wall_seconds: Callable[[], float] = time.time
    statvfs: Callable[[str], os.statvfs_result] = os.statvfs
    kernel_clock: Callable[[], KernelClock | None] = read_kernel_clock
    tcp_sockets: Callable[[], TcpSockets] = read_tcp_sockets
    run: Callable[[Sequence[str]], str] = run_command
    changed_seconds: Callable[[Path], float] = lambda path: path.stat().st_ctime
    page_bytes: int = field(default_factory=resource.getpagesize)
    machine: str = field(default_factory=platform.machine)
    agent_version: str = ""
    files: OpenFiles = field(default_factory=OpenFiles)

    def proc(self, name: str) -> str:
        """The text of a file below ``procfs``. Raises OSError."""
        return _text(self.files.read(f"{self.procfs}/{name}"))

    def proc_if_any(self, name: str) -> str | None:
        """As ``proc``; None where this kernel or container has no such file."""
        try:
            return self.proc(name)
        except OSError:
            return None

    def has_proc(self, name: str) -> bool:
        """True if there is such a file below ``procfs``."""
        return (self.procfs / name).exists()

    def sys_if_any(self, name: str) -> str | None:
        """The stripped text of a file below ``sysfs``; None where there is none, or no value in it now."""
        text = _text_if_any(f"{self.sysfs}/{name}")
        return text if text is None else text.strip()

    def sys_names(self, folder: str) -> list[str]:
        """What is in a folder below ``sysfs``, sorted; nothing if it does not exist or is hidden."""
        try:
            return sorted(os.listdir(f"{self.sysfs}/{folder}"))  # noqa: PTH208 - called at each tick, so without a Path
        except OSError:
            return []

    def sys_folders(self, folder: str) -> list[str]:
        """The folders in a folder below ``sysfs``, sorted; nothing if it does not exist or is hidden."""
        try:
            with os.scandir(f"{self.sysfs}/{folder}") as entries:
                return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        except OSError:
            return []

    def sys_link(self, name: str) -> str | None:
        """The last part of what a link below ``sysfs`` leads to; None if it is no link."""
        try:
            return os.path.basename(os.readlink(f"{self.sysfs}/{name}"))  # noqa: PTH115, PTH119 - as above
        except OSError:
            return None

    def root_if_any(self, name: str) -> str | None:
        """The text of a file below the root folder, such as ``etc/os-release``; None where there is none."""
        return _text_if_any(f"{self.root}/{name}")

    def root_names(self, folder: str) -> list[str]:
        """As ``sys_names``, below the root folder."""
        try:
            return sorted(os.listdir(f"{self.root}/{folder}"))  # noqa: PTH208 - as above
        except OSError:
            return []

    def has_folder(self, name: str) -> bool:
        """True if there is such a folder below the root folder."""
        return (self.root / name).is_dir()

    def boot_id(self) -> str:
        """The kernel's id of this boot, "" where it is hidden."""
        return (self.proc_if_any("sys/kernel/random/boot_id") or "").strip()


def fields(text: str) -> Iterator[tuple[str, int]]:
    """Name and number of each line of files such as ``memory.stat``; units are left out."""
    for line in text.splitlines():
        parts = line.split()
        if len(parts) >= 2 and parts[1].isdigit():
            yield parts[0].rstrip(":"), int(parts[1])


def picked(text: str, names: Iterable[str], sign: str = " ") -> dict[str, int]:
    """As ``fields``, of these names alone, which ``sign`` follows: ``vmstat`` has two hundred lines, few are wanted."""
    found = {}
    text = f"\n{text}"
    for name in names:
        start = text.find(f"\n{name}{sign}")
        if start >= 0:
            found[name] = int(text[start + len(name) + 2 : text.find("\n", start + 1)].split()[0])
    return found


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _text_if_any(path: str) -> str | None:
    # a network card that is down answers EINVAL when asked for its speed, a hidden file EACCES
    try:
        return _text(read_bytes(path))
    except OSError:
        return None
