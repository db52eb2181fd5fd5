"""How servers are and which alerts there are, as the processor wrote it last. One thread writes, another reads."""

import threading
from collections.abc import Mapping
from types import MappingProxyType

from pulsemon_schemas.records import AlertEvent, Record, ServerState
from pulsemon_schemas.rules.inhibition import OPEN_STATES

MAX_ALERTS = 100_000


class ServerStates:
    """The newest state of each server."""

    def __init__(self) -> None:
        self._states: dict[str, ServerState] = {}

    def keep(self, key: str, record: Record) -> None:
        """As ``Newest.keep``."""
        if isinstance(record, ServerState):
            self._states[key] = record

    def drop(self, key: str) -> None:
        """As ``Newest.drop``."""
        self._states.pop(key, None)

    def of(self, server_id: str) -> ServerState | None:
        """The state of a server; None if the processor never spoke of it."""
        return self._states.get(server_id)


class Alerts:
    """The newest transition of each alert, those that ended lately included. Of more than there is room for, the ended
    ones that were there longest leave first.
    """

    def __init__(self, max_alerts: int = MAX_ALERTS) -> None:
        self._max_alerts = max_alerts
        self._alerts: dict[str, AlertEvent] = {}
        self._lock = threading.Lock()
        self._revision = 0
        self._sorted: tuple[int, dict[str, AlertEvent]] = (-1, {})

    def keep(self, key: str, record: Record) -> None:
        """As ``Newest.keep``."""
        if not isinstance(record, AlertEvent):
            return
        with self._lock:
            self._alerts.pop(key, None)
            self._alerts[key] = record
            self._revision += 1
            if len(self._alerts) > self._max_alerts:
                ended = (one for one, alert in self._alerts.items() if not is_open(alert))
                del self._alerts[next(ended, next(iter(self._alerts)))]

    def drop(self, key: str) -> None:
        """As ``Newest.drop``."""
        with self._lock:
            self._alerts.pop(key, None)
            self._revision += 1

    def of(self, alert_id: str) -> AlertEvent | None:
        """The newest transition of an alert; None if it is not there, or ended more than seven days ago."""
        return self._alerts.get(alert_id)

    def by_place(self) -> Mapping[str, AlertEvent]:
        """All of them by a text that sorts the newest first; sorted so."""
        with self._lock:
            revision, alerts = self._revision, list(self._alerts.values())
        if self._sorted[0] != revision:
            self._sorted = revision, dict(sorted((_place(one), one) for one in alerts))
        return MappingProxyType(self._sorted[1])


def is_open(alert: AlertEvent) -> bool:
    """Whether it has not ended."""
    return alert.state in OPEN_STATES


_LAST_MS = 10**15


def _place(alert: AlertEvent) -> str:
    return f"{_LAST_MS - alert.started_at_ms:016d}/{alert.alert_id}"
