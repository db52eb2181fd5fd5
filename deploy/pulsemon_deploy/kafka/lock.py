"""The committed lock: which jars make the broker, with their sizes and SHA-256 sums."""

from dataclasses import dataclass
from pathlib import Path

LOCK_FILE = Path(__file__).with_name("jars.lock")
KAFKA_VERSION = "4.3.1"
# What ``make up`` announces before it downloads; a test holds it equal to the sum of the lock.
DOWNLOAD_BYTES = 45_035_715


@dataclass(frozen=True, slots=True)
class LockedJar:
    """One jar: Maven coordinates, size and the SHA-256 sum (hex) that it must have."""

    group: str
    artifact: str
    version: str
    size_bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """The file name, as Maven repositories and the cache spell it."""
        return f"{self.artifact}-{self.version}.jar"


def read_lock(path: Path = LOCK_FILE) -> tuple[LockedJar, ...]:
    """The jars of the lock file, sorted by file name: the order of the class path."""
    return tuple(sorted(map(_parse, path.read_text().splitlines()), key=lambda jar: jar.name))


def write_line(jar: LockedJar) -> str:
    """The line of the lock file for one jar: sum, size in bytes, group:artifact:version."""
    return f"{jar.sha256}  {jar.size_bytes:>8}  {jar.group}:{jar.artifact}:{jar.version}"


def _parse(line: str) -> LockedJar:
    sha256, size, coordinates = line.split()
    group, artifact, version = coordinates.split(":")
    return LockedJar(group, artifact, version, int(size), sha256)
