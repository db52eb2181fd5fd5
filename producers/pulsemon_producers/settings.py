"""What can be set for the agent."""

import socket
from dataclasses import dataclass, field
from pathlib import Path

ENVIRONMENT_PREFIX = "PULSEMON_AGENT_"

MIN_INTERVAL_SECONDS = 1.0
MAX_INTERVAL_SECONDS = 300.0
MAX_SERVER_ID_CHARACTERS = 253
MS_PER_SECOND = 1000


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """One agent. ``server_id`` is the name under which all of its samples are kept.

    ``interval_seconds`` is the time between two batches; metrics with a longer interval of their own keep it, rounded
    up to whole batches. ``state_dir`` keeps what the next start must know (a few hundred bytes); without it the loss of
    the last batches before a crash cannot be proved. ``buffer_samples`` wait in memory while the broker is away.
    ``collectors`` are entry points of installed packages: none is looked at unless its name stands here.
    """

    server_id: str = field(default_factory=socket.gethostname)
    interval_seconds: float = 10.0
    state_dir: Path | None = None
    buffer_samples: int = 200_000
    collectors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < len(self.server_id) <= MAX_SERVER_ID_CHARACTERS or self.server_id.startswith("_"):
            raise ValueError(
                f"server_id {self.server_id!r}: use 1 to {MAX_SERVER_ID_CHARACTERS} characters, no _ first"
            )
        if not MIN_INTERVAL_SECONDS <= self.interval_seconds <= MAX_INTERVAL_SECONDS:
            raise ValueError(f"interval_seconds must be from {MIN_INTERVAL_SECONDS:g} to {MAX_INTERVAL_SECONDS:g}")
        if self.interval_seconds * MS_PER_SECOND % 1:
            raise ValueError("interval_seconds must be whole milliseconds")
        if self.buffer_samples < 1:
            raise ValueError("buffer_samples must be at least 1")
        if len(set(self.collectors)) < len(self.collectors):
            raise ValueError("collectors has a name twice")

    @property
    def interval_ms(self) -> int:
        """The interval in milliseconds."""
        return int(self.interval_seconds * MS_PER_SECOND)
