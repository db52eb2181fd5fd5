"""The servers as the pages know them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pulsemon_sinks.clickhouse.connection import Row

_SEEN = "SELECT server_id, last_seen_at FROM {database}.servers"


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


def joined(registered: Iterable[Row], seen: Iterable[Row]) -> tuple[Server, ...]:
    """The servers of rows (id, (name, environment, region, role, labels)) and of rows (id, last seen or 0), by name."""
    times = {server_id: at_ms or None for server_id, at_ms in seen}
    found = [
        Server(server_id, name or server_id, environment, region, role, dict(labels), times.pop(server_id, None), True)
        for server_id, (name, environment, region, role, labels) in registered
    ]
    found += [Server(server_id, server_id, "", "", "", {}, at_ms, False) for server_id, at_ms in times.items()]
    return tuple(sorted(found, key=lambda one: (one.name, one.server_id)))


def last_seen_ms(ask: Callable[[str, Mapping[str, Any]], list[Row]]) -> dict[str, int]:
    """The newest time that the data of each server's host speak of, by id; none for one never seen. Errors as Store."""
    found = {server_id: epoch_ms(at) for server_id, at in ask(_SEEN, {})}
    return {server_id: at_ms for server_id, at_ms in found.items() if at_ms is not None}


def epoch_ms(at: datetime | None) -> int | None:
    """Epoch milliseconds, or None for the store's way to say never (its zero time)."""
    return int(at.timestamp() * 1000) if at is not None and at.timestamp() > 0 else None
