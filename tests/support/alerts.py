"""Alerts and states of servers as a processor writes them."""

from typing import Any

from pulsemon_schemas import codec
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import AlertEvent, ServerState
from support.sinks import AT_MS, Place


def transition(server: str = "web-1", alert: str = "a1", number: int = 0, **changes: Any) -> AlertEvent:
    """A critical alert about a disk; every transition is 10 s after the one before."""
    values: dict[str, Any] = {
        "event_id": f"{alert}-{number}",
        "alert_id": alert,
        "transition": number,
        "server_id": server,
        "rule_id": "fs_space",
        "rule_version": 7,
        "rule_author": "ann",
        "metric": "system.filesystem.utilization",
        "labels": "device=a,mountpoint=/",
        "previous_state": "",
        "state": "firing",
        "previous_level": "",
        "level": "critical",
        "reason": "at or above 0.95, held long enough",
        "actor": "",
        "started_at_ms": AT_MS,
        "occurred_at_ms": AT_MS + 10_000 * number,
        "late": False,
        "value": 0.97,
        "limit": 0.95,
        "calm_value": 0.9499999999999998,
        "window_function": "last",
        "window_seconds": 0.0,
        "sample_count": 1,
        "topic_id": "metrics-log",
        "partition": 0,
        "first_offset": 3,
        "last_offset": 4 + number,
        "control_offset": 12,
        "suppressed_by": ("silence/night",),
    }
    return AlertEvent(**{**values, **changes})


def state(server: str = "web-1", status: str = "critical", offset: int = 4, **changes: Any) -> ServerState:
    """A server with one critical alert."""
    values: dict[str, Any] = {
        "server_id": server,
        "status": status,
        "previous_status": "ok",
        "changed_at_ms": AT_MS,
        "last_seen_at_ms": AT_MS,
        "worst_level": "critical",
        "firing": {"critical": 1},
        "topic_id": "metrics-log",
        "partition": 0,
        "offset": offset,
        "control_offset": 12,
    }
    return ServerState(**{**values, **changes})


def send(place: Place, *records: AlertEvent | ServerState) -> None:
    """Each into its topic, and acknowledged."""
    for one in records:
        send_raw(place, one, one.server_id.encode(), codec.encode(one))
    place.flush()


def send_raw(place: Place, kind: AlertEvent | ServerState, key: bytes, value: bytes | None) -> None:
    """Any bytes into the topic of a kind of record."""
    topic = place.topic("alerts" if isinstance(kind, AlertEvent) else "server-state")
    place.producer.produce(topic, value, key, partition_for(key, place.partition_count))
