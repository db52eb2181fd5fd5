"""What can be set for the processor."""

import socket
from dataclasses import dataclass, field

from pulsemon_schemas.runtime.settings import Secret

ENVIRONMENT_PREFIX = "PULSEMON_PROCESSOR_"

MAX_SERVER_ID_CHARACTERS = 253
SMALLEST_SESSION_SECONDS = 6.0
"""Brokers refuse a shorter session unless they are told otherwise."""


@dataclass(frozen=True, slots=True)
class ProcessorSettings:
    """One worker. Workers with the same ``application`` share the partitions.

    ``application`` names the group and begins the transactional ids, so it must begin with ``pulsemon-processor`` where
    ACLs are in force. ``topic_prefix`` stands before the name of every topic. ``tick_key`` is the secret that Ticks are
    signed with; sink and processor need the same. ``server_id`` is the host that the worker's own metrics are of.

    With ``tick_seconds`` or ``metrics_seconds`` 0 the worker writes no Ticks, or no metrics of its own: for a recorded
    log, which has its own Ticks. A partition's whole state is written every ``round_seconds``, ``slice_servers`` at a
    time. Fetched records wait in at most about ``buffer_bytes``. ``watchdog_seconds`` without progress, while there is
    something to read, end the process.
    """

    tick_key: Secret
    application: str = "pulsemon-processor"
    topic_prefix: str = ""
    server_id: str = field(default_factory=socket.gethostname)
    tick_seconds: float = 5.0
    round_seconds: float = 300.0
    slice_servers: int = 256
    take_records: int = 500
    buffer_bytes: int = 64 * 1024 * 1024
    take_seconds: float = 0.1
    session_seconds: float = 10.0
    watchdog_seconds: float = 30.0
    metrics_seconds: float = 10.0
    uses_fast_transport: bool = True

    def __post_init__(self) -> None:
        if not self.tick_key:
            raise ValueError("tick_key is needed: without it every Tick would go to the dead letter")
        if not self.application:
            raise ValueError("application must not be empty")
        if not 0 < len(self.server_id) <= MAX_SERVER_ID_CHARACTERS or self.server_id.startswith("_"):
            raise ValueError(
                f"server_id {self.server_id!r}: use 1 to {MAX_SERVER_ID_CHARACTERS} characters, no _ first"
            )
        if self.session_seconds < SMALLEST_SESSION_SECONDS:
            raise ValueError(f"session_seconds must be at least {SMALLEST_SESSION_SECONDS:g}")
        _check_positive(self)


def _check_positive(settings: ProcessorSettings) -> None:
    if min(settings.tick_seconds, settings.metrics_seconds) < 0:
        raise ValueError("tick_seconds and metrics_seconds must not be below 0")
    for name in (
        "round_seconds",
        "slice_servers",
        "take_records",
        "buffer_bytes",
        "take_seconds",
        "watchdog_seconds",
    ):
        if getattr(settings, name) <= 0:
            raise ValueError(f"{name} must be above 0")
