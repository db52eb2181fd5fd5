"""What can be set about simulated servers."""

from dataclasses import dataclass

ENVIRONMENT_PREFIX = "PULSEMON_SIMULATOR_"
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """How many servers, which ones, and how often each sends a batch.

    ``duration_seconds`` 0 is for ever; ``history_days`` is how far back the history goes that is written before.
    """

    servers: int = 50
    seed: int = 1
    interval_seconds: int = 10
    duration_seconds: float = 0.0
    history_days: int = 7

    def __post_init__(self) -> None:
        if self.servers < 1:
            raise ValueError("servers must be 1 or more")
        if not 1 <= self.interval_seconds <= 3600:
            raise ValueError("interval_seconds must be from 1 to 3600")
        if self.duration_seconds < 0:
            raise ValueError("duration_seconds must be 0 (for ever) or more")
        if not 0 <= self.history_days <= 13:
            raise ValueError("history_days must be from 0 to 13: raw samples are kept for 14 days")
