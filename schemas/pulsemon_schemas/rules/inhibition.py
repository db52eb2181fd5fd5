"""When an alert about an environment keeps those about the silence of its servers from paging."""

from dataclasses import dataclass

from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.rules.environments import environment_of

PENDING = "pending"
OPEN_STATES = (PENDING, "firing", "acknowledged", "flapping", "unknown")
"""An alert about an environment counts while it is pending too: its servers' own alerts may come before it fires."""


@dataclass(frozen=True, slots=True)
class Inhibitor:
    """An alert about an environment, and when it was there; ``ended_ms`` None: it is open."""

    alert_id: str
    started_ms: int
    ended_ms: int | None

    def holds_at(self, time_ms: int | None) -> bool:
        """Whether it was there then; None asks about now."""
        if time_ms is None:
            return self.ended_ms is None
        return self.started_ms <= time_ms and (self.ended_ms is None or time_ms <= self.ended_ms)


def is_silence(server_id: str, metric: str) -> bool:
    """Whether an alert is about one server that sends nothing: only those are inhibited."""
    return not metric and environment_of(server_id) is None


def inhibitor_of(newest: AlertEvent) -> Inhibitor | None:
    """What the newest transition of an environment's alert inhibits by; None if it ended and never fired."""
    if newest.state in OPEN_STATES:
        return Inhibitor(newest.alert_id, newest.started_at_ms, None)
    if newest.previous_state == PENDING:
        return None
    return Inhibitor(newest.alert_id, newest.started_at_ms, newest.occurred_at_ms)
