"""File systems and disks of a simulated server."""

from pulsemon_deploy.simulate.fleet import FileSystem
from pulsemon_deploy.simulate.moment import Moment, Series, ratio, series, whole

BLOCK_BYTES = 4096
BYTES_PER_INODE = 16_384
# The part of a server's operations that its system disk gets when it has a data disk too.
SYSTEM_DISK_PART = 0.15
READ_WAIT_FACTOR, WRITE_WAIT_FACTOR = 0.8, 1.2


def file_systems(moment: Moment) -> Series:
    """Space and inodes of each mounted file system."""
    for one in moment.server.file_systems:
        used = moment.level(f"used {one.mountpoint}")
        used_bytes = whole(used * one.size_bytes / BLOCK_BYTES) * BLOCK_BYTES
        place = {"mountpoint": one.mountpoint, "device": _device(one)}
        yield series("system.filesystem.usage", used_bytes, **place, type=one.kind, state="used")
        yield series("system.filesystem.usage", one.size_bytes - used_bytes, **place, type=one.kind, state="free")
        yield series("system.filesystem.limit", moment.constant(one.size_bytes), **place, type=one.kind)
        yield series("system.filesystem.utilization", ratio(used_bytes / one.size_bytes), **place, type=one.kind)
        yield series("system.filesystem.available", one.size_bytes - used_bytes, **place)
        inodes = ratio(whole(used * 0.3 * one.size_bytes / BYTES_PER_INODE) / (one.size_bytes / BYTES_PER_INODE))
        yield series("system.filesystem.inodes.utilization", inodes, mountpoint=one.mountpoint)
        yield series("system.filesystem.readonly", moment.constant(0.0), mountpoint=one.mountpoint)


def disks(moment: Moment) -> Series:
    """Bytes, operations, waits and load of each disk."""
    many = len(moment.server.file_systems) > 1
    for number, one in enumerate(moment.server.file_systems):
        is_busy = number == len(moment.server.file_systems) - 1
        part = 1.0 if not many else (1.0 - SYSTEM_DISK_PART if is_busy else SYSTEM_DISK_PART)
        yield from _disk(moment, one.device, part, is_busy)


def _disk(moment: Moment, device: str, part: float, is_busy: bool) -> Series:
    """``part`` of the server's operations go to this disk; what slows disks down strikes the busy one."""
    role = moment.server.role
    wait, queue, load = ("wait", "queue", "device") if is_busy else ("calm wait", "calm queue", "calm device")
    for direction, rate, factor in (
        ("read", role.read_operations * part, READ_WAIT_FACTOR),
        ("write", role.write_operations * part, WRITE_WAIT_FACTOR),
    ):
        operations = whole(moment.total("operations") * rate)
        bytes_a_second = moment.shaken("operations", 0.5) * rate * role.operation_bytes
        waited = moment.shaken(wait, 0.35) * factor
        yield series("system.disk.operations", operations, device=device, direction=direction)
        yield series("system.disk.io", operations * role.operation_bytes, device=device, direction=direction)
        yield series("system.disk.io.rate", bytes_a_second.round(0), device=device, direction=direction)
        yield series("system.disk.await", waited.round(6), device=device, direction=direction)
        busy_seconds = moment.total(queue) * part * factor * 0.5
        yield series("system.disk.operation_time", busy_seconds.round(3), device=device, direction=direction)
    yield series("system.disk.io_time", (moment.total(load) * part).round(3), device=device)
    yield series("system.disk.utilization", ratio(moment.shaken(load, 0.3) * part), device=device)
    yield series("system.disk.queue_length", (moment.shaken(queue, 0.3) * part).round(3), device=device)


def _device(one: FileSystem) -> str:
    return f"/dev/{one.device}1" if one.mountpoint == "/" else f"/dev/{one.device}"
