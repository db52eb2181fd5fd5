"""The mount table: which filesystems there are, each once."""

import re
from dataclasses import dataclass

from pulsemon_producers.collectors.devices import shows_mount

_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted filesystem; ``kind`` is its type, as ``ext4``."""

    mountpoint: str
    device: str
    kind: str
    is_read_only: bool


def mounts(table: str) -> list[Mount]:
    """The mounts of ``/proc/self/mounts`` that can fill up, sorted by where they are.

    A later mount hides an earlier one at the same place. A block device that is mounted several times (bind mounts,
    subvolumes) counts where its path is shortest.
    """
    visible = {mount.mountpoint: mount for mount in map(_parse, table.splitlines()) if mount is not None}
    shown = [mount for mount in visible.values() if shows_mount(mount.mountpoint, mount.kind)]
    by_device: dict[str, Mount] = {}
    for mount in sorted(shown, key=lambda mount: (len(mount.mountpoint), mount.mountpoint)):
        # names of other devices ("tank/home", "none") say nothing about whether two mounts are one
        identity = mount.device if mount.device.startswith("/dev/") else mount.mountpoint
        by_device.setdefault(identity, mount)
    return sorted(by_device.values(), key=lambda mount: mount.mountpoint)


def _parse(line: str) -> Mount | None:
    parts = line.split(" ")
    if len(parts) < 4:
        return None
    device, mountpoint, kind, options = (_unescape(part) for part in parts[:4])
    return Mount(mountpoint, device, kind, "ro" in options.split(","))


def _unescape(text: str) -> str:
    """Blanks, tabs, line ends and backslashes are written as octal numbers of their bytes."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)
