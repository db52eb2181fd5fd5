"""The simulated servers: the same ones for the same seed, and the first ones the same for any number of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pulsemon_deploy.simulate.noise import between, key
from pulsemon_deploy.simulate.roles import GIB, ROLES, Role

BLOCK = 50

# One block of servers; the next block repeats it. Neighbours differ, so that a small fleet has all kinds.
_PATTERN = "wadwraceaqwrawedawrcawrwadwqarwcawrdaewrcwardwqacd"
_NAMES = {"w": "web", "a": "api", "d": "db", "r": "worker", "c": "cache", "q": "queue", "e": "edge"}


@dataclass(frozen=True, slots=True)
class Region:
    """Where servers stand. ``offset_hours`` is what their users' clocks are ahead of UTC."""

    name: str
    short: str
    offset_hours: float


REGIONS = (
    Region("eu-west", "euw", 0.0),
    Region("eu-central", "euc", 1.0),
    Region("us-east", "use", -5.0),
    Region("ap-south", "aps", 5.5),
)


@dataclass(frozen=True, slots=True)
class FileSystem:
    """One mounted file system. ``cycle_days``: it fills by ``grows_by`` and is then cleaned."""

    mountpoint: str
    device: str
    kind: str
    size_bytes: int
    used: float
    grows_by: float
    cycle_days: float


@dataclass(frozen=True, slots=True)
class Server:
    """One simulated server; everything about it follows from the seed and the index."""

    index: int
    server_id: str
    environment: str
    region: Region
    role: Role
    cores: int
    memory_bytes: int
    link_bits: int
    file_systems: tuple[FileSystem, ...]

    @property
    def block(self) -> int:
        """Servers are dealt in blocks of ``BLOCK``; incidents stay within a block."""
        return self.index // BLOCK

    def description(self) -> Mapping[str, object]:
        """The body of its control record."""
        return {
            "name": self.server_id,
            "environment": self.environment,
            "region": self.region.name,
            "role": self.role.name,
            "labels": {"simulated": "true", "team": _TEAMS[self.role.name]},
        }


_TEAMS = {
    "api": "core", "web": "shop", "db": "data", "cache": "core", "queue": "data", "worker": "batch", "edge": "network",
}  # fmt: skip


def role_name(index: int) -> str:
    """The role of the server with this index."""
    return _NAMES[_PATTERN[index % BLOCK]]


def fleet(count: int, seed: int) -> tuple[Server, ...]:
    """``count`` servers with distinct ids."""
    numbers: Counter[str] = Counter()
    servers = []
    for index in range(count):
        region = REGIONS[key(seed, "region", index) % len(REGIONS)]
        environment = "staging" if index % 5 == 4 else "prod"
        prefix = f"{role_name(index)}-{region.short}" + ("-stg" if environment == "staging" else "")
        numbers[prefix] += 1
        servers.append(_server(seed, index, f"{prefix}-{numbers[prefix]:02}", environment, region))
    return tuple(servers)


def _server(seed: int, index: int, server_id: str, environment: str, region: Region) -> Server:
    role = ROLES[role_name(index)]
    size = key(seed, "size", index) % 2
    return Server(
        index=index,
        server_id=server_id,
        environment=environment,
        region=region,
        role=role,
        cores=role.cores[size],
        memory_bytes=role.memory_gib[size] * GIB,
        link_bits=10**9 if role.cores[size] < 8 else 10**10,
        file_systems=tuple(_file_system(seed, index, role, number) for number in range(len(role.volumes))),
    )


def _file_system(seed: int, index: int, role: Role, number: int) -> FileSystem:
    volume = role.volumes[number]
    name = volume.mountpoint
    return FileSystem(
        mountpoint=name,
        device=volume.device,
        kind=volume.kind,
        size_bytes=volume.size_gib[key(seed, "disk", index, name) % len(volume.size_gib)] * GIB,
        used=between(*volume.used, seed, "used", index, name),
        grows_by=between(*volume.grows_by, seed, "grows", index, name),
        cycle_days=between(4.0, 20.0, seed, "cycle", index, name),
    )
