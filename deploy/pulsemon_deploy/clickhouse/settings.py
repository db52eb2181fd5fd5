"""What the embedded engine is told when it starts."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from pulsemon_schemas.runtime.settings import Secret

ENVIRONMENT_PREFIX = "PULSEMON_ENGINE_"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """One folder of data, two ports on loopback, two logins. ``folder`` is made if it is missing.

    ``memory_bytes`` caps what the engine allocates for all queries, ``reader_memory_bytes`` one query of the reader;
    ``body_bytes`` caps the data of one insert, after decompression.
    """

    folder: Path
    writer_password: Secret
    reader_password: Secret
    writer_user: str = "writer"
    reader_user: str = "reader"
    host: str = "127.0.0.1"
    port: int = 9000
    http_port: int = 8123
    memory_bytes: int = 600_000_000
    reader_memory_bytes: int = 200_000_000
    mark_cache_bytes: int = 16 << 20
    body_bytes: int = 512 << 20
    connection_limit: int = 128
    drain_seconds: float = 20.0

    def __post_init__(self) -> None:
        if not is_loopback(self.host):
            raise ValueError(
                f"host {self.host!r} is not loopback: whoever reaches this port can query; use 127.0.0.1 or ::1"
            )
        if not self.writer_password or not self.reader_password:
            raise ValueError("both logins need a password")
        if self.writer_user == self.reader_user:
            raise ValueError("writer_user and reader_user must differ")


def is_loopback(host: str) -> bool:
    """True for an address of this machine that no other machine can reach. Names are not resolved."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
