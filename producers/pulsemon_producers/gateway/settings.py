"""What can be set for the gateway."""

from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT_PREFIX = "PULSEMON_GATEWAY_"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """One gateway. Beyond loopback it needs a certificate, or a proxy before it that has one.

    A key may send ``samples_per_second`` on average, and ``burst_samples`` at once. A body has at most
    ``max_body_bytes``, packed and unpacked, all bodies in work together ``max_held_bytes``.
    """

    host: str = "127.0.0.1"
    port: int = 8480
    certificate_file: Path | None = None
    private_key_file: Path | None = None
    behind_proxy: bool = False
    samples_per_second: float = 50_000.0
    burst_samples: int = 1_000_000
    max_body_bytes: int = 5 * MIB
    max_held_bytes: int = 256 * MIB
    max_samples: int = 50_000

    def __post_init__(self) -> None:
        if not 0 < self.port < 65_536:
            raise ValueError("port is a number from 1 to 65535")
        if (self.certificate_file is None) != (self.private_key_file is None):
            raise ValueError("certificate_file and private_key_file belong together: set both")
        if self.host not in LOOPBACK and self.certificate_file is None and not self.behind_proxy:
            raise ValueError(
                f"host {self.host!r} is beyond this machine, so keys could be read on the way: set certificate_file "
                "and private_key_file, or behind_proxy if something before it speaks https"
            )
        if self.samples_per_second <= 0 or self.burst_samples < 1:
            raise ValueError("samples_per_second and burst_samples must be above 0")
        if self.max_body_bytes < 5 * MIB or self.max_held_bytes < 2 * self.max_body_bytes:
            raise ValueError("max_body_bytes must be at least 5 MiB, and max_held_bytes twice that")
        if self.max_samples < 1:
            raise ValueError("max_samples must be at least 1")

    @property
    def url(self) -> str:
        """Where it is reached on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.certificate_file else 'http'}://{host}:{self.port}"
