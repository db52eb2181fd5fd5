"""Alerts as the processor makes them, for tests of bridges."""

from typing import TYPE_CHECKING, Any

from pulsemon.alerts.alert import Alert, alert_of

if TYPE_CHECKING:
    from pulsemon_schemas.records import AlertEvent

START_MS = 1_780_000_000_000
HELD_MS = 300_000


def example_alert(**changes: Any) -> Alert:
    """A critical alert about a full disk that fires, with the changes to fields of ``pulsemon_schemas.AlertEvent``.

    Raises TypeError for a field that there is not.

    >>> example_alert(server_id="db-1", state="resolved").is_over
    True
    """
    return alert_of(_event(changes))


def example_alert_record(**changes: Any) -> bytes:
    """The same as the bytes of a record of ``pulsemon.alerts``.

    >>> example_alert_record()[:5].hex()
    '0000000003'
    """
    from pulsemon_schemas import codec

    return codec.encode(_event(changes))


def _event(changes: dict[str, Any]) -> "AlertEvent":
    from pulsemon_schemas.records import AlertEvent

    fields: dict[str, Any] = {
        "event_id": "a9f3-1",
        "alert_id": "a9f3",
        "transition": 1,
        "server_id": "web-1",
        "rule_id": "fs_space",
        "rule_version": 12,
        "rule_author": "ada",
        "metric": "system.filesystem.utilization",
        "labels": "device=sda1,mountpoint=/",
        "previous_state": "pending",
        "state": "firing",
        "previous_level": "warning",
        "level": "critical",
        "reason": "at or above 0.95, held for 5 min",
        "actor": "",
        "started_at_ms": START_MS - HELD_MS,
        "occurred_at_ms": START_MS,
        "late": False,
        "value": 0.97,
        "limit": 0.95,
        "calm_value": 0.9499999999999998,
        "window_function": "last",
        "window_seconds": 0.0,
        "sample_count": 1,
        "topic_id": "5b5cfbd0-0a94-4a0e-9d3c-0c1a3c2a6a11",
        "partition": 3,
        "first_offset": 1000,
        "last_offset": 1030,
        "control_offset": 41,
        "suppressed_by": (),
    }
    return AlertEvent(**{**fields, **changes})
