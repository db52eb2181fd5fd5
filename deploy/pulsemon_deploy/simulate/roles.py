"""What kinds of servers there are: their size, their day, and what they do with their hardware. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Volume:
    """A disk with one file system. ``used``: share in use when clean; ``grows_by``: what comes until it is cleaned."""

    device: str
    mountpoint: str
    kind: str
    size_gib: tuple[int, ...]
    used: tuple[float, float]
    grows_by: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Role:
    """One kind of server. Shares are 0 to 1; rates are those of the busiest hour.

    ``busy`` is (at rest, added by a full day's work), ``memory`` is (after a deploy, added until the next).
    """

    name: str
    day: str
    cores: tuple[int, ...]
    memory_gib: tuple[int, ...]
    busy: tuple[float, float]
    system_share: float
    iowait: float
    memory: tuple[float, float]
    received_bytes: float
    sent_bytes: float
    read_operations: float
    write_operations: float
    operation_bytes: int
    await_seconds: float
    volumes: tuple[Volume, ...]


# How busy each hour of the local day is, in percent (0:00, 1:00, … 24:00), and what the weekend makes of it.
DAYS: Mapping[str, tuple[int, ...]] = {
    "office": (12, 10, 9, 9, 10, 14, 24, 42, 66, 84, 92, 94, 86, 88, 93, 91, 84, 72, 56, 44, 36, 28, 20, 15, 12),
    "evening": (34, 22, 15, 11, 10, 12, 18, 28, 38, 45, 50, 54, 58, 57, 55, 56, 60, 68, 80, 92, 98, 92, 74, 52, 34),
    "night": (70, 88, 96, 94, 82, 60, 40, 30, 26, 25, 26, 28, 28, 27, 26, 26, 28, 30, 30, 32, 34, 38, 46, 56, 70),
    "steady": (52, 50, 48, 47, 48, 50, 54, 58, 62, 66, 68, 69, 68, 67, 68, 68, 67, 66, 65, 64, 62, 60, 57, 54, 52),
}
WEEKEND: Mapping[str, float] = {"office": 0.55, "evening": 1.1, "night": 0.9, "steady": 0.95}

_SYSTEM = Volume("vda", "/", "ext4", (40, 64), (0.30, 0.50), (0.03, 0.10))


def _with_data(mountpoint: str, kind: str, size_gib: tuple[int, ...], used: tuple[float, float]) -> tuple[Volume, ...]:
    return _SYSTEM, Volume("vdb", mountpoint, kind, size_gib, used, (0.06, 0.18))


_ALL = (
    Role(
        name="api",
        day="office",
        cores=(4, 8),
        memory_gib=(8, 16),
        busy=(0.1, 0.46),
        system_share=0.22,
        iowait=0.004,
        memory=(0.42, 0.1),
        received_bytes=3_000_000.0,
        sent_bytes=4_500_000.0,
        read_operations=2.0,
        write_operations=8.0,
        operation_bytes=16384,
        await_seconds=0.0012,
        volumes=(_SYSTEM,),
    ),
    Role(
        name="web",
        day="evening",
        cores=(4, 8),
        memory_gib=(8, 16),
        busy=(0.07, 0.44),
        system_share=0.28,
        iowait=0.003,
        memory=(0.36, 0.08),
        received_bytes=2_200_000.0,
        sent_bytes=9_000_000.0,
        read_operations=2.0,
        write_operations=6.0,
        operation_bytes=16384,
        await_seconds=0.0011,
        volumes=(_SYSTEM,),
    ),
    Role(
        name="db",
        day="office",
        cores=(8, 16),
        memory_gib=(32, 64),
        busy=(0.09, 0.38),
        system_share=0.25,
        iowait=0.03,
        memory=(0.58, 0.08),
        received_bytes=2_500_000.0,
        sent_bytes=3_500_000.0,
        read_operations=55.0,
        write_operations=40.0,
        operation_bytes=16384,
        await_seconds=0.0021,
        volumes=_with_data("/var/lib/postgresql", "xfs", (400, 800), (0.38, 0.58)),
    ),
    Role(
        name="cache",
        day="evening",
        cores=(4, 8),
        memory_gib=(32, 64),
        busy=(0.06, 0.3),
        system_share=0.4,
        iowait=0.001,
        memory=(0.62, 0.06),
        received_bytes=9_000_000.0,
        sent_bytes=12_000_000.0,
        read_operations=1.0,
        write_operations=3.0,
        operation_bytes=8192,
        await_seconds=0.0009,
        volumes=(_SYSTEM,),
    ),
    Role(
        name="queue",
        day="steady",
        cores=(4, 8),
        memory_gib=(16, 32),
        busy=(0.12, 0.3),
        system_share=0.38,
        iowait=0.02,
        memory=(0.46, 0.06),
        received_bytes=7_000_000.0,
        sent_bytes=9_000_000.0,
        read_operations=14.0,
        write_operations=60.0,
        operation_bytes=65536,
        await_seconds=0.0026,
        volumes=_with_data("/var/lib/kafka", "xfs", (200, 500), (0.4, 0.6)),
    ),
    Role(
        name="worker",
        day="night",
        cores=(8, 16),
        memory_gib=(16, 32),
        busy=(0.08, 0.66),
        system_share=0.14,
        iowait=0.012,
        memory=(0.38, 0.14),
        received_bytes=1_800_000.0,
        sent_bytes=1_200_000.0,
        read_operations=12.0,
        write_operations=18.0,
        operation_bytes=32768,
        await_seconds=0.0018,
        volumes=_with_data("/srv/scratch", "ext4", (100, 200), (0.28, 0.48)),
    ),
    Role(
        name="edge",
        day="evening",
        cores=(2, 4),
        memory_gib=(4, 8),
        busy=(0.08, 0.36),
        system_share=0.46,
        iowait=0.002,
        memory=(0.34, 0.05),
        received_bytes=11_000_000.0,
        sent_bytes=11_500_000.0,
        read_operations=1.0,
        write_operations=9.0,
        operation_bytes=8192,
        await_seconds=0.001,
        volumes=(_SYSTEM,),
    ),
)
ROLES: Mapping[str, Role] = {role.name: role for role in _ALL}
