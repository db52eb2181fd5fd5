"""What can be set for the agent."""

import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pulsemon_schemas import catalogue
from pulsemon_schemas.runtime.secret import NO_SECRET, Secret

from pulsemon_producers.http_settings import HttpSettings
from pulsemon_producers.selection import unknown_patterns

ENVIRONMENT_PREFIX = "PULSEMON_AGENT_"

MIN_INTERVAL_SECONDS = 1.0
MAX_INTERVAL_SECONDS = 300.0
MAX_SERVER_ID_CHARACTERS = 253
MAX_TOP_PROCESSES = 100
MS_PER_SECOND = 1000
MIN_SPOOL_BYTES = 1024 * 1024
SPOOL_FOLDER = "spool"


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """One agent. ``server_id`` is the name under which all of its samples are kept.

    ``interval_seconds`` is the time between two batches; metrics with a longer interval of their own keep it, rounded
    up to whole batches. ``state_dir`` keeps what the next start must know, and batches that wait; without it they wait
    in memory alone, at most ``buffer_samples``. The files in ``spool_dir`` (``spool`` of ``state_dir`` by default) take
    at most ``spool_bytes``; 0 keeps batches in memory. ``transport`` kafka needs PULSEMON_KAFKA_*; http needs the
    ``url`` of a gateway and a ``key``, and a ``ca_file`` (PEM) if the system's authorities do not know it.

    ``enable`` and ``disable`` have names of metrics, ``*`` for any part; ``disable`` wins. ``watch_processes`` has
    names of programs, or ``NAME=PATTERN`` with a pattern for the program's name or its command line; ``watch_units``
    systemd units. So many ``top_processes`` are named in each ranking of the biggest users, 0 for none.
    ``collectors`` are entry points of installed packages: none is looked at unless its name stands here.
    """

    server_id: str = field(default_factory=socket.gethostname)
    interval_seconds: float = 10.0
    state_dir: Path | None = None
    buffer_samples: int = 200_000
    spool_dir: Path | None = None
    spool_bytes: int = 128 * 1024 * 1024
    transport: Literal["kafka", "http"] = "kafka"
    url: str = ""
    key: Secret = NO_SECRET
    ca_file: Path | None = None
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    watch_processes: tuple[str, ...] = ()
    watch_units: tuple[str, ...] = ()
    top_processes: int = 10
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
        self._check_spool()
        if self.transport == "http":
            http_settings(self)
        elif self.url or self.key:
            raise ValueError("url and key are of no use without transport http")
        self._check_collection()

    def _check_collection(self) -> None:
        if unknown := unknown_patterns(catalogue.METRICS, (*self.enable, *self.disable)):
            raise ValueError(f"enable, disable: no metric is named {', '.join(unknown)}; see `pulsemon metric list`")
        if not 0 <= self.top_processes <= MAX_TOP_PROCESSES:
            raise ValueError(f"top_processes must be from 0 to {MAX_TOP_PROCESSES}")
        if nameless := [text for text in self.watch_processes if not text.partition("=")[0].strip()]:
            raise ValueError(f"watch_processes: write NAME=PATTERN, not {', '.join(nameless)}")

    def _check_spool(self) -> None:
        if self.spool_bytes and self.spool_bytes < MIN_SPOOL_BYTES:
            raise ValueError(f"spool_bytes must be 0 (no spool), or at least {MIN_SPOOL_BYTES}")
        if self.spool_dir is not None and self.state_dir is None:
            raise ValueError("spool_dir needs a state_dir, whose lock keeps a second agent away")

    @property
    def spool_folder(self) -> Path | None:
        """Where batches wait on the disk; None if they wait in memory alone."""
        return self.place_of_spool if self.spool_bytes else None

    @property
    def place_of_spool(self) -> Path | None:
        """Where a spool is, or was before it was switched off; None without a ``state_dir``."""
        if self.state_dir is None:
            return None
        return self.spool_dir or self.state_dir / SPOOL_FOLDER

    @property
    def interval_ms(self) -> int:
        """The interval in milliseconds."""
        return int(self.interval_seconds * MS_PER_SECOND)


def http_settings(settings: AgentSettings) -> HttpSettings:
    """The gateway that an agent with transport http sends to. Raises ValueError if something about it is wrong."""
    return HttpSettings(settings.url, settings.key, settings.ca_file)
