"""The servers as the pages know them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is registered, or known from its data alone (environment, region and role are then "").

    ``last_seen_ms`` is the newest time its host's data speak of, epoch milliseconds; None before the first.
    """

    server_id: str
    name: str
    environment: str
    region: str
    role: str
    labels: Mapping[str, str]
    last_seen_ms: int | None
    is_registered: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """The newest value of a choice: with several series the largest and its labels, or their sum and no labels."""

    value: float
    labels: str
    recorded_at_ms: int


def epoch_ms(at: datetime | None) -> int | None:
    """Epoch milliseconds, or None for the store's way to say never (its zero time)."""
    return int(at.timestamp() * 1000) if at is not None and at.timestamp() > 0 else None
